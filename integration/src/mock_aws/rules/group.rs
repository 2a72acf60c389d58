//! The rules of target groups and of targets.

use std::collections::BTreeSet;

use super::super::answer::{Refusal, Verdict};
use super::super::state::{Settings, State};
use super::super::{Call, attributes, group, target};

const ARN: &str = "TargetGroupArn";

/// The bounds of numbers. <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html>
const BOUNDS: [(&str, u32, u32); 4] = [
    ("HealthCheckIntervalSeconds", 5, 300),
    ("HealthCheckTimeoutSeconds", 2, 120),
    ("HealthyThresholdCount", 2, 10),
    ("UnhealthyThresholdCount", 2, 10),
];

fn not_found(what: &str) -> Refusal {
    Refusal::new("TargetGroupNotFound", format!("Target group '{what}' not found"))
}

pub(super) fn has_a_good_name(call: &Call, _: &State, _: &Settings) -> Verdict {
    super::good_name("Target group", call.get("Name"))
}

pub(super) fn has_a_known_protocol(call: &Call, _: &State, _: &Settings) -> Verdict {
    if ["TCP", "TLS", "UDP", "TCP_UDP"].contains(&call.get("Protocol")) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Protocol '{}' is not supported", call.get("Protocol"))))
}

/// Of a new one and of one that is changed: what counts is what comes of it.
pub(super) fn checks_health_within_bounds(call: &Call, state: &State, _: &Settings) -> Verdict {
    let mut after = group::settings(call);
    if let Some(group) = state.groups.get(call.get(ARN)) {
        after = group.settings.clone();
        after.extend(group::changes(call));
    }
    let number = |name: &str| after.get(name).and_then(|it| it.parse::<u32>().ok());
    for (name, low, high) in BOUNDS {
        if !number(name).is_some_and(|it| (low..=high).contains(&it)) {
            return Err(Refusal::invalid(format!("{name} must be between {low} and {high}")));
        }
    }
    if !["TCP", "HTTP", "HTTPS"].contains(&after["HealthCheckProtocol"].as_str()) {
        return Err(Refusal::invalid("Health checks are by TCP, HTTP or HTTPS"));
    }
    let [(interval, ..), (timeout, ..), ..] = BOUNDS;
    if number(timeout) > number(interval) {
        return Err(Refusal::invalid(format!(
            "Health check timeout '{}' must be smaller than or equal to the interval '{}'",
            after[timeout], after[interval]
        )));
    }
    Ok(())
}

/// The same settings are answered with the target group that is there.
pub(super) fn is_alone_with_its_name(call: &Call, state: &State, _: &Settings) -> Verdict {
    let name = call.get("Name");
    let Some(arn) = state.group_named(name) else { return Ok(()) };
    if state.groups[arn].settings == group::settings(call) {
        return Ok(());
    }
    Err(Refusal::new(
        "DuplicateTargetGroupName",
        format!("A target group with the same name '{name}' exists, but with different settings"),
    ))
}

pub(super) fn is_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    if state.groups.contains_key(call.get(ARN)) {
        return Ok(());
    }
    Err(not_found(call.get(ARN)))
}

pub(super) fn pages_are_of_a_size(call: &Call, _: &State, _: &Settings) -> Verdict {
    super::page_size(call)
}

pub(super) fn are_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    let arns = call.list("TargetGroupArns");
    let missing = arns.iter().find(|arn| !state.groups.contains_key(*arn));
    let names = call.list("Names");
    let nameless = names.iter().find(|name| state.group_named(name).is_none());
    if let Some(missing) = missing.or(nameless) {
        return Err(not_found(missing));
    }
    let balancer = call.get("LoadBalancerArn");
    if balancer.is_empty() || state.balancers.contains_key(balancer) {
        return Ok(());
    }
    Err(Refusal::new("LoadBalancerNotFound", format!("Load balancer '{balancer}' not found")))
}

pub(super) fn has_these_attributes(call: &Call, state: &State, _: &Settings) -> Verdict {
    let changes = super::super::attributes_of(call);
    attributes::check(attributes::GROUP, &changes)?;
    let group = &state.groups[call.get(ARN)];
    let mut after = group.attributes.clone();
    after.extend(changes);
    attributes::check_group(group.setting("Protocol"), &after)
}

pub(super) fn takes_targets_that_run(call: &Call, state: &State, settings: &Settings) -> Verdict {
    let targets = target::of(call, &state.groups[call.get(ARN)]);
    let gone: BTreeSet<_> =
        targets.iter().filter(|(id, _)| settings.terminated.contains(id)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = gone.iter().map(|(id, _)| format!("'{id}'")).collect();
    Err(Refusal::new(
        "InvalidTarget",
        format!(
            "The following targets are not in a running state and cannot be registered: {}",
            ids.join(", ")
        ),
    ))
}

pub(super) fn has_room(call: &Call, state: &State, settings: &Settings) -> Verdict {
    let group = &state.groups[call.get(ARN)];
    let mut after = group.targets.clone();
    after.extend(target::of(call, group));
    if after.len() <= settings.target_quota {
        return Ok(());
    }
    Err(Refusal::new(
        "TooManyTargets",
        format!(
            "The maximum number of targets per target group has been reached: '{}'",
            settings.target_quota
        ),
    ))
}

pub(super) fn is_not_in_use(call: &Call, state: &State, _: &Settings) -> Verdict {
    let arn = call.get(ARN);
    if state.users_of(arn).is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        "ResourceInUse",
        format!("Target group '{arn}' is currently in use by a listener or a rule"),
    ))
}
