//! What a world holds, for a test to look at.

use std::collections::{BTreeMap, BTreeSet};

use super::xml::Element;
use super::{MockAws, Service};

/// By name.
pub type Map = BTreeMap<String, String>;

/// All that a world holds. Two that are the same are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The load balancers, by their names.
    pub balancers: BTreeMap<String, Balancer>,
    /// The target groups, by their names.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// The security groups, by their ids.
    pub security_groups: BTreeMap<String, SecurityGroup>,
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balancer {
    /// Its ARN.
    pub arn: String,
    /// Its DNS name.
    pub dns: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    /// `ipv4` or `dualstack`.
    pub ip_type: String,
    /// `provisioning` or `active`.
    pub state: String,
    /// Its subnets.
    pub subnets: BTreeSet<String>,
    /// Its security groups.
    pub security_groups: BTreeSet<String>,
    /// Its attributes.
    pub attributes: Map,
    /// Its tags.
    pub tags: Map,
    /// Its listeners, by their ports.
    pub listeners: BTreeMap<u16, Listener>,
}

/// A listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// Its protocol.
    pub protocol: String,
    /// The ARN of the target group that it forwards to.
    pub target_group: String,
    /// The ARNs of its certificates, that which it was made with first.
    pub certificates: Vec<String>,
    /// Its tags.
    pub tags: Map,
}

/// A target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// What it is made with: `Protocol`, `Port`, `HealthCheckPath` and so on.
    pub settings: Map,
    /// Its attributes.
    pub attributes: Map,
    /// Its tags.
    pub tags: Map,
    /// The ARNs of the load balancers that send to it.
    pub balancers: BTreeSet<String>,
    /// The state of each target, also of those that drain.
    pub targets: BTreeMap<(String, u16), String>,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Map,
    /// What it lets in.
    pub rules: BTreeSet<Rule>,
}

/// A rule of a security group that lets something in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, or `-1` for all.
    pub protocol: String,
    /// The first port.
    pub from: i32,
    /// The last port.
    pub to: i32,
    /// A range of addresses, or the id of a security group.
    pub source: String,
    /// Its description.
    pub description: String,
}

impl TargetGroup {
    /// The targets that are registered.
    pub fn registered(&self) -> BTreeSet<(String, u16)> {
        let targets = self.targets.iter().filter(|(_, state)| *state != "draining");
        targets.map(|(target, _)| target.clone()).collect()
    }
}

impl MockAws {
    /// All that there is: asked of moto as a caller would, but not counted.
    pub async fn inventory(&self) -> Inventory {
        let mut found = Inventory::default();
        for seen in self.all("DescribeLoadBalancers", "LoadBalancers").await {
            let balancer = self.balancer(&seen).await;
            found.balancers.insert(seen.text("LoadBalancerName"), balancer);
        }
        for seen in self.all("DescribeTargetGroups", "TargetGroups").await {
            let group = self.target_group(&seen).await;
            found.target_groups.insert(seen.text("TargetGroupName"), group);
        }
        let seen = self.ask(Service::Ec2, "DescribeSecurityGroups", &[]).await.xml();
        for seen in seen.items("securityGroupInfo") {
            let group = SecurityGroup {
                name: seen.text("groupName"),
                description: seen.text("groupDescription"),
                tags: tags(seen, "tagSet", "key", "value"),
                rules: BTreeSet::new(),
            };
            found.security_groups.insert(seen.text("groupId"), group);
        }
        let seen = self.ask(Service::Ec2, "DescribeSecurityGroupRules", &[]).await.xml();
        for seen in seen.items("securityGroupRuleSet") {
            let group = found.security_groups.get_mut(&seen.text("groupId"));
            if let Some(group) = group.filter(|_| seen.text("isEgress") == "false") {
                group.rules.insert(rule(seen));
            }
        }
        found
    }

