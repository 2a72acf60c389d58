use std::collections::BTreeSet;

use seaway_core::Pace;
use seaway_pace::{Buckets, Failure};

use super::{
    Answer, Api, Arn, Attributes, Fault, Filter, HealthCheck, IpAddressType, Listener,
    ListenerSpec, LoadBalancer, NewLoadBalancer, NewTargetGroup, Page, PublicSubnets, Rule,
    SecurityGroup, Subnet, SubnetMapping, Tags, Target, TargetGroup, TargetHealth, Which,
};
use crate::error::is_throttling;
use crate::limits::{CREATE, DESCRIBE, EC2, EC2_DESCRIBE, RATES, REGISTER};

/// A door that is used no faster than AWS bears. A read waits here for its turn; a write has waited
/// before it comes here, for the fence is checked after the wait. Both slow down when AWS says so.
#[derive(Debug)]
pub struct Paced<A> {
    inner: A,
    buckets: Buckets,
}

impl<A: Api> Paced<A> {
    /// `inner`, at this share of AWS's published rates.
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

impl<A: Api> Api for Paced<A> {
    fn pace(&self) -> Option<&dyn Pace> {
        Some(&self.buckets)
    }

    async fn load_balancers(&self, which: Which) -> Answer<Page<LoadBalancer>> {
        self.buckets.read(DESCRIBE, self.inner.load_balancers(which)).await
    }

    async fn target_groups(&self, which: Which) -> Answer<Page<TargetGroup>> {
        self.buckets.read(DESCRIBE, self.inner.target_groups(which)).await
    }

    async fn listeners(&self, balancer: &Arn) -> Answer<Vec<Listener>> {
        self.buckets.read(DESCRIBE, self.inner.listeners(balancer)).await
    }

    async fn tags(&self, arns: &[Arn]) -> Answer<Vec<Tags>> {
        self.buckets.read(DESCRIBE, self.inner.tags(arns)).await
    }

    async fn balancer_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        self.buckets.read(DESCRIBE, self.inner.balancer_attributes(arn)).await
    }

    async fn group_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        self.buckets.read(DESCRIBE, self.inner.group_attributes(arn)).await
    }

    async fn target_health(&self, group: &Arn) -> Answer<Vec<TargetHealth>> {
        self.buckets.read(DESCRIBE, self.inner.target_health(group)).await
    }

    async fn create_load_balancer(&self, new: &NewLoadBalancer) -> Answer<LoadBalancer> {
        self.buckets.hear(CREATE, self.inner.create_load_balancer(new)).await
    }

    async fn set_balancer_attributes(&self, arn: &Arn, attributes: &Attributes) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.set_balancer_attributes(arn, attributes)).await
    }

    async fn set_security_groups(&self, arn: &Arn, groups: &BTreeSet<String>) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.set_security_groups(arn, groups)).await
    }

    async fn set_subnets(
        &self,
        arn: &Arn,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.set_subnets(arn, subnets, kind)).await
    }

    async fn set_ip_address_type(&self, arn: &Arn, kind: IpAddressType) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.set_ip_address_type(arn, kind)).await
    }

    async fn delete_load_balancer(&self, arn: &Arn) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.delete_load_balancer(arn)).await
    }

    async fn create_target_group(&self, new: &NewTargetGroup) -> Answer<TargetGroup> {
        self.buckets.hear(CREATE, self.inner.create_target_group(new)).await
    }

    async fn set_health_check(&self, group: &Arn, check: &HealthCheck) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.set_health_check(group, check)).await
    }

    async fn set_group_attributes(&self, group: &Arn, attributes: &Attributes) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.set_group_attributes(group, attributes)).await
    }

    async fn register(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        self.buckets.hear(REGISTER, self.inner.register(group, targets)).await
    }

    async fn deregister(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        self.buckets.hear(REGISTER, self.inner.deregister(group, targets)).await
    }

    async fn delete_target_group(&self, group: &Arn) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.delete_target_group(group)).await
    }

    async fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: &ListenerSpec,
        tags: &Tags,
    ) -> Answer<Listener> {
        self.buckets.hear(CREATE, self.inner.create_listener(balancer, port, spec, tags)).await
    }

    async fn modify_listener(&self, listener: &Arn, spec: &ListenerSpec) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.modify_listener(listener, spec)).await
    }

    async fn delete_listener(&self, listener: &Arn) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.delete_listener(listener)).await
    }

    async fn add_tags(&self, arn: &Arn, tags: &Tags) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.add_tags(arn, tags)).await
    }

    async fn remove_tags(&self, arn: &Arn, keys: &BTreeSet<String>) -> Answer<()> {
        self.buckets.hear(CREATE, self.inner.remove_tags(arn, keys)).await
    }

    async fn subnets(&self, filter: &Filter) -> Answer<Page<Subnet>> {
        self.buckets.read(EC2_DESCRIBE, self.inner.subnets(filter)).await
    }

    async fn public_subnets(&self, vpc: &str) -> Answer<PublicSubnets> {
        self.buckets.read(EC2_DESCRIBE, self.inner.public_subnets(vpc)).await
    }

    async fn security_groups(&self, filter: &Filter) -> Answer<Page<SecurityGroup>> {
        self.buckets.read(EC2_DESCRIBE, self.inner.security_groups(filter)).await
    }

    async fn create_security_group(
        &self,
        name: &str,
        description: &str,
        vpc: &str,
        tags: &Tags,
    ) -> Answer<String> {
        let creating = self.inner.create_security_group(name, description, vpc, tags);
        self.buckets.hear(EC2, creating).await
    }

    async fn authorize(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.buckets.hear(EC2, self.inner.authorize(group, rules)).await
    }

    async fn revoke(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.buckets.hear(EC2, self.inner.revoke(group, rules)).await
    }

    async fn delete_security_group(&self, group: &str) -> Answer<()> {
        self.buckets.hear(EC2, self.inner.delete_security_group(group)).await
    }
}
