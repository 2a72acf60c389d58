//! The door to AWS: one method, one call, in the vendor's own words. Pages are calls of their own,
//! so that whoever counts or paces them sees each.

pub mod fake;
mod fault;
mod model;
mod paced;
#[cfg(feature = "sdk")]
pub mod sdk;

use std::collections::BTreeSet;
use std::fmt;

use seaway_core::Pace;

pub use self::fault::Fault;
pub use self::model::{
    Arn, Attributes, Certificate, HealthCheck, HealthProtocol, Ingress, IpAddressType, Listener,
    ListenerSpec, LoadBalancer, NewLoadBalancer, NewTargetGroup, Page, PortRange, Rule, Scheme,
    SecurityGroup, Source, State, Subnet, SubnetMapping, Tags, Target, TargetGroup, TargetHealth,
    TargetState, Transport,
};
pub use self::paced::Paced;

/// The answer to a call.
pub type Answer<T> = Result<T, Fault>;

/// Which load balancers to describe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of the region, from this marker on.
    All(Option<String>),
    /// These, 20 at most. One that does not exist fails the call.
    Arns(Vec<Arn>),
    /// The one of this name.
    Name(String),
}

/// Which subnets or security groups to describe. All filters must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this VPC.
    pub vpc: Option<String>,
    /// With these ids.
    pub ids: Vec<String>,
    /// With this tag, and one of these values; any value if there are none.
    pub tag: Option<(String, Vec<String>)>,
    /// From this marker on.
    pub marker: Option<String>,
}

