mod balancer;
mod party;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use seaway_core::setting::PROXY_PROTOCOL;
use seaway_core::{BalancerKey, Goal, LbSpec, Plan, Planned, ServiceUid, TrafficPolicy, Warning};
use seaway_pool::{Holder, Order, Overhang, Pools};

use self::balancer::balancer;
use self::party::{Guest, Party};
pub use self::step::Step;
use crate::config::Config;
use crate::dataplane::Balancer;
use crate::observe::{Observed, Seat};

/// How long the status of a Service may take to show a new address, before the old one is looked at
/// again.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// What a plan rests on besides the goal and what is seen.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub config: &'a Config,
    pub pools: &'a Pools,
}

/// The steps, in the order in which they may be made.
#[derive(Default)]
struct Stages {
    /// Ports that others wait for are closed, and addresses had.
    first: Vec<Planned<Step>>,
    opening: Vec<Planned<Step>>,
    /// Given back only once nothing listens there any more.
    releasing: Vec<Planned<Step>>,
}

/// The way to what `goal` says of the Services of `key`.
pub(crate) fn plan(
    terms: Terms<'_>,
    key: &BalancerKey,
    goal: &Goal,
    seen: &Observed,
) -> Plan<Step> {
    let mut plan = Plan::default();
    let mut stages = Stages::default();
    for (uid, seat) in &seen.seats {
        if !goal.members.contains_key(uid) {
            stages.leave(&Holder::at(key, uid), seat);
        }
    }
    let party = Party::read(terms, key, goal, seen, &mut plan);
    for (uid, seat) in &seen.seats {
        stages.make_room(&Holder::at(key, uid), seat, goal, &party);
    }
    for guest in &party.guests {
        let nothing = Seat::default();
        let seat = seen.seat(guest.uid).unwrap_or(&nothing);
        stages.serve(terms.config, &Holder::at(key, guest.uid), guest, (goal, seat), &mut plan);
    }
    plan.stage(stages.first).stage(stages.opening).stage(stages.releasing);
    plan
}

impl Stages {
    /// Takes down what somebody had who is no member.
    fn leave(&mut self, holder: &Holder, seat: &Seat) {
        let own = |step| Planned::of(holder.uid.clone(), step);
        if seat.open.is_some() {
            self.first.push(own(Step::Close { holder: holder.clone() }));
        }
        if !seat.addresses.is_empty() {
            let (holder, addresses) = (holder.clone(), seat.addresses.clone());
            self.releasing.push(own(Step::Release { holder, addresses, leaves: true }));
        }
    }

    /// Closes the ports of a member that are another's by now, before that one opens them.
    fn make_room(&mut self, holder: &Holder, seat: &Seat, goal: &Goal, party: &Party<'_>) {
        let Some(open) = &seat.open else { return };
        let spec = goal.members.get(&holder.uid).and_then(|member| member.spec());
        // Who is no member goes anyway, and who is on hold stays as it is.
        let Some(spec) = spec else { return };
        let mut waiting = open.listeners.iter().filter_map(|it| party.other_owner(it, &holder.uid));
        let Some(waiting) = waiting.next() else { return };
        let mut less = open.as_ref().clone();
        less.listeners.retain(|listener| party.other_owner(listener, &holder.uid).is_none());
        let holder = holder.clone();
        let step = if less.listeners.is_empty() {
            Step::Close { holder }
        } else {
            Step::Open { holder, service: spec.service.clone(), balancer: Arc::new(less) }
        };
        self.first.push(Planned::of(waiting.clone(), step));
    }

    fn serve(
        &mut self,
        config: &Config,
        holder: &Holder,
        guest: &Guest<'_>,
        (goal, seat): (&Goal, &Seat),
        plan: &mut Plan<Step>,
    ) {
        let spec = guest.spec;
        let own = |step| Planned::of(spec.service.uid.clone(), step);
        let (holder, service) = (holder.clone(), spec.service.clone());
        warn(guest, plan);
        let Some(mut addresses) = guest.chosen.clone() else {
            let order = Order { pool: guest.pool.clone(), slots: guest.slots.clone() };
            self.first.push(own(Step::Reserve { holder, service, order }));
            return;
        };
        let over = Overhang::of(&addresses, &seat.addresses, &guest.shown);
        if !over.shown.is_empty() {
            addresses.extend(over.served(&guest.slots));
            plan.look_again_in(SHOWN_AFTER);
        }
        let open = seat.open.as_deref();
        let balancer = balancer(config, (spec, guest.tuning), goal, open, &addresses);
        warn_of_nodes(goal, spec, &balancer, plan);
        if open != Some(&balancer) {
            let (holder, balancer) = (holder.clone(), Arc::new(balancer));
            self.opening.push(own(Step::Open { holder, service, balancer }));
        }
        if !over.hidden.is_empty() {
            let step = Step::Release { holder, addresses: over.hidden, leaves: false };
            self.releasing.push(own(step));
        }
    }
}

/// Nodes that can't be reached are left out, and if that is all of them, clients are reset.
fn warn_of_nodes(goal: &Goal, spec: &LbSpec, balancer: &Balancer, plan: &mut Plan<Step>) {
    let nodes = goal.targets(spec).count();
    if nodes == 0 || !balancer.targets.is_empty() {
        return;
    }
    let families: Vec<_> = spec.families.iter().map(ToString::to_string).collect();
    let families = families.join(" or ");
    let none = match nodes {
        1 => format!("the only node has no {families} address"),
        more => format!("none of {more} nodes has an {families} address"),
    };
    let message = format!(
        "{none}, so clients are reset; give the nodes such \
         addresses, or the Service another family in spec.ipFamilies"
    );
    plan.warn(&spec.service.uid, Warning::new("NoNodeOfFamily", message));
}

/// What the owner of a Service should know though it is served.
fn warn(guest: &Guest<'_>, plan: &mut Plan<Step>) {
    let uid: &ServiceUid = guest.uid;
    let is_local = matches!(guest.spec.traffic_policy, TrafficPolicy::Local { .. });
    if is_local && !guest.tuning.proxy_protocol {
        let message = format!(
            "externalTrafficPolicy: Local is served, but the client's address is lost: nodes see \
             connections from the load balancer; {PROXY_PROTOCOL}: v2 tells it to pods that speak the \
             PROXY protocol"
        );
        plan.warn(uid, Warning::new("ClientAddressLost", message));
    }
    if let Some(warning) = crate::settings::tcp_only(guest.spec) {
        plan.warn(uid, warning);
    }
}
