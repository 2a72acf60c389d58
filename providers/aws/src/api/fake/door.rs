//! The calls, by AWS's names.

use std::collections::BTreeSet;

use super::super::{
    Answer, Api, Arn, Attributes, Filter, HealthCheck, IpAddressType, Listener, ListenerSpec,
    LoadBalancer, NewLoadBalancer, NewTargetGroup, Page, PublicSubnets, Rule, SecurityGroup,
    Subnet, SubnetMapping, Tags, Target, TargetGroup, TargetHealth, Which,
};
use super::Cloud;

impl Api for Cloud {
    async fn load_balancers(&self, which: Which) -> Answer<Page<LoadBalancer>> {
        self.read("DescribeLoadBalancers", |it| it.describe_balancers(&which)).await
    }

    async fn target_groups(&self, which: Which) -> Answer<Page<TargetGroup>> {
        self.read("DescribeTargetGroups", |it| it.describe_groups(&which)).await
    }

    async fn listeners(&self, balancer: &Arn) -> Answer<Vec<Listener>> {
        self.read("DescribeListeners", |it| it.describe_listeners(balancer)).await
    }

    async fn tags(&self, arns: &[Arn]) -> Answer<Vec<Tags>> {
        self.read("DescribeTags", |it| it.describe_tags(arns)).await
    }

    async fn balancer_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        let action = "DescribeLoadBalancerAttributes";
        self.read(action, |it| Ok(it.balancer(arn)?.attributes.clone())).await
    }

    async fn group_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        let action = "DescribeTargetGroupAttributes";
        self.read(action, |it| Ok(it.group(arn)?.attributes.clone())).await
    }

    async fn target_health(&self, group: &Arn) -> Answer<Vec<TargetHealth>> {
        self.read("DescribeTargetHealth", |it| it.describe_targets(group)).await
    }

    async fn create_load_balancer(&self, new: &NewLoadBalancer) -> Answer<LoadBalancer> {
        self.write("CreateLoadBalancer", |it| it.create_balancer(new)).await
    }

    async fn set_balancer_attributes(&self, arn: &Arn, attributes: &Attributes) -> Answer<()> {
        let action = "ModifyLoadBalancerAttributes";
        self.write(action, |it| it.set_balancer_attributes(arn, attributes)).await
    }

    async fn set_security_groups(&self, arn: &Arn, groups: &BTreeSet<String>) -> Answer<()> {
        self.write("SetSecurityGroups", |it| it.set_security_groups(arn, groups)).await
    }

    async fn set_subnets(
        &self,
        arn: &Arn,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> Answer<()> {
        self.write("SetSubnets", |it| it.set_subnets(arn, subnets, kind)).await
    }

    async fn set_ip_address_type(&self, arn: &Arn, kind: IpAddressType) -> Answer<()> {
        self.write("SetIpAddressType", |it| it.set_ip_address_type(arn, kind)).await
    }

    async fn delete_load_balancer(&self, arn: &Arn) -> Answer<()> {
        self.write("DeleteLoadBalancer", |it| it.delete_balancer(arn)).await
    }

    async fn create_target_group(&self, new: &NewTargetGroup) -> Answer<TargetGroup> {
        self.write("CreateTargetGroup", |it| it.create_group(new)).await
    }

    async fn set_health_check(&self, group: &Arn, check: &HealthCheck) -> Answer<()> {
        self.write("ModifyTargetGroup", |it| it.set_health_check(group, check)).await
    }

    async fn set_group_attributes(&self, group: &Arn, attributes: &Attributes) -> Answer<()> {
        let action = "ModifyTargetGroupAttributes";
        self.write(action, |it| it.set_group_attributes(group, attributes)).await
    }

    async fn register(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        self.write("RegisterTargets", |it| it.register_targets(group, targets)).await
    }

    async fn deregister(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        self.write("DeregisterTargets", |it| it.deregister_targets(group, targets)).await
    }

    async fn delete_target_group(&self, group: &Arn) -> Answer<()> {
        self.write("DeleteTargetGroup", |it| it.delete_group(group)).await
    }

    async fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: &ListenerSpec,
        tags: &Tags,
    ) -> Answer<Listener> {
        self.write("CreateListener", |it| it.create_listener(balancer, port, spec, tags)).await
    }

    async fn modify_listener(&self, listener: &Arn, spec: &ListenerSpec) -> Answer<()> {
        self.write("ModifyListener", |it| it.modify_listener(listener, spec)).await
    }

    async fn delete_listener(&self, listener: &Arn) -> Answer<()> {
        self.write("DeleteListener", |it| it.delete_listener(listener)).await
    }

    async fn add_tags(&self, arn: &Arn, tags: &Tags) -> Answer<()> {
        self.write("AddTags", |it| it.add_tags(arn, tags)).await
    }

    async fn remove_tags(&self, arn: &Arn, keys: &BTreeSet<String>) -> Answer<()> {
        self.write("RemoveTags", |it| it.remove_tags(arn, keys)).await
    }

    async fn subnets(&self, filter: &Filter) -> Answer<Page<Subnet>> {
        self.read("DescribeSubnets", |it| it.describe_subnets(filter)).await
    }

    async fn public_subnets(&self, vpc: &str) -> Answer<PublicSubnets> {
        self.read("DescribeRouteTables", |it| Ok(it.describe_routes(vpc))).await
    }

    async fn security_groups(&self, filter: &Filter) -> Answer<Page<SecurityGroup>> {
        self.read("DescribeSecurityGroups", |it| it.describe_security_groups(filter)).await
    }

    async fn create_security_group(
        &self,
        name: &str,
        description: &str,
        vpc: &str,
        tags: &Tags,
    ) -> Answer<String> {
        let action = "CreateSecurityGroup";
        self.write(action, |it| it.create_security_group(name, description, vpc, tags)).await
    }

    async fn authorize(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.write("AuthorizeSecurityGroupIngress", |it| it.authorize(group, rules)).await
    }

    async fn revoke(&self, group: &str, rules: &BTreeSet<Rule>) -> Answer<()> {
        self.write("RevokeSecurityGroupIngress", |it| it.revoke(group, rules)).await
    }

    async fn delete_security_group(&self, group: &str) -> Answer<()> {
        self.write("DeleteSecurityGroup", |it| it.delete_security_group(group)).await
    }
}
