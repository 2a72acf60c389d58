//! The attributes of network load balancers and their target groups: what AWS has them at, and what
//! it takes for them.
//!
//! Source: `LoadBalancerAttribute` and `TargetGroupAttribute` in the reference of the API.

use super::super::{Answer, Attributes, Scheme, Transport};
use super::{refuse, unless};

/// What an attribute may be.
#[derive(Clone, Copy)]
enum Value {
    Flag,
    Text,
    Number(u32, u32),
    /// `off`, or a number from one on.
    Share(u32),
    OneOf(&'static [&'static str]),
}

type Row = (&'static str, Value, &'static str);

const DENY_GATEWAY: &str = "ipv6.deny_all_igw_traffic";
const BALANCER: [Row; 9] = [
    ("access_logs.s3.bucket", Value::Text, ""),
    ("access_logs.s3.enabled", Value::Flag, "false"),
    ("access_logs.s3.prefix", Value::Text, ""),
    ("deletion_protection.enabled", Value::Flag, "false"),
    (
        "dns_record.client_routing_policy",
        Value::OneOf(&[
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ]),
        "any_availability_zone",
    ),
    (DENY_GATEWAY, Value::Flag, "false"),
    ("load_balancing.cross_zone.enabled", Value::Flag, "false"),
    ("secondary_ips.auto_assigned.per_subnet", Value::Number(0, 7), "0"),
    ("zonal_shift.config.enabled", Value::Flag, "false"),
];

const END_DRAINED: &str = "deregistration_delay.connection_termination.enabled";
const PRESERVE: &str = "preserve_client_ip.enabled";
const END_UNHEALTHY: &str = "target_health_state.unhealthy.connection_termination.enabled";
const GROUP: [Row; 13] = [
    (END_DRAINED, Value::Flag, "false"),
    ("deregistration_delay.timeout_seconds", Value::Number(0, 3600), "300"),
    (
        "load_balancing.cross_zone.enabled",
        Value::OneOf(&["true", "false", "use_load_balancer_configuration"]),
        "use_load_balancer_configuration",
    ),
    (PRESERVE, Value::Flag, "true"),
    ("proxy_protocol_v2.enabled", Value::Flag, "false"),
    ("stickiness.enabled", Value::Flag, "false"),
    ("stickiness.type", Value::OneOf(&["source_ip"]), "source_ip"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", Value::Share(1000), "1"),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        Value::Share(100),
        "off",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        Value::Number(1, 1000),
        "1",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        Value::Share(100),
        "off",
    ),
    (END_UNHEALTHY, Value::Flag, "true"),
    ("target_health_state.unhealthy.draining_interval_seconds", Value::Number(0, 360_000), "0"),
];

/// The attributes of a new load balancer.
pub(super) fn of_balancer(scheme: Scheme) -> Attributes {
    let mut all = defaults(&BALANCER);
    if scheme == Scheme::Internal {
        all.insert(DENY_GATEWAY.to_owned(), "true".to_owned());
    }
    all
}

/// The attributes of a new target group of instances.
pub(super) fn of_group(protocol: Transport) -> Attributes {
    let mut all = defaults(&GROUP);
    if !protocol.has_connections() {
        all.insert(END_DRAINED.to_owned(), "true".to_owned());
        all.insert(END_UNHEALTHY.to_owned(), "false".to_owned());
    }
    all
}

/// Refuses what can't be set on a load balancer.
pub(super) fn check_balancer(attributes: &Attributes) -> Answer<()> {
    check("Load balancer", &BALANCER, attributes)
}

/// Refuses what can't be set on a target group.
pub(super) fn check_group(protocol: Transport, attributes: &Attributes) -> Answer<()> {
    check("Target group", &GROUP, attributes)?;
    let asks = |key: &str, value: &str| attributes.get(key).is_some_and(|it| it == value);
    unless(protocol.has_connections() || !asks(PRESERVE, "false"), "ValidationError", || {
        format!("Client IP preservation cannot be disabled for {protocol} target groups")
    })?;
    unless(protocol.has_connections() || !asks(END_UNHEALTHY, "true"), "ValidationError", || {
        format!("'{END_UNHEALTHY}' cannot be enabled for {protocol} target groups")
    })
}

fn defaults(table: &[Row]) -> Attributes {
    table.iter().map(|(key, _, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn check(kind: &str, table: &[Row], attributes: &Attributes) -> Answer<()> {
    for (key, value) in attributes {
        let Some((_, kinds, _)) = table.iter().find(|(known, ..)| known == key) else {
            let why = format!("{kind} attribute key '{key}' is not recognized");
            return refuse("ValidationError", why);
        };
        unless(kinds.takes(value), "ValidationError", || {
            format!("{kind} attribute value '{value}' is not valid for '{key}'")
        })?;
    }
    Ok(())
}

impl Value {
    fn takes(self, value: &str) -> bool {
        let number = value.parse::<u32>().ok();
        match self {
            Self::Flag => ["true", "false"].contains(&value),
            Self::Text => true,
            Self::Number(from, to) => number.is_some_and(|it| (from..=to).contains(&it)),
            Self::Share(to) => value == "off" || number.is_some_and(|it| (1..=to).contains(&it)),
            Self::OneOf(words) => words.contains(&value),
        }
    }
}
