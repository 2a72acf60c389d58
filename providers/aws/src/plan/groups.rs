//! Target groups: what they are, and what is in them.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{ErrorKind, Goal, Needs, Plan, ProviderError, Warning};

use super::{Change, Stages, Step};
use crate::api::Target;
use crate::design::{PortDesign, differing, group_default};
use crate::limits::{BRAKE, BRAKE_FREE, BRAKE_PERCENT, FULL, REJECTED, TARGETS_PER_CALL};
use crate::observe::{Group, Observed};

/// What is to change of the target group of a port.
pub(super) fn follow(
    port: &PortDesign,
    goal: &Goal,
    seen: &Observed,
    plan: &mut Plan<Step>,
    stages: &mut Stages,
) {
    let name = &port.group.name;
    let group = seen.groups.get(name);
    let attributes = |seen| differing(&port.attributes, seen, group_default);
    let set = |attributes| Change::SetGroupAttributes { group: name.clone(), attributes };
    let Some(group) = group else {
        let new = Box::new(port.group.clone());
        stages.making.push(port.step(Step::CreateGroup { uid: port.uid.clone(), new }));
        let attributes = attributes(&BTreeMap::new());
        if !attributes.is_empty() {
            stages.filling.push(port.step(set(attributes)));
        }
        stages.filling.extend(register(name, &port.core, true).map(|it| port.step(it)));
        return;
    };
    if group.health_check != port.group.health_check {
        let (group, check) = (name.clone(), port.group.health_check.clone());
        stages.making.push(port.step(Change::SetHealthCheck { group, check }));
    }
    let Some(detail) = &group.detail else { return };
    let attributes = attributes(&detail.attributes);
    if !attributes.is_empty() {
        stages.making.push(port.step(set(attributes)));
    }
    if let Some(maybe) = &detail.maybe {
        // Which targets there are is known only as far as these nodes go.
        let band = &port.core | &port.maybe;
        if detail.targets != port.core || &detail.targets | maybe != band {
            plan.needs = Needs::CloserLook;
        }
        return;
    }
    targets(port, group, &detail.targets, goal, plan, stages);
}

/// Registers before it takes out, unless the group is full.
fn targets(
    port: &PortDesign,
    group: &Group,
    have: &BTreeSet<Target>,
    goal: &Goal,
    plan: &mut Plan<Step>,
    stages: &mut Stages,
) {
    let name = &port.group.name;
    let rejected = |target: &Target| {
        let since = group.rejected.get(&target.instance)?;
        (goal.now.since(*since) < REJECTED).then_some(())
    };
    let (later, more): (BTreeSet<Target>, BTreeSet<Target>) =
        (&port.core - have).into_iter().partition(|target| rejected(target).is_some());
    if !later.is_empty() {
        let names: BTreeSet<_> = later.iter().map(|target| target.instance.as_str()).collect();
        let names: Vec<_> = names.into_iter().collect();
        let text = format!("AWS takes no traffic to {} yet: not running", names.join(", "));
        plan.warn(&port.uid, Warning::new("InvalidTarget", text));
        plan.look_again_in(REJECTED);
    }
    let may = &port.core | &port.maybe;
    // Another port of the same instances is no loss of instances.
    let staying: BTreeSet<_> = port.core.iter().map(|target| &target.instance).collect();
    let (mut lost, mut less): (Vec<Target>, BTreeSet<Target>) = (Vec::new(), BTreeSet::new());
    for target in have.difference(&may) {
        if staying.contains(&target.instance) {
            less.insert(target.clone());
        } else {
            lost.push(target.clone());
        }
    }
    // What went within the minute counts too.
    let window = group.dropped.map(|(since, count)| (goal.now.since(since), count));
    let (age, recent) = window.filter(|(age, _)| *age < BRAKE).unwrap_or_default();
    let most = BRAKE_FREE.max((have.len() + recent) * BRAKE_PERCENT / 100).saturating_sub(recent);
    if lost.len() > most {
        let text = format!(
            "{} of {} targets of {name} are to go: {most} go now, and more after a minute, lest a \
             mistake take all",
            lost.len(),
            have.len()
        );
        plan.warn(&port.uid, Warning::new("MassDeregistration", text));
        plan.look_again_in(BRAKE.saturating_sub(age));
        lost.truncate(most);
    }
    less.extend(lost);
    let full = group.full.filter(|since| goal.now.since(*since) < FULL);
    if full.is_some() && !more.is_empty() {
        if less.is_empty() {
            let message = format!(
                "{name} takes no more than its {} targets, and {} more are wanted: raise the quotas \
                 \"targets per Availability Zone\" and \"targets per load balancer\", or lower \
                 targets-per-service",
                have.len(),
                more.len()
            );
            let error = ProviderError::new(ErrorKind::QuotaExceeded, "RegisterTargets", message);
            plan.refused.insert(port.uid.clone(), error);
            plan.look_again_in(FULL);
        }
        // Room first: then it is tried again.
        stages.making.extend(deregister(name, &less).map(|it| port.step(it)));
        return;
    }
    stages.filling.extend(register(name, &more, have.is_empty()).map(|it| port.step(it)));
    stages.closing.extend(deregister(name, &less).map(|it| port.step(it)));
}

fn batches(targets: &BTreeSet<Target>) -> impl Iterator<Item = BTreeSet<Target>> {
    let all: Vec<_> = targets.iter().cloned().collect();
    let batches: Vec<_> =
        all.chunks(TARGETS_PER_CALL).map(|some| some.iter().cloned().collect()).collect();
    batches.into_iter()
}

fn register(group: &str, targets: &BTreeSet<Target>, first: bool) -> impl Iterator<Item = Step> {
    batches(targets).map(move |targets| Step::Register { group: group.to_owned(), targets, first })
}

fn deregister(group: &str, targets: &BTreeSet<Target>) -> impl Iterator<Item = Change> {
    batches(targets).map(move |targets| Change::Deregister { group: group.to_owned(), targets })
}
