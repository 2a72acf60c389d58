//! The attributes that Network Load Balancers and their target groups have, with their values.
//!
//! Source: `LoadBalancerAttribute` and `TargetGroupAttribute` of the API reference.

/// The values of an attribute.
#[derive(Clone, Copy, Debug)]
enum Values {
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number from this to that.
    Number(u32, u32),
    /// A number from 1 to this, or `off`.
    Least(u32),
    /// The name of an S3 bucket.
    Bucket,
    /// The start of the names of objects in a bucket; it may be empty.
    Prefix,
}

use Values::{Bucket, Least, Number, Prefix, Switch, Words};

/// Attributes, and their values.
#[derive(Debug)]
pub(super) struct Table(&'static [(&'static str, Values)]);

/// Those of load balancers.
pub(super) const OF_BALANCER: Table = Table(&[
    ("access_logs.s3.bucket", Bucket),
    ("access_logs.s3.enabled", Switch),
    ("access_logs.s3.prefix", Prefix),
    ("deletion_protection.enabled", Switch),
    (
        "dns_record.client_routing_policy",
        Words(&[
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ]),
    ),
    ("ipv6.deny_all_igw_traffic", Switch),
    ("load_balancing.cross_zone.enabled", Switch),
    ("secondary_ips.auto_assigned.per_subnet", Number(0, 7)),
    ("zonal_shift.config.enabled", Switch),
]);

/// Those of target groups.
pub(super) const OF_GROUP: Table = Table(&[
    ("deregistration_delay.connection_termination.enabled", Switch),
    ("deregistration_delay.timeout_seconds", Number(0, 3600)),
    (
        "load_balancing.cross_zone.enabled",
        Words(&["true", "false", "use_load_balancer_configuration"]),
    ),
    ("preserve_client_ip.enabled", Switch),
    ("proxy_protocol_v2.enabled", Switch),
    ("stickiness.enabled", Switch),
    ("stickiness.type", Words(&["source_ip"])),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", Least(1000)),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", Least(100)),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", Number(1, 1000)),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", Least(100)),
    ("target_health_state.unhealthy.connection_termination.enabled", Switch),
    ("target_health_state.unhealthy.draining_interval_seconds", Number(0, 360_000)),
]);

impl Table {
    /// Checks a value.
    ///
    /// # Errors
    /// What is allowed instead.
    pub(super) fn allows(&self, name: &str, value: &str) -> Result<(), String> {
        let Some((_, values)) = self.0.iter().find(|(known, _)| *known == name) else {
            let names: Vec<_> = self.0.iter().map(|(known, _)| *known).collect();
            return Err(format!("use {}", names.join(", ")));
        };
        if values.has(value) { Ok(()) } else { Err(format!("use {}", values.told())) }
    }
}

impl Values {
    fn has(self, value: &str) -> bool {
        match self {
            Switch => ["true", "false"].contains(&value),
            Words(words) => words.contains(&value),
            Number(least, most) => number(value).is_some_and(|it| (least..=most).contains(&it)),
            Least(most) => {
                value == "off" || number(value).is_some_and(|it| (1..=most).contains(&it))
            }
            Bucket => is_bucket(value),
            Prefix => !value.contains("AWSLogs"),
        }
    }

    fn told(self) -> String {
        match self {
            Switch => "true or false".to_owned(),
            Words(words) => words.join(" or "),
            Number(least, most) => format!("{least} to {most}"),
            Least(most) => format!("off or 1 to {most}"),
            Bucket => "the name of an S3 bucket: 3 to 63 lower-case letters, digits, dots and \
                       hyphens, with a letter or digit at either end"
                .to_owned(),
            Prefix => "a prefix without AWSLogs in it".to_owned(),
        }
    }
}

/// In the one way of writing it that AWS gives back: `007` would differ from `7` for ever.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

fn is_bucket(name: &str) -> bool {
    let is_solid = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|one| is_solid(*one) || b".-".contains(one))
        && bytes
            .first()
            .zip(bytes.last())
            .is_some_and(|(one, other)| is_solid(*one) && is_solid(*other))
}
