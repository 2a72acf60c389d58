//! What is there before anybody calls: a network, and things of others. Nothing here is refused.

use std::collections::BTreeMap;

use super::super::{
    Arn, ListenerSpec, NewLoadBalancer, NewTargetGroup, SecurityGroup, Subnet, Tags, Target,
};
use super::balancers::by_id;
use super::world::{Balancer, Front, Group, World};
use super::{defaults, names};

const ZONES: [char; 3] = ['a', 'b', 'c'];

impl World {
    /// A VPC with three zones, each with a public and a private subnet, tagged as EKS's tools do:
    /// `subnet-<vpc>-public-a` and so on.
    pub fn add_vpc(&mut self, vpc: &str) {
        for zone in ZONES {
            for (kind, role) in [("public", "elb"), ("private", "internal-elb")] {
                let id = format!("subnet-{}-{kind}-{zone}", vpc.trim_start_matches("vpc-"));
                let tags = Tags::from([
                    ("Name".to_owned(), format!("{vpc}-{kind}-{zone}")),
                    (format!("kubernetes.io/role/{role}"), "1".to_owned()),
                ]);
                let zone = format!("eu-west-1{zone}");
                let subnet = Subnet { id, vpc: vpc.to_owned(), zone, ipv6: false, tags };
                self.add_subnet(subnet, kind == "public");
            }
        }
    }

    /// A subnet with a route table of its own, which leads to an internet gateway if it is `public`.
    pub fn add_subnet(&mut self, subnet: Subnet, public: bool) {
        let routes = self.vpcs.entry(subnet.vpc.clone()).or_default();
        routes.public.remove(&subnet.id);
        routes.private.remove(&subnet.id);
        let of_its_kind = if public { &mut routes.public } else { &mut routes.private };
        of_its_kind.insert(subnet.id.clone());
        self.subnets.insert(subnet.id.clone(), subnet);
    }

    /// Gives every subnet of a VPC an IPv6 prefix.
    pub fn add_ipv6(&mut self, vpc: &str) {
        for subnet in self.subnets.values_mut().filter(|it| it.vpc == vpc) {
            subnet.ipv6 = true;
        }
    }

    /// The security group of a cluster's nodes, tagged as EKS does; its id.
    pub fn add_node_group(&mut self, vpc: &str, cluster: &str) -> String {
        let tags = Tags::from([(format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned())]);
        self.add_security_group(&format!("nodes-of-{cluster}"), vpc, tags)
    }

    /// A security group without rules; its id.
    pub fn add_security_group(&mut self, name: &str, vpc: &str, tags: Tags) -> String {
        let id = format!("sg-{:017x}", self.number());
        let (name, vpc) = (name.to_owned(), vpc.to_owned());
        let group = SecurityGroup { id: id.clone(), name, vpc, tags, rules: [].into() };
        self.security_groups.insert(id.clone(), group);
        id
    }

    /// A load balancer in the VPC of its first subnet; its ARN.
    pub fn add_balancer(&mut self, new: &NewLoadBalancer) -> Arn {
        let (arn, dns_name) = names::balancer(&new.name, self.number());
        let first = new.subnets.first().and_then(|it| self.subnets.get(&it.subnet));
        let balancer = Balancer {
            arn: arn.clone(),
            name: new.name.clone(),
            dns_name,
            scheme: new.scheme,
            vpc: first.map(|subnet| subnet.vpc.clone()).unwrap_or_default(),
            subnets: by_id(&new.subnets),
            security_groups: new.security_groups.clone(),
            guarded: !new.security_groups.is_empty(),
            ip_address_type: new.ip_address_type,
            created: self.now,
            state: None,
            attributes: defaults::of_balancer(new.scheme),
            tags: new.tags.clone(),
            listeners: BTreeMap::new(),
        };
        self.balancers.insert(arn.clone(), balancer);
        arn
    }

    /// A target group; its ARN.
    pub fn add_group(&mut self, new: &NewTargetGroup) -> Arn {
        let arn = names::group(&new.name, self.number());
        let group = Group {
            arn: arn.clone(),
            name: new.name.clone(),
            protocol: new.protocol,
            port: new.port,
            vpc: new.vpc.clone(),
            health_check: new.health_check.clone(),
            ip_address_type: new.ip_address_type,
            attributes: defaults::of_group(new.protocol),
            tags: new.tags.clone(),
            targets: BTreeMap::new(),
            draining: BTreeMap::new(),
            failing: [].into(),
        };
        self.groups.insert(arn.clone(), group);
        arn
    }

    /// A listener on a port of a load balancer, in the place of the one that is there. Its ARN; none
    /// if there is no such load balancer.
    pub fn add_listener(
        &mut self,
        balancer: &Arn,
        port: u16,
        spec: ListenerSpec,
        tags: Tags,
    ) -> Option<Arn> {
        let arn = names::listener(balancer, self.number());
        let front = Front { arn: arn.clone(), spec, tags };
        self.balancers.get_mut(balancer)?.listeners.insert(port, front);
        Some(arn)
    }

    /// A target of a target group, if there is such a group.
    pub fn add_target(&mut self, group: &Arn, target: Target) {
        let now = self.now;
        if let Some(group) = self.groups.get_mut(group) {
            group.targets.insert(target, now);
        }
    }
}
