//! What AWS takes as a name, and the names that it gives.

use super::super::{Answer, Arn};
use super::unless;

const SCOPE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";

/// Refuses what can't be the name of a load balancer or target group.
pub(super) fn check(kind: &str, name: &str) -> Answer<()> {
    unless((1..=32).contains(&name.chars().count()), "ValidationError", || {
        format!("The {kind} name '{name}' must have 1 to 32 characters")
    })?;
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '-';
    unless(name.chars().all(fits), "ValidationError", || {
        format!("The {kind} name '{name}' can only contain characters that are alphanumeric or '-'")
    })?;
    unless(!name.starts_with('-') && !name.ends_with('-'), "ValidationError", || {
        format!("The {kind} name '{name}' cannot begin or end with '-'")
    })
}

/// The ARN and the DNS name of a load balancer.
pub(super) fn balancer(name: &str, number: u64) -> (Arn, String) {
    let arn = Arn(format!("{SCOPE}:loadbalancer/net/{name}/{number:016x}"));
    (arn, format!("{name}-{number:016x}.elb.eu-west-1.amazonaws.com"))
}

/// The ARN of a target group.
pub(super) fn group(name: &str, number: u64) -> Arn {
    Arn(format!("{SCOPE}:targetgroup/{name}/{number:016x}"))
}

/// The ARN of a listener of a load balancer.
pub(super) fn listener(balancer: &Arn, number: u64) -> Arn {
    let start = balancer.0.replacen(":loadbalancer/", ":listener/", 1);
    Arn(format!("{start}/{number:016x}"))
}
