//! The listeners and target groups of one Service: one of each per port number.

use std::collections::BTreeMap;

use seaway_core::{BalancerKey, Family, Port, Protocol, ProviderError, TrafficPolicy};

use super::members::{Member, invalid};
use super::targets::Targets;
use super::{PortDesign, Rules, attributes, check};
use crate::api::{HealthCheck, HealthProtocol, IpAddressType, NewTargetGroup, Target, Transport};
use crate::mark;
use crate::names::GroupName;
use crate::observe::Ground;
use crate::settings::{ProxyProtocol, Tls};

/// The security policy of TLS listeners that do not name one.
const POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// The ports of `member`, on the load balancer of this name.
pub(super) fn of(
    rules: &Rules,
    key: &BalancerKey,
    balancer: &str,
    member: &Member<'_>,
    targets: &Targets,
    ground: &Ground,
) -> Result<BTreeMap<u16, PortDesign>, ProviderError> {
    let mut numbers: BTreeMap<u16, Vec<&Port>> = BTreeMap::new();
    for port in &member.spec.ports {
        numbers.entry(port.port).or_default().push(port);
    }
    let mut designs = BTreeMap::new();
    for (number, ports) in numbers {
        let (plain, node_port) = transport(&ports)?;
        let tls = member.settings.tls.as_ref().filter(|tls| tls.serves(number));
        let (protocol, behind) = match tls {
            None => (plain, plain),
            Some(_) if plain != Transport::Tcp => {
                return Err(invalid(
                    "spec.ports",
                    format!("port {number} is to speak TLS, which UDP can't; see ssl-ports"),
                ));
            }
            Some(_) if member.settings.backend_tls => (Transport::Tls, Transport::Tls),
            Some(_) => (Transport::Tls, Transport::Tcp),
        };
        if protocol == Transport::Tls && member.spec.affinity.is_some() {
            return Err(invalid(
                "spec.sessionAffinity",
                format!(
                    "ClientIP: a listener that speaks TLS (port {number}) has no affinity; use None"
                ),
            ));
        }
        let family = match member.spec.families.first() {
            Some(Family::IPv6) => IpAddressType::Ipv6,
            Some(Family::IPv4) | None => IpAddressType::Ipv4,
        };
        let (uid, cluster) = (&member.uid, &rules.cluster);
        let service = &member.spec.service;
        let name = GroupName { cluster, balancer, uid, port: number, transport: behind, family };
        let role = format!("target-group-{number}");
        let mut tags = mark::of(rules, key, service, &role);
        tags.extend(rules.config.tags.clone());
        tags.extend(member.settings.tags.clone());
        let group = NewTargetGroup {
            name: name.text(&service.namespace, &service.name),
            protocol: behind,
            port: number,
            vpc: ground.vpc.clone(),
            health_check: health_check(rules, member, number),
            ip_address_type: family,
            tags,
        };
        let at = |instance: &String| Target { instance: instance.clone(), port: node_port };
        let design = PortDesign {
            uid: uid.clone(),
            protocol,
            certificate: tls.map(|tls| tls.certificate.clone()),
            policy: tls.map(|tls| tls.policy.clone().unwrap_or_else(|| POLICY.to_owned())),
            attributes: attributes::of_group(&member.settings, member.spec, number, behind),
            core: targets.core.iter().map(at).collect(),
            maybe: targets.maybe_at(&group.health_check, rules).map(at).collect(),
            group,
        };
        designs.insert(number, design);
    }
    Ok(designs)
}

/// What a port number speaks, and the NodePort behind it. TCP and UDP of one number share a
/// listener, and so a target group, and so a NodePort.
fn transport(ports: &[&Port]) -> Result<(Transport, u16), ProviderError> {
    let none = || invalid("spec.ports", "a port has no nodePort");
    match ports {
        [port] => {
            let transport = match port.protocol {
                Protocol::Tcp => Transport::Tcp,
                Protocol::Udp => Transport::Udp,
                Protocol::Sctp => return Err(invalid("spec.ports", "SCTP is not carried")),
            };
            Ok((transport, port.node_port.ok_or_else(none)?))
        }
        [one, other] if one.node_port != other.node_port => Err(invalid(
            "spec.ports",
            format!(
                "{one} and {other} have different nodePorts, and a Network Load Balancer has one \
                 listener for both; give them the same nodePort",
            ),
        )),
        [one, ..] => Ok((Transport::TcpUdp, one.node_port.ok_or_else(none)?)),
        [] => Err(none()),
    }
}

/// How the targets of a port are checked: where kube-proxy tells whether the node serves, or as the
/// annotations say.
fn health_check(rules: &Rules, member: &Member<'_>, port: u16) -> HealthCheck {
    let asked = &member.settings.health;
    let proxied = match &member.settings.proxy_protocol {
        ProxyProtocol::Off => false,
        ProxyProtocol::All => true,
        ProxyProtocol::Ports(ports) => ports.contains(&port),
    };
    let mut made = match member.spec.traffic_policy {
        TrafficPolicy::Local { health_check_node_port } => check(health_check_node_port),
        // With PROXY protocol the checks speak it too, which kube-proxy does not.
        TrafficPolicy::Cluster if proxied => {
            HealthCheck { protocol: HealthProtocol::Tcp, port: None, timeout: 10, ..check(0) }
        }
        TrafficPolicy::Cluster => check(rules.config.health_check_port),
    };
    if let Some(protocol) = asked.protocol {
        if made.protocol != protocol && asked.port.is_none() && member.is_cluster() {
            made.port = None;
        }
        made.protocol = protocol;
    }
    if let Some(port) = asked.port {
        made.port = port;
    }
    if made.protocol != HealthProtocol::Tcp {
        made.path = Some(asked.path.clone().unwrap_or_else(|| "/healthz".to_owned()));
        made.codes = Some(asked.codes.clone().unwrap_or_else(|| "200-399".to_owned()));
    }
    made.interval = asked.interval.unwrap_or_else(|| made.interval.max(asked.timeout.unwrap_or(0)));
    made.timeout = asked.timeout.unwrap_or_else(|| made.timeout.min(made.interval));
    made.healthy = asked.healthy.unwrap_or(made.healthy);
    made.unhealthy = asked.unhealthy.unwrap_or(made.unhealthy);
    made
}

impl Member<'_> {
    fn is_cluster(&self) -> bool {
        self.spec.traffic_policy == TrafficPolicy::Cluster
    }
}

impl Tls {
    fn serves(&self, port: u16) -> bool {
        self.ports.as_ref().is_none_or(|ports| ports.contains(&port))
    }
}
