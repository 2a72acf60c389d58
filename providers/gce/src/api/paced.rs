use seaway_core::Pace;
use seaway_pace::{Buckets, Failure};

use super::{
    Address, Answer, BackendService, Compute, Fault, Firewall, ForwardingRule, HealthCheck,
    Instance, InstanceGroup, Name, Subnet, Thing,
};
use crate::error::is_throttling;
use crate::limits::{LIST, RATES, READ, WRITE};

/// A door that is used no faster than Google bears. A read waits here for its turn; a write has
/// waited before it comes here, for the fence is checked after the wait. Both slow down when Google
/// says so.
#[derive(Debug)]
pub struct Paced<A> {
    inner: A,
    buckets: Buckets,
}

impl<A: Compute> Paced<A> {
    /// `inner`, at this share of Google's published rates.
    pub fn new(inner: A, share: f64) -> Self {
        Self { inner, buckets: Buckets::at_share(RATES, share) }
    }
}

impl Failure for Fault {
    fn is_too_many(&self) -> Option<bool> {
        match self {
            Self::Refused { .. } => Some(is_throttling(self)),
            Self::NoAnswer(_) | Self::NotSent(_) => None,
        }
    }

    fn not_made(why: &str) -> Self {
        Self::NotSent(why.to_owned())
    }
}

impl<A: Compute> Compute for Paced<A> {
    fn pace(&self) -> Option<&dyn Pace> {
        Some(&self.buckets)
    }

    async fn addresses(&self) -> Answer<Vec<Address>> {
        self.buckets.read(LIST, self.inner.addresses()).await
    }

    async fn forwarding_rules(&self, prefix: &str) -> Answer<Vec<ForwardingRule>> {
        self.buckets.read(LIST, self.inner.forwarding_rules(prefix)).await
    }

    async fn backend_services(&self, prefix: &str) -> Answer<Vec<BackendService>> {
        self.buckets.read(LIST, self.inner.backend_services(prefix)).await
    }

    async fn health_checks(&self, prefix: &str) -> Answer<Vec<HealthCheck>> {
        self.buckets.read(LIST, self.inner.health_checks(prefix)).await
    }

    async fn firewalls(&self, prefix: &str) -> Answer<Vec<Firewall>> {
        self.buckets.read(LIST, self.inner.firewalls(prefix)).await
    }

    async fn instance_groups(&self, prefix: &str) -> Answer<Vec<InstanceGroup>> {
        self.buckets.read(LIST, self.inner.instance_groups(prefix)).await
    }

    async fn members(&self, group: &Name) -> Answer<Vec<Instance>> {
        self.buckets.read(LIST, self.inner.members(group)).await
    }

    async fn health(&self, backend_service: &str, group: &Name) -> Answer<Vec<(Instance, bool)>> {
        self.buckets.read(READ, self.inner.health(backend_service, group)).await
    }

    async fn subnets(&self) -> Answer<Vec<Subnet>> {
        self.buckets.read(LIST, self.inner.subnets()).await
    }

    async fn insert(&self, thing: &Thing) -> Answer<()> {
        self.buckets.hear(WRITE, self.inner.insert(thing)).await
    }

    async fn update(&self, thing: &Thing) -> Answer<()> {
        self.buckets.hear(WRITE, self.inner.update(thing)).await
    }

    async fn delete(&self, name: &Name) -> Answer<()> {
        self.buckets.hear(WRITE, self.inner.delete(name)).await
    }

    async fn read(&self, name: &Name) -> Answer<Option<Thing>> {
        self.buckets.read(READ, self.inner.read(name)).await
    }

    async fn add_members(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        self.buckets.hear(WRITE, self.inner.add_members(group, instances)).await
    }

    async fn remove_members(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        self.buckets.hear(WRITE, self.inner.remove_members(group, instances)).await
    }
}
