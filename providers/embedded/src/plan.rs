mod balancer;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use seaway_core::{BalancerKey, Goal, Plan, Planned, Want};
use seaway_pool::{Overhang, fitting, shown, slots};

use self::balancer::balancer;
pub use self::step::Step;
use crate::config::Config;
use crate::observe::Observed;

/// How long the status of a Service may take to show a new address, before the old one is looked at
/// again.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// The way to what `goal` says of the one Service of `key`.
pub(crate) fn plan(config: &Config, key: &BalancerKey, goal: &Goal, seen: &Observed) -> Plan<Step> {
    let mut plan = Plan::default();
    let uid = match key {
        BalancerKey::Own(uid) => uid,
        // Nothing is ever put under a shared key here.
        BalancerKey::Shared(_) => return plan,
    };
    let own = |step| vec![Planned::of(uid.clone(), step)];
    let release = |addresses| Step::Release { uid: uid.clone(), addresses };
    let Some(member) = goal.members.get(uid) else {
        if seen.open.is_some() {
            plan.stage(own(Step::Close { uid: uid.clone() }));
        }
        if !seen.addresses.is_empty() {
            plan.stage(own(release(seen.addresses.clone())));
        }
        return plan;
    };
    let Want::Present(spec) = &member.want else { return plan };
    let shown = shown(&member.published);
    let slots = match slots(&config.pool, spec, &shown, &seen.addresses) {
        Ok(slots) => slots,
        Err(error) => {
            plan.refused.insert(uid.clone(), error);
            return plan;
        }
    };
    let Some(mut addresses) = fitting(&slots, &seen.addresses) else {
        plan.stage(own(Step::Reserve { service: spec.service.clone(), slots }));
        return plan;
    };
    let over = Overhang::of(&addresses, &seen.addresses, &shown);
    if !over.shown.is_empty() {
        addresses.extend(over.served(&slots));
        plan.look_again_in(SHOWN_AFTER);
    }
    let balancer = balancer(config, spec, goal, seen.open.as_deref(), &addresses);
    if seen.open.as_deref() != Some(&balancer) {
        let (service, balancer) = (spec.service.clone(), Arc::new(balancer));
        plan.stage(own(Step::Open { service, balancer }));
    }
    if !over.hidden.is_empty() {
        // Given back only once nothing listens there any more.
        plan.stage(own(release(over.hidden)));
    }
    plan
}
