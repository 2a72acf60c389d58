mod balancer;
mod step;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{
    Address, BalancerKey, ErrorKind, Family, Goal, LbSpec, Member, Plan, Planned, ProviderError,
    Want,
};

use self::balancer::balancer;
pub use self::step::Step;
use crate::config::Config;
use crate::observe::Observed;
use crate::pool::{Refusal, Slot, Wish};

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
    let shown = shown(member);
    let slots = match slots(config, spec, &shown, seen) {
        Ok(slots) => slots,
        Err(error) => {
            plan.refused.insert(uid.clone(), error);
            return plan;
        }
    };
    let Some(mut addresses) = fitting(&slots, seen) else {
        plan.stage(own(Step::Reserve { service: spec.service.clone(), slots }));
        return plan;
    };
    let over = seen.addresses.iter().copied().filter(|ip| !addresses.contains(ip));
    let (shown, hidden): (Vec<_>, Vec<_>) = over.partition(|ip| shown.contains(ip));
    if !shown.is_empty() {
        // Clients go there until the status shows the new address. One of a family that has none
        // any more was not moved but given up: it is closed, and kept from others until it is shown
        // no more.
        let served = |ip: &IpAddr| slots.iter().any(|slot| slot.family == Family::of(*ip));
        addresses.extend(shown.into_iter().filter(served));
        plan.look_again_in(SHOWN_AFTER);
    }
    let balancer = balancer(config, spec, goal, seen.open.as_deref(), &addresses);
    if seen.open.as_deref() != Some(&balancer) {
        let (service, balancer) = (spec.service.clone(), Arc::new(balancer));
        plan.stage(own(Step::Open { service, balancer }));
    }
    if !hidden.is_empty() {
        // Given back only once nothing listens there any more.
        plan.stage(own(release(hidden)));
    }
    plan
}

/// The addresses that the status of the Service shows.
fn shown(member: &Member) -> Vec<IpAddr> {
    let ip = |address: &Address| match address {
        Address::Ip(ip) => Some(*ip),
        Address::Hostname(_) => None,
    };
    member.published.iter().filter_map(ip).collect()
}

/// The addresses that a Service is to have: one for each family that the pool has, its own of before
/// if it shows one.
fn slots(
    config: &Config,
    spec: &LbSpec,
    shown: &[IpAddr],
    seen: &Observed,
) -> Result<Vec<Slot>, ProviderError> {
    if let Some(ip) = spec.requested_address {
        if !config.pool.contains(ip) {
            return Err(Refusal::Foreign { ip, ranges: config.pool.to_string() }.told());
        }
        if !spec.families.contains(&Family::of(ip)) {
            let families: Vec<_> = spec.families.iter().map(ToString::to_string).collect();
            return Err(ProviderError::new(
                ErrorKind::InvalidSpec,
                "spec.loadBalancerIP",
                format!(
                    "{ip} is an {} address, and spec.ipFamilies has {} only; ask for an address of \
                     such a family, or for none",
                    Family::of(ip),
                    families.join(" and ")
                ),
            ));
        }
    }
    let families = config.pool.families();
    let slot = |family: Family| {
        let of_family = |ip: &IpAddr| Family::of(*ip) == family;
        let requested = spec.requested_address.filter(of_family);
        let held = || seen.addresses.iter().copied().filter(of_family);
        let shown = || shown.iter().copied().filter(of_family);
        let before = shown()
            .find(|ip| seen.addresses.contains(ip))
            .or_else(|| held().next())
            // One of a pool of before can't be had any more.
            .or_else(|| shown().find(|ip| config.pool.contains(*ip)));
        Slot { family, wish: requested.map(Wish::Only).or_else(|| before.map(Wish::Rather)) }
    };
    let served = spec.families.iter().copied().filter(|family| families.contains(family));
    Ok(served.map(slot).collect())
}

/// The addresses that fill the slots, if the Service has them all.
fn fitting(slots: &[Slot], seen: &Observed) -> Option<Vec<IpAddr>> {
    let holds = |ip: &IpAddr| seen.addresses.contains(ip);
    let of = |family| seen.addresses.iter().copied().find(|ip| Family::of(*ip) == family);
    let fill = |slot: &Slot| match slot.wish {
        Some(Wish::Only(ip)) => Some(ip).filter(holds),
        Some(Wish::Rather(ip)) => Some(ip).filter(holds).or_else(|| of(slot.family)),
        None => of(slot.family),
    };
    slots.iter().map(fill).collect()
}
