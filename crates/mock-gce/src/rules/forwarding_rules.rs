//! Regional forwarding rules of passthrough load balancers.

mod lead;
mod place;
mod ports;

use super::holder::{Holders, Realm, parse};
use super::pool::Pool;
use super::{Verdict, change, field};
use crate::refusal::Refusal;
use crate::state::{Act, Link, State, Thing};

pub(super) fn new(state: &State, act: &Act) -> Verdict<Thing> {
    let mut rule = change::asked(state, act)?;
    field::one_of(&rule, "loadBalancingScheme", &["EXTERNAL", "INTERNAL"])?;
    field::default(&mut rule, "loadBalancingScheme", "EXTERNAL");
    field::one_of(&rule, "IPProtocol", &["TCP", "UDP", "L3_DEFAULT"])?;
    field::default(&mut rule, "IPProtocol", "TCP");
    lead::check(state, &act.link, &mut rule)?;
    ports::check(state, &mut rule)?;
    if field::flag(&rule, "allowGlobalAccess") {
        may_have_global_access(&rule)?;
    }
    place::check(state, &act.link, &mut rule)?;
    Ok(rule)
}

/// A rule after a PATCH, which changes two fields and no more.
pub(super) fn patched(state: &State, act: &Act) -> Verdict<Thing> {
    let before = change::before(state, act)?;
    if field::is_set(&act.body, "fingerprint") {
        change::fingerprint_is_fresh(before, &act.body)?;
    }
    for (name, value) in &act.body {
        let may = ["allowGlobalAccess", "networkTier", "fingerprint"].contains(&name.as_str());
        if !may && before.get(name) != Some(value) {
            let said = field::text(&act.body, name);
            let why = "Only 'allowGlobalAccess' and 'networkTier' can be patched.";
            return Err(Refusal::invalid(&format!("resource.{name}"), said, why));
        }
    }
    let mut rule = change::asked(state, act)?;
    if act.body.contains_key("allowGlobalAccess") {
        may_have_global_access(&rule)?;
    }
    if rule.get("networkTier") != before.get("networkTier") {
        moves_to_its_tier(state, &mut rule)?;
    }
    Ok(rule)
}

/// A rule after a `setTarget`, which is for those that have a target.
pub(super) fn retargeted(state: &State, act: &Act) -> Verdict<Thing> {
    let mut rule = change::before(state, act)?.clone();
    let text = field::text(&act.body, "target");
    if field::is_set(&rule, "backendService") {
        let why = "The target of a forwarding rule with a backend service cannot be set.";
        return Err(Refusal::invalid("target", text, why));
    }
    field::set(&mut rule, "target", text);
    lead::check(state, &act.link, &mut rule)?;
    Ok(rule)
}

/// Gives an address to a rule that has none: it is the rule's for as long as it lives.
pub(super) fn settle(state: &mut State, rule: &mut Thing) -> Verdict {
    if field::is_set(rule, "IPAddress") {
        return Ok(());
    }
    let external = field::text(rule, "loadBalancingScheme") == "EXTERNAL";
    let v6 = field::text(rule, "ipVersion") == "IPV6";
    let subnet = Link::parse(field::text(rule, "subnetwork"));
    let pool = match subnet {
        Some(subnet) if v6 || !external => Pool::of_subnet(state, &subnet, v6, external)?,
        _ => Pool::External { standard: field::text(rule, "networkTier") == "STANDARD" },
    };
    let ip = pool.give(state)?;
    field::set(rule, "IPAddress", place::written(ip));
    Ok(())
}

fn may_have_global_access(rule: &Thing) -> Verdict {
    if field::text(rule, "loadBalancingScheme") == "INTERNAL" {
        return Ok(());
    }
    let why = "Global access is for internal load balancers.";
    Err(Refusal::invalid("resource.allowGlobalAccess", "", why))
}

/// The tiers have addresses of their own. So a reserved one keeps a rule in its tier, and one that is
/// the rule's own is lost.
fn moves_to_its_tier(state: &State, rule: &mut Thing) -> Verdict {
    place::has_a_tier(rule)?;
    let Some(ip) = parse(field::text(rule, "IPAddress")) else { return Ok(()) };
    let holders = Holders::of(state, &Realm::of(state, rule), ip);
    if let Some((_, address)) = holders.reserved {
        return Err(place::wrong_tier(rule, address));
    }
    rule.remove("IPAddress");
    Ok(())
}