/// What Seaway asks of Elastic Load Balancing (version 2015-12-01) and EC2 (2016-11-15).
pub trait Api: fmt::Debug + Send + Sync + 'static {
    /// How fast it may be written to, if it bears only so much.
    fn pace(&self) -> Option<&dyn Pace> {
        None
    }

    /// `DescribeLoadBalancers`, network load balancers only; pages of 400.
    fn load_balancers(
        &self,
        which: Which,
    ) -> impl Future<Output = Answer<Page<LoadBalancer>>> + Send;

    /// `DescribeTargetGroups` of the region, or the one of a name; pages of 400.
    fn target_groups(&self, which: Which)
    -> impl Future<Output = Answer<Page<TargetGroup>>> + Send;

    /// `DescribeListeners` of a load balancer: a page holds them all (50).
    fn listeners(&self, balancer: &Arn) -> impl Future<Output = Answer<Vec<Listener>>> + Send;

    /// `DescribeTags` of load balancers or target groups, 20 at most, in the same order.
    fn tags(&self, arns: &[Arn]) -> impl Future<Output = Answer<Vec<Tags>>> + Send;

    /// `DescribeLoadBalancerAttributes`.
    fn balancer_attributes(&self, arn: &Arn) -> impl Future<Output = Answer<Attributes>> + Send;

    /// `DescribeTargetGroupAttributes`.
    fn group_attributes(&self, arn: &Arn) -> impl Future<Output = Answer<Attributes>> + Send;

    /// `DescribeTargetHealth`: every target of the group, those that drain included.
    fn target_health(&self, group: &Arn) -> impl Future<Output = Answer<Vec<TargetHealth>>> + Send;

    /// `CreateLoadBalancer`. Again with the same name and settings: the one that exists.
    fn create_load_balancer(
        &self,
        new: &NewLoadBalancer,
    ) -> impl Future<Output = Answer<LoadBalancer>> + Send;

    /// `ModifyLoadBalancerAttributes`.
    fn set_balancer_attributes(
        &self,
        arn: &Arn,
        attributes: &Attributes,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `SetSecurityGroups`.
    fn set_security_groups(
        &self,
        arn: &Arn,
        groups: &BTreeSet<String>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `SetSubnets`, which sets the address type as well.
    fn set_subnets(
        &self,
        arn: &Arn,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `SetIpAddressType`.
    fn set_ip_address_type(
        &self,
        arn: &Arn,
        kind: IpAddressType,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `DeleteLoadBalancer`, with its listeners. One that is gone is a success.
    fn delete_load_balancer(&self, arn: &Arn) -> impl Future<Output = Answer<()>> + Send;

    /// `CreateTargetGroup`, of instances. Again with the same name and settings: the one that exists.
    fn create_target_group(
        &self,
        new: &NewTargetGroup,
    ) -> impl Future<Output = Answer<TargetGroup>> + Send;

    /// `ModifyTargetGroup`: the health check.
    fn set_health_check(
        &self,
        group: &Arn,
        check: &HealthCheck,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `ModifyTargetGroupAttributes`.
    fn set_group_attributes(
        &self,
        group: &Arn,
        attributes: &Attributes,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `RegisterTargets`, 200 at most.
    fn register(
        &self,
        group: &Arn,
        targets: &BTreeSet<Target>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `DeregisterTargets`, 200 at most. One that is not registered is a success.
    fn deregister(
        &self,
        group: &Arn,
        targets: &BTreeSet<Target>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `DeleteTargetGroup`. One that is gone is a success.
    fn delete_target_group(&self, group: &Arn) -> impl Future<Output = Answer<()>> + Send;

    /// `CreateListener`, which forwards to one target group.
    fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: &ListenerSpec,
        tags: &Tags,
    ) -> impl Future<Output = Answer<Listener>> + Send;

    /// `ModifyListener`.
    fn modify_listener(
        &self,
        listener: &Arn,
        spec: &ListenerSpec,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `DeleteListener`. One that is gone is a success.
    fn delete_listener(&self, listener: &Arn) -> impl Future<Output = Answer<()>> + Send;

    /// `AddTags` to one load balancer or target group.
    fn add_tags(&self, arn: &Arn, tags: &Tags) -> impl Future<Output = Answer<()>> + Send;

    /// `RemoveTags` from one load balancer or target group.
    fn remove_tags(
        &self,
        arn: &Arn,
        keys: &BTreeSet<String>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `DescribeSubnets`.
    fn subnets(&self, filter: &Filter) -> impl Future<Output = Answer<Page<Subnet>>> + Send;

    /// `DescribeRouteTables` of a VPC: the subnets that reach an internet gateway, and whether the
    /// main table does.
    fn public_subnets(&self, vpc: &str) -> impl Future<Output = Answer<PublicSubnets>> + Send;

    /// `DescribeSecurityGroups`, with their rules for incoming traffic.
    fn security_groups(
        &self,
        filter: &Filter,
    ) -> impl Future<Output = Answer<Page<SecurityGroup>>> + Send;

    /// `CreateSecurityGroup`, with its tags; the id. Names are unique in a VPC.
    fn create_security_group(
        &self,
        name: &str,
        description: &str,
        vpc: &str,
        tags: &Tags,
    ) -> impl Future<Output = Answer<String>> + Send;

    /// `AuthorizeSecurityGroupIngress`. A rule that is there already fails the call.
    fn authorize(
        &self,
        group: &str,
        rules: &BTreeSet<Rule>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `RevokeSecurityGroupIngress`, by what the rules say. Rules that are gone are a success.
    fn revoke(
        &self,
        group: &str,
        rules: &BTreeSet<Rule>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `DeleteSecurityGroup`. One that is gone is a success.
    fn delete_security_group(&self, group: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// The subnets of a VPC that reach an internet gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicSubnets {
    /// Those with a route table of their own that does.
    pub public: BTreeSet<String>,
    /// Those with a route table of their own that does not.
    pub private: BTreeSet<String>,
    /// Whether the main table does, which all others use.
    pub main: bool,
}

impl PublicSubnets {
    /// Whether `subnet` reaches an internet gateway.
    pub fn reaches(&self, subnet: &str) -> bool {
        self.public.contains(subnet) || (self.main && !self.private.contains(subnet))
    }
}
