use seaway_core::{Lane, Pace, Urgency};
use seaway_pace::{Buckets, Rate};

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
        let rate = |burst, per_second| Rate { burst, per_second }.share(share);
        let lanes = RATES.map(|(lane, burst, per_second)| (lane, rate(burst, per_second)));
        Self { inner, buckets: Buckets::new(lanes) }
    }

    async fn ask<T>(
        &self,
        lane: Lane,
        asking: impl Future<Output = Answer<T>> + Send,
    ) -> Answer<T> {
        let turn = self.buckets.turn(lane, Urgency::Create).await;
        let _turn = turn.map_err(|error| Fault::NotSent(error.message().to_owned()))?;
        self.hear(lane, asking).await
    }

    /// Tells the bucket how Google took a call.
    async fn hear<T>(
        &self,
        lane: Lane,
        calling: impl Future<Output = Answer<T>> + Send,
    ) -> Answer<T> {
        let answer = calling.await;
        match &answer {
            Err(fault) if is_throttling(fault) => self.buckets.throttled(lane, None),
            Ok(_) | Err(Fault::Refused { .. }) => self.buckets.answered(lane),
            // Nobody knows.
            Err(Fault::NoAnswer(_) | Fault::NotSent(_)) => {}
        }
        answer
    }
}

impl<A: Compute> Compute for Paced<A> {
    fn pace(&self) -> Option<&dyn Pace> {
        Some(&self.buckets)
    }

    async fn addresses(&self) -> Answer<Vec<Address>> {
        self.ask(LIST, self.inner.addresses()).await
    }

    async fn forwarding_rules(&self, prefix: &str) -> Answer<Vec<ForwardingRule>> {
        self.ask(LIST, self.inner.forwarding_rules(prefix)).await
    }

    async fn backend_services(&self, prefix: &str) -> Answer<Vec<BackendService>> {
        self.ask(LIST, self.inner.backend_services(prefix)).await
    }

    async fn health_checks(&self, prefix: &str) -> Answer<Vec<HealthCheck>> {
        self.ask(LIST, self.inner.health_checks(prefix)).await
    }

    async fn firewalls(&self, prefix: &str) -> Answer<Vec<Firewall>> {
        self.ask(LIST, self.inner.firewalls(prefix)).await
    }

    async fn instance_groups(&self, prefix: &str) -> Answer<Vec<InstanceGroup>> {
        self.ask(LIST, self.inner.instance_groups(prefix)).await
    }

    async fn members(&self, group: &Name) -> Answer<Vec<Instance>> {
        self.ask(LIST, self.inner.members(group)).await
    }

    async fn health(&self, backend_service: &str, group: &Name) -> Answer<Vec<(Instance, bool)>> {
        self.ask(READ, self.inner.health(backend_service, group)).await
    }

    async fn subnets(&self) -> Answer<Vec<Subnet>> {
        self.ask(LIST, self.inner.subnets()).await
    }

    async fn insert(&self, thing: &Thing) -> Answer<()> {
        self.hear(WRITE, self.inner.insert(thing)).await
    }

    async fn update(&self, thing: &Thing) -> Answer<()> {
        self.hear(WRITE, self.inner.update(thing)).await
    }

    async fn delete(&self, name: &Name) -> Answer<()> {
        self.hear(WRITE, self.inner.delete(name)).await
    }

    async fn read(&self, name: &Name) -> Answer<Option<Thing>> {
        self.ask(READ, self.inner.read(name)).await
    }

    async fn add_members(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        self.hear(WRITE, self.inner.add_members(group, instances)).await
    }

    async fn remove_members(&self, group: &Name, instances: &[Instance]) -> Answer<()> {
        self.hear(WRITE, self.inner.remove_members(group, instances)).await
    }
}
