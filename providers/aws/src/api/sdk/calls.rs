use std::collections::BTreeSet;

use super::Aws;
use crate::api::{
    Answer, Api, Arn, Attributes, Filter, HealthCheck, IpAddressType, Listener, ListenerSpec,
    LoadBalancer, NewLoadBalancer, NewTargetGroup, Page, PublicSubnets, Rule, SecurityGroup,
    Subnet, SubnetMapping, Tags, Target, TargetGroup, TargetHealth, Which,
};

impl Api for Aws {
    async fn load_balancers(&self, which: Which) -> Answer<Page<LoadBalancer>> {
        self.elb.load_balancers(which).await
    }

    async fn target_groups(&self, which: Which) -> Answer<Page<TargetGroup>> {
        self.elb.target_groups(which).await
    }

    async fn listeners(&self, balancer: &Arn) -> Answer<Vec<Listener>> {
        self.elb.listeners(balancer).await
    }

    async fn tags(&self, arns: &[Arn]) -> Answer<Vec<Tags>> {
        self.elb.tags(arns).await
    }

    async fn balancer_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        self.elb.balancer_attributes(arn).await
    }

    async fn group_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        self.elb.group_attributes(arn).await
    }

    async fn target_health(&self, group: &Arn) -> Answer<Vec<TargetHealth>> {
        self.elb.target_health(group).await
    }

    async fn create_load_balancer(&self, new: &NewLoadBalancer) -> Answer<LoadBalancer> {
        self.elb.create_load_balancer(new).await
    }

    async fn set_balancer_attributes(&self, arn: &Arn, attributes: &Attributes) -> Answer<()> {
        self.elb.set_balancer_attributes(arn, attributes).await
    }

    async fn set_security_groups(&self, arn: &Arn, groups: &BTreeSet<String>) -> Answer<()> {
        self.elb.set_security_groups(arn, groups).await
    }

    async fn set_subnets(
        &self,
        arn: &Arn,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> Answer<()> {
        self.elb.set_subnets(arn, subnets, kind).await
    }

    async fn set_ip_address_type(&self, arn: &Arn, kind: IpAddressType) -> Answer<()> {
        self.elb.set_ip_address_type(arn, kind).await
    }

    async fn delete_load_balancer(&self, arn: &Arn) -> Answer<()> {
        self.elb.delete_load_balancer(arn).await
    }

    async fn create_target_group(&self, new: &NewTargetGroup) -> Answer<TargetGroup> {
        self.elb.create_target_group(new).await
    }

    async fn set_health_check(&self, group: &Arn, check: &HealthCheck) -> Answer<()> {
        self.elb.set_health_check(group, check).await
    }

    async fn set_group_attributes(&self, group: &Arn, attributes: &Attributes) -> Answer<()> {
        self.elb.set_group_attributes(group, attributes).await
    }

    async fn register(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        self.elb.register(group, targets).await
    }

    async fn deregister(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        self.elb.deregister(group, targets).await
    }

    async fn delete_target_group(&self, group: &Arn) -> Answer<()> {
        self.elb.delete_target_group(group).await
    }

    async fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: &ListenerSpec,
        tags: &Tags,
    ) -> Answer<Listener> {
        self.elb.create_listener(balancer, port, spec, tags).await
    }

    async fn modify_listener(&self, listener: &Arn, spec: &ListenerSpec) -> Answer<()> {
        self.elb.modify_listener(listener, spec).await
    }

    async fn delete_listener(&self, listener: &Arn) -> Answer<()> {
        self.elb.delete_listener(listener).await
    }

    async fn add_tags(&self, arn: &Arn, tags: &Tags) -> Answer<()> {
        self.elb.add_tags(arn, tags).await
    }

    async fn remove_tags(&self, arn: &Arn, keys: &BTreeSet<String>) -> Answer<()> {
        self.elb.remove_tags(arn, keys).await
    }

    async fn subnets(&self, filter: &Filter) -> Answer<Page<Subnet>> {
        self.ec2.subnets(filter).await
    }

    async fn public_subnets(&self, vpc: &str) -> Answer<PublicSubnets> {
        self.ec2.public_subnets(vpc).await
    }

    async fn security_groups(&self, filter: &Filter) -> Answer<Page<SecurityGroup>> {
        self.ec2.security_groups(filter).await
    }

    async fn create_security_group(
        &self,
        name: &str,
        description: &str,
        vpc: &str,
        tags: &Tags,
    ) -> Answer<String> {
        self.ec2.create_security_group(name, description, vpc, tags).await
    }

    async fn authorize(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.ec2.authorize(group, rules).await
    }

    async fn revoke(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.ec2.revoke(group, rules).await
    }

    async fn delete_security_group(&self, group: &str) -> Answer<()> {
        self.ec2.delete_security_group(group).await
    }
}
