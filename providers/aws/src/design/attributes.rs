//! Attributes: what is ours to set, and what AWS has if nobody sets anything.

use std::collections::BTreeMap;

use seaway_core::LbSpec;

use crate::api::{Attributes, Transport};
use crate::settings::{ProxyProtocol, Settings};

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const ACCESS_LOGS: &str = "access_logs.s3.enabled";
const PROXY: &str = "proxy_protocol_v2.enabled";
const STICKY: &str = "stickiness.enabled";
const STICKY_BY: &str = "stickiness.type";
const RESET: &str = "target_health_state.unhealthy.connection_termination.enabled";
const DRAIN: &str = "target_health_state.unhealthy.draining_interval_seconds";

/// Source: `LoadBalancerAttribute` of the API reference, for network load balancers.
const OF_BALANCER: [(&str, &str); 8] = [
    (ACCESS_LOGS, "false"),
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("dns_record.client_routing_policy", "any_availability_zone"),
    ("ipv6.deny_all_igw_traffic", "false"),
    (CROSS_ZONE, "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// Source: `TargetGroupAttribute` of the API reference, for network load balancers and instances. What
/// differs by protocol is left out: it is set whenever it is asked for.
const OF_GROUP: [(&str, &str); 8] = [
    ("deregistration_delay.timeout_seconds", "300"),
    (CROSS_ZONE, "use_load_balancer_configuration"),
    ("preserve_client_ip.enabled", "true"),
    (PROXY, "false"),
    (STICKY, "false"),
    (STICKY_BY, "source_ip"),
    (RESET, "true"),
    (DRAIN, "0"),
];

/// What a load balancer has where nobody set anything.
pub(crate) fn balancer_default(key: &str) -> Option<&'static str> {
    of(&OF_BALANCER, key)
}

/// What a target group has where nobody set anything.
pub(crate) fn group_default(key: &str) -> Option<&'static str> {
    of(&OF_GROUP, key)
}

fn of(table: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

/// What is wanted and differs from what is there.
pub(crate) fn differing(
    wanted: &Attributes,
    seen: &Attributes,
    default: fn(&str) -> Option<&'static str>,
) -> Attributes {
    let is = |key: &str| seen.get(key).map(String::as_str).or_else(|| default(key));
    wanted
        .iter()
        .filter(|(key, value)| is(key) != Some(value.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The attributes of a load balancer that are ours to set: those that an annotation of their own
/// sets, back to the default once it is gone, and those that are named.
pub(super) fn of_balancer(settings: &Settings) -> Attributes {
    let mut all = owned(&[(CROSS_ZONE, "false"), (ACCESS_LOGS, "false")]);
    all.extend(settings.balancer_attributes.clone());
    all
}

/// The attributes of a target group that are ours to set.
pub(super) fn of_group(
    settings: &Settings,
    spec: &LbSpec,
    port: u16,
    transport: Transport,
) -> Attributes {
    let mut all = BTreeMap::new();
    let proxied = match &settings.proxy_protocol {
        ProxyProtocol::Off => false,
        ProxyProtocol::All => true,
        ProxyProtocol::Ports(ports) => ports.contains(&port),
    };
    all.insert(PROXY.to_owned(), proxied.to_string());
    if transport != Transport::Tls {
        all.insert(STICKY.to_owned(), spec.affinity.is_some().to_string());
        if spec.affinity.is_some() {
            all.insert(STICKY_BY.to_owned(), "source_ip".to_owned());
        }
    }
    if transport.has_connections() {
        // A node that drains fails its check first: its open connections are to live on.
        all.extend(owned(&[(RESET, "false"), (DRAIN, "300")]));
    }
    if settings.group_attributes.contains_key(RESET) {
        all.remove(DRAIN);
    }
    let fits = |key: &str| transport != Transport::Tls || !key.starts_with("stickiness.");
    let named = settings.group_attributes.iter().filter(|(key, _)| fits(key));
    all.extend(named.map(|(key, value)| (key.clone(), value.clone())));
    all
}

fn owned(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
