//! The attributes that Network Load Balancers, their listeners and their target groups have.
//! moto knows those of other load balancers, and takes any.
//!
//! See `LoadBalancerAttribute`, `ListenerAttribute` and `TargetGroupAttribute` in
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference>.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::{Refusal, Verdict};

/// What a value may be.
pub(super) enum Kind {
    Flag,
    Number(u32, u32),
    /// The same, or the word `off`.
    OffOr(u32, u32),
    Word(&'static [&'static str]),
    Text,
}

/// Key, what it is at first, and what it may be.
pub(super) type Table = &'static [(&'static str, &'static str, Kind)];

const POLICIES: &[&str] =
    &["any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"];

pub(super) const BALANCER: Table = &[
    ("access_logs.s3.bucket", "", Kind::Text),
    ("access_logs.s3.enabled", "false", Kind::Flag),
    ("access_logs.s3.prefix", "", Kind::Text),
    ("deletion_protection.enabled", "false", Kind::Flag),
    ("dns_record.client_routing_policy", "any_availability_zone", Kind::Word(POLICIES)),
    ("ipv6.deny_all_igw_traffic", "false", Kind::Flag),
    ("load_balancing.cross_zone.enabled", "false", Kind::Flag),
    ("secondary_ips.auto_assigned.per_subnet", "0", Kind::Number(0, 7)),
    ("zonal_shift.config.enabled", "false", Kind::Flag),
];

pub(super) const LISTENER: Table = &[("tcp.idle_timeout.seconds", "350", Kind::Number(60, 6000))];

const CROSS_ZONE: &[&str] = &["false", "true", "use_load_balancer_configuration"];

pub(super) const GROUP: Table = &[
    ("deregistration_delay.connection_termination.enabled", "false", Kind::Flag),
    ("deregistration_delay.timeout_seconds", "300", Kind::Number(0, 3600)),
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        Kind::Word(CROSS_ZONE),
    ),
    (PRESERVE, "true", Kind::Flag),
    ("proxy_protocol_v2.enabled", "false", Kind::Flag),
    ("stickiness.enabled", "false", Kind::Flag),
    ("stickiness.type", "source_ip", Kind::Word(&["source_ip"])),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        Kind::OffOr(1, u32::MAX),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        Kind::OffOr(1, 100),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Kind::Number(1, u32::MAX),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Kind::OffOr(1, 100),
    ),
    (TERMINATION, "true", Kind::Flag),
    (DRAINING, "0", Kind::Number(0, 360_000)),
];

const PRESERVE: &str = "preserve_client_ip.enabled";
const TERMINATION: &str = "target_health_state.unhealthy.connection_termination.enabled";
const DRAINING: &str = "target_health_state.unhealthy.draining_interval_seconds";

/// What a new one has.
pub(super) fn defaults(table: Table) -> BTreeMap<String, String> {
    table.iter().map(|(key, value, _)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What a new load balancer has: an internal one lets nothing in from an internet gateway.
pub(super) fn of_balancer(scheme: &str) -> BTreeMap<String, String> {
    let mut all = defaults(BALANCER);
    let closed = (scheme == "internal").to_string();
    all.insert("ipv6.deny_all_igw_traffic".to_owned(), closed);
    all
}

/// What a new target group has, which depends on what it is for.
pub(super) fn of_group(protocol: &str, target_type: &str) -> BTreeMap<String, String> {
    let mut all = defaults(GROUP);
    let mut set = |key: &str, value: bool| all.insert(key.to_owned(), value.to_string());
    if is_udp(protocol) {
        set("deregistration_delay.connection_termination.enabled", true);
        set(TERMINATION, false);
    } else if target_type == "ip" {
        set(PRESERVE, false);
    }
    all
}

/// Whether these keys and values exist.
pub(super) fn check(table: Table, changes: &BTreeMap<String, String>) -> Verdict {
    for (key, value) in changes {
        let Some((_, _, kind)) = table.iter().find(|(known, _, _)| known == key) else {
            return Err(Refusal::invalid(format!("Attribute key '{key}' is not recognized")));
        };
        let number = value.parse::<u32>().ok();
        let fits = match kind {
            Kind::Flag => value == "true" || value == "false",
            Kind::Number(low, high) => number.is_some_and(|it| (*low..=*high).contains(&it)),
            Kind::OffOr(low, high) => {
                value == "off" || number.is_some_and(|it| (*low..=*high).contains(&it))
            }
            Kind::Word(words) => words.contains(&value.as_str()),
            Kind::Text => true,
        };
        if !fits {
            return Err(Refusal::invalid(format!("'{key}' value '{value}' is not valid")));
        }
    }
    Ok(())
}

/// Whether a target group of this protocol may have these attributes.
pub(super) fn check_group(protocol: &str, all: &BTreeMap<String, String>) -> Verdict {
    let is = |key: &str, value: &str| all.get(key).is_some_and(|found| found == value);
    if is_udp(protocol) && is(PRESERVE, "false") {
        return Err(Refusal::invalid(format!(
            "'{PRESERVE}' can't be disabled for target groups with the {protocol} protocol"
        )));
    }
    if is_udp(protocol) && is(TERMINATION, "true") {
        return Err(Refusal::invalid(format!(
            "'{TERMINATION}' can't be enabled for target groups with the {protocol} protocol"
        )));
    }
    if is(TERMINATION, "true") && !is(DRAINING, "0") {
        return Err(Refusal::invalid(format!("'{DRAINING}' needs '{TERMINATION}' to be false")));
    }
    Ok(())
}

/// A value in seconds.
pub(super) fn seconds(all: &BTreeMap<String, String>, key: &str) -> Duration {
    let value = all.get(key).and_then(|value| value.parse().ok());
    Duration::from_secs(value.unwrap_or_default())
}

fn is_udp(protocol: &str) -> bool {
    protocol == "UDP" || protocol == "TCP_UDP"
}
