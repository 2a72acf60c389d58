//! Taking down what nobody needs. A listing is enough for it.

use seaway_core::{Goal, Needs, Plan, Planned};

use super::{Change, Place, Step};
use crate::observe::{Balancer, Observed};

/// Everything at a key is to go.
pub(super) fn leave(seen: &Observed) -> Plan<Step> {
    let mut plan = Plan::default();
    let lent = |it: &Balancer| it.maker.is_none();
    if seen.balancers.values().any(|it| lent(it) && it.detail.is_none()) {
        plan.needs = Needs::CloserLook;
        return plan;
    }
    // Nobody is a member any more: the first that has something here is told of troubles.
    let holder = seen.holders().into_iter().next();
    let own = |change: Change| match &holder {
        Some(uid) => Planned::of(uid.clone(), change.into()),
        None => Planned::common(change.into()),
    };
    let fronts = seen.balancers.iter().flat_map(|(name, it)| balancer(name, it, seen));
    plan.stage(fronts.map(own).collect());
    let groups = seen.groups.keys().map(|name| Change::DeleteGroup { group: name.clone() });
    let firewalls = seen.firewalls.keys();
    let firewalls = firewalls.map(|it| Change::DeleteFirewall { place: Place::Own(*it) });
    plan.stage(groups.chain(firewalls).map(own).collect());
    plan
}

/// What those have who are no members any more goes, although nobody who stays can be served.
pub(super) fn leavers(goal: &Goal, seen: &Observed) -> Plan<Step> {
    let mut plan = Plan::default();
    let (mut closing, mut deleting) = (Vec::new(), Vec::new());
    for (name, group) in &seen.groups {
        if goal.members.contains_key(&group.uid) {
            continue;
        }
        let own = |change: Change| Planned::of(group.uid.clone(), change.into());
        for (balancer, it) in &seen.balancers {
            if !group.balancers.contains(&it.arn) {
                continue;
            }
            let Some(detail) = &it.detail else {
                plan.needs = Needs::CloserLook;
                return plan;
            };
            let fronts = detail.listeners.iter();
            for (port, front) in
                fronts.filter(|(_, front)| front.group.as_ref() == Some(&group.arn))
            {
                if front.arn.is_none() {
                    plan.needs = Needs::CloserLook;
                }
                let step = Change::DeleteListener { balancer: balancer.clone(), port: *port };
                closing.push(own(step));
            }
        }
        deleting.push(own(Change::DeleteGroup { group: name.clone() }));
    }
    plan.stage(closing);
    plan.stage(deleting);
    plan
}

/// A load balancer of ours goes whole; from one that was lent only our listeners do.
pub(super) fn balancer(name: &str, it: &Balancer, seen: &Observed) -> impl Iterator<Item = Change> {
    let steps: Vec<_> = if it.maker.is_some() {
        vec![Change::DeleteBalancer { balancer: name.to_owned() }]
    } else {
        let ours = |arn: &_| seen.groups.values().any(|group| group.arn == *arn);
        let listeners = it.detail.iter().flat_map(|detail| &detail.listeners);
        let ours = listeners.filter(|(_, front)| front.group.as_ref().is_some_and(ours));
        let close = |(port, _): (&u16, _)| Change::DeleteListener {
            balancer: name.to_owned(),
            port: *port,
        };
        ours.map(close).collect()
    };
    steps.into_iter()
}
