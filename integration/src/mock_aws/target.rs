//! Targets are kept here: moto tells two ports of one instance not apart, and has no draining.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::Call;
use super::answer::Answer;
use super::state::{Settings, State, Target, TargetGroup};
use super::xml::Element;

const ARN: &str = "TargetGroupArn";

/// The targets that a call names. Without a port it is that of the target group.
pub(super) fn of(call: &Call, group: &TargetGroup) -> BTreeSet<Target> {
    let targets = call.members("Targets").into_iter();
    let target = |mut each: super::Params| {
        let port = each.get("Port").map_or_else(|| group.setting("Port"), String::as_str);
        let port = port.parse().unwrap_or_default();
        (each.remove("Id").unwrap_or_default(), port)
    };
    targets.map(target).collect()
}

pub(super) fn register(call: &Call, state: &mut State) -> Answer {
    let group = state.groups.get_mut(call.get(ARN)).unwrap();
    for target in of(call, group) {
        group.draining.remove(&target);
        group.targets.insert(target);
    }
    Answer::to(call, Vec::new())
}

/// What is not registered is no error. What gets no traffic does not drain.
pub(super) fn deregister(call: &Call, state: &mut State) -> Answer {
    let used = !state.users_of(call.get(ARN)).is_empty();
    let group = state.groups.get_mut(call.get(ARN)).unwrap();
    for target in of(call, group) {
        if group.targets.remove(&target) && used {
            group.draining.insert(target, Instant::now());
        }
    }
    Answer::to(call, Vec::new())
}

/// `DescribeTargetHealth`, which has no pages.
pub(super) fn health(call: &Call, state: &State, settings: &Settings) -> Answer {
    let arn = call.get(ARN);
    let group = &state.groups[arn];
    let used = !state.users_of(arn).is_empty();
    let named = of(call, group);
    let all = if named.is_empty() {
        let draining = group.draining.keys().filter(|target| group.drains(target, settings));
        group.targets.iter().chain(draining).cloned().collect()
    } else {
        named
    };
    let describe = |target: &Target| {
        let (state, reason) = if group.targets.contains(target) {
            match (used, settings.unhealthy.contains(&target.0)) {
                (false, _) => ("unused", "Target.NotInUse"),
                (true, true) => ("unhealthy", "Target.FailedHealthChecks"),
                (true, false) => ("healthy", ""),
            }
        } else if group.drains(target, settings) {
            ("draining", "Target.DeregistrationInProgress")
        } else {
            ("unused", "Target.NotRegistered")
        };
        let mut health = vec![Element::leaf("State", state)];
        if !reason.is_empty() {
            health.push(Element::leaf("Reason", reason));
        }
        let port = target.1.to_string();
        let id = vec![Element::leaf("Id", target.0.clone()), Element::leaf("Port", port.clone())];
        let checked = match group.setting("HealthCheckPort") {
            "traffic-port" => port,
            port => port.to_owned(),
        };
        vec![
            Element::node("Target", id),
            Element::leaf("HealthCheckPort", checked),
            Element::node("TargetHealth", health),
        ]
    };
    Answer::to(call, vec![Element::list("TargetHealthDescriptions", all.iter().map(describe))])
}
