//! From what is to what should be. Pure.

mod balancer;
mod change;
mod ground;
mod groups;
mod leave;
mod ports;
mod step;

use seaway_core::{BalancerKey, ErrorKind, Goal, Needs, Plan, Planned, ProviderError};

pub use self::change::Change;
pub(crate) use self::ground::plan_ground;
use self::ports::Ports;
pub use self::step::{Place, Step, Way};
use crate::api::State;
use crate::design::{Rules, design};
use crate::observe::{Ground, Observed, PROVISIONING};

/// The stages of a plan: what comes later needs what comes earlier.
#[derive(Debug, Default)]
struct Stages {
    /// Own security groups.
    firewalls: Vec<Planned<Step>>,
    /// Load balancer, target groups, rules, side by side.
    making: Vec<Planned<Step>>,
    /// What needs those: attributes, targets.
    filling: Vec<Planned<Step>>,
    /// Rules that no listener may come before the end of: they would let in others than its clients.
    narrowing: Vec<Planned<Step>>,
    /// Listeners.
    opening: Vec<Planned<Step>>,
    /// What is not wanted any more.
    closing: Vec<Planned<Step>>,
    /// What that was needed for.
    deleting: Vec<Planned<Step>>,
}

impl Stages {
    fn into_plan(self, mut plan: Plan<Step>) -> Plan<Step> {
        let stages = [
            self.firewalls,
            self.making,
            self.filling,
            self.narrowing,
            self.opening,
            self.closing,
            self.deleting,
        ];
        for stage in stages {
            plan.stage(stage);
        }
        plan
    }
}

/// The way to the load balancer that `goal` needs.
pub(crate) fn plan(
    rules: &Rules,
    key: &BalancerKey,
    goal: &Goal,
    seen: &Observed,
    ground: Option<&Ground>,
) -> Plan<Step> {
    let mut plan = Plan::default();
    if goal.members.is_empty() {
        return leave::leave(seen);
    }
    if goal.present().next().is_none() {
        return leave::leavers(goal, seen);
    }
    if let Some(trouble) = ground.and_then(|ground| ground.trouble.as_ref()) {
        plan.refused = goal.present().map(|(uid, _)| (uid.clone(), trouble.told())).collect();
        return plan;
    }
    let Some(ground) = ground.filter(|ground| ground.is_ready()) else {
        plan.needs = Needs::Ground;
        return plan;
    };
    let design = design(rules, key, goal, seen, ground);
    plan.refused.clone_from(&design.refused);
    for (uid, warning) in &design.warnings {
        plan.warn(uid, warning.clone());
    }
    let Some(wanted) = &design.balancer else {
        let leaving = leave::leavers(goal, seen);
        return Plan { refused: plan.refused, warnings: plan.warnings, ..leaving };
    };
    if !seen.is_deep() {
        plan.needs = Needs::CloserLook;
        return plan;
    }
    let Some((name, now)) = wanted.find(seen) else {
        let stages = wanted.begin(&design, goal, seen, ground, &mut plan);
        return stages.into_plan(plan);
    };
    if let State::Failed(reason) = &now.state {
        let message =
            format!("AWS could not make {name}: {reason}; delete it, and it is made again");
        plan.refused.insert(
            wanted.lead.clone(),
            ProviderError::new(ErrorKind::Unavailable, "CreateLoadBalancer", message),
        );
        return plan;
    }
    let mut stages = Stages::default();
    if wanted.adopt.is_none() {
        wanted.change(name, now, seen, ground, &mut stages);
    }
    let mut way = Ports { design: &design, name, now, goal, seen, plan: &mut plan };
    way.all(&mut stages);
    wanted.replace(name, now, goal, seen, &mut stages, &mut plan);
    if !now.is_active() {
        // A closer look shows the state as well.
        if plan.needs == Needs::Nothing {
            plan.needs = Needs::Refresh;
        }
        plan.look_again_in(PROVISIONING);
    }
    stages.into_plan(plan)
}