    async fn balancer(&self, seen: &Element) -> Balancer {
        let arn = seen.text("LoadBalancerArn");
        let mut listeners = BTreeMap::new();
        for each in
            self.about("DescribeListeners", "LoadBalancerArn", &arn).await.items("Listeners")
        {
            let arn = each.text("ListenerArn");
            let certificates =
                self.about("DescribeListenerCertificates", "ListenerArn", &arn).await;
            let listener = Listener {
                protocol: each.text("Protocol"),
                target_group: each
                    .find("TargetGroupArn")
                    .map(|arn| arn.text.clone())
                    .unwrap_or_default(),
                certificates: certificates
                    .items("Certificates")
                    .map(|certificate| certificate.text("CertificateArn"))
                    .collect(),
                tags: self.tags(&arn).await,
                arn,
            };
            listeners.insert(each.text("Port").parse().unwrap(), listener);
        }
        let attributes =
            self.about("DescribeLoadBalancerAttributes", "LoadBalancerArn", &arn).await;
        Balancer {
            dns: seen.text("DNSName"),
            scheme: seen.text("Scheme"),
            ip_type: seen.text("IpAddressType"),
            state: seen.child("State").map(|state| state.text("Code")).unwrap_or_default(),
            subnets: seen.items("AvailabilityZones").map(|zone| zone.text("SubnetId")).collect(),
            security_groups: texts(seen, "SecurityGroups"),
            attributes: tags(&attributes, "Attributes", "Key", "Value"),
            tags: self.tags(&arn).await,
            listeners,
            arn,
        }
    }

    async fn target_group(&self, seen: &Element) -> TargetGroup {
        let arn = seen.text("TargetGroupArn");
        let health = self.about("DescribeTargetHealth", "TargetGroupArn", &arn).await;
        let targets = health.items("TargetHealthDescriptions").map(|each| {
            let target = each.child("Target").unwrap();
            let state = each.child("TargetHealth").unwrap().text("State");
            ((target.text("Id"), target.text("Port").parse().unwrap()), state)
        });
        let attributes = self.about("DescribeTargetGroupAttributes", "TargetGroupArn", &arn).await;
        let leaves = seen.children.iter().filter(|each| !each.text.is_empty());
        let leaves = leaves.filter(|each| each.name != "TargetGroupArn");
        TargetGroup {
            settings: leaves.map(|each| (each.name.clone(), each.text.clone())).collect(),
            attributes: tags(&attributes, "Attributes", "Key", "Value"),
            tags: self.tags(&arn).await,
            balancers: texts(seen, "LoadBalancerArns"),
            targets: targets.collect(),
            arn,
        }
    }

    /// All pages of a list.
    async fn all(&self, action: &str, list: &str) -> Vec<Element> {
        let mut found = Vec::new();
        let mut marker = String::new();
        loop {
            let said = [("Marker", marker.as_str())];
            let said = if marker.is_empty() { &said[..0] } else { &said[..] };
            let seen = self.result(action, said).await;
            found.extend(seen.items(list).cloned());
            marker = seen.text("NextMarker");
            if marker.is_empty() {
                return found;
            }
        }
    }

    async fn about(&self, action: &str, name: &str, arn: &str) -> Element {
        self.result(action, &[(name, arn)]).await
    }

    async fn tags(&self, arn: &str) -> Map {
        let seen = self.about("DescribeTags", "ResourceArns.member.1", arn).await;
        let seen = seen.items("TagDescriptions").next().unwrap();
        tags(seen, "Tags", "Key", "Value")
    }

    async fn result(&self, action: &str, said: &[(&str, &str)]) -> Element {
        let seen = self.ask(Service::Elbv2, action, said).await.xml();
        seen.children.into_iter().next().unwrap()
    }
}

fn texts(seen: &Element, list: &str) -> BTreeSet<String> {
    seen.items(list).map(|member| member.text.clone()).collect()
}

fn tags(seen: &Element, list: &str, key: &str, value: &str) -> Map {
    seen.items(list).map(|tag| (tag.text(key), tag.text(value))).collect()
}

fn rule(seen: &Element) -> Rule {
    let number = |name: &str| seen.text(name).parse().unwrap_or(-1);
    let group = seen.child("referencedGroupInfo").map(|group| group.text("groupId"));
    let sources = ["cidrIpv4", "cidrIpv6", "prefixListId"].map(|name| seen.text(name));
    let source = group.or_else(|| sources.into_iter().find(|source| !source.is_empty()));
    Rule {
        protocol: seen.text("ipProtocol"),
        from: number("fromPort"),
        to: number("toPort"),
        source: source.unwrap_or_default(),
        description: seen.text("description"),
    }
}
