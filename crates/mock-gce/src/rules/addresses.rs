//! Reserved regional addresses.
//!
//! An address that a forwarding rule has of its own can be reserved ("promoted"), and a reserved one
//! that a rule has can be deleted and is then the rule's own again: the in-tree provider lives by that.

use std::net::IpAddr;

use serde_json::Value;

use super::holder::{self, Holders, Realm};
use super::pool::Pool;
use super::{Verdict, change, field, reference};
use crate::refusal::Refusal;
use crate::state::{Act, Link, State, Thing};

const FREE_PURPOSES: [&str; 2] = ["GCE_ENDPOINT", "SHARED_LOADBALANCER_VIP"];

pub(super) fn after(state: &State, act: &Act) -> Verdict<Thing> {
    let mut after = change::asked(state, act)?;
    field::one_of(&after, "addressType", &["EXTERNAL", "INTERNAL"])?;
    field::default(&mut after, "addressType", "EXTERNAL");
    field::one_of(&after, "ipVersion", &["IPV4", "IPV6"])?;
    field::one_of(&after, "networkTier", &["PREMIUM", "STANDARD"])?;
    field::default(&mut after, "networkTier", "PREMIUM");
    let ip = said(&after)?;
    if ip.is_some_and(|ip| ip.is_ipv6()) {
        field::set(&mut after, "ipVersion", "IPV6");
    }
    let v6 = field::text(&after, "ipVersion") == "IPV6";
    let internal = field::text(&after, "addressType") == "INTERNAL";
    is_of_its_tier(&after, internal, v6)?;
    has_a_purpose(&mut after, internal, v6)?;
    let pool = pool(state, &act.link, &mut after, internal, v6)?;
    if let Some(ip) = ip {
        field::set(&mut after, "address", ip.to_string());
        can_be_reserved(state, &act.link, &after, &pool, ip)?;
    }
    field::set(&mut after, "status", "RESERVED");
    Ok(after)
}

/// Gives an address to a reservation that leaves the choice to Google.
pub(super) fn settle(state: &mut State, home: &Link, thing: &mut Thing) -> Verdict {
    if field::is_set(thing, "address") {
        return Ok(());
    }
    let v6 = field::text(thing, "ipVersion") == "IPV6";
    let internal = field::text(thing, "addressType") == "INTERNAL";
    let pool = pool(state, home, thing, internal, v6)?;
    let ip = pool.give(state)?;
    field::set(thing, "address", ip.to_string());
    if v6 {
        field::set(thing, "prefixLength", 96);
    }
    Ok(())
}

/// After `changed` came, went or changed, the reservation of its address says who uses it.
pub(super) fn tell(state: &mut State, changed: &Thing) {
    let texts = [field::text(changed, "IPAddress"), field::text(changed, "address")];
    let Some(ip) = texts.into_iter().find_map(holder::parse) else { return };
    let holders = Holders::of(state, &Realm::of(state, changed), ip);
    let Some((link, _)) = holders.reserved else { return };
    let rules = holders.rules.iter().map(|(rule, _)| rule.url());
    let users: Vec<Value> =
        rules.chain(holders.instances.iter().map(|own| own.url())).map(Value::from).collect();
    let link = link.clone();
    let Some(thing) = state.things.get_mut(&link) else { return };
    let status = if users.is_empty() { "RESERVED" } else { "IN_USE" };
    field::set(thing, "status", status);
    thing.remove("users");
    if !users.is_empty() {
        field::set(thing, "users", users);
    }
}

/// The address that is asked for.
fn said(after: &Thing) -> Verdict<Option<IpAddr>> {
    let text = field::text(after, "address");
    if text.is_empty() {
        return Ok(None);
    }
    let refused = |why: &str| Refusal::invalid("resource.address", text, why);
    let ip: IpAddr = text.parse().map_err(|_| refused("The IP address is malformed."))?;
    let version = field::text(after, "ipVersion");
    if !version.is_empty() && (version == "IPV6") != ip.is_ipv6() {
        return Err(refused(&format!("It is not an address of {version}.")));
    }
    if ip.is_ipv6() && field::number(after, "prefixLength") != Some(96) {
        let why = "The prefix length of an IPv6 address of a load balancer must be 96.";
        let length = field::number(after, "prefixLength").unwrap_or_default();
        return Err(Refusal::invalid("resource.prefixLength", &length.to_string(), why));
    }
    Ok(Some(ip))
}

fn is_of_its_tier(after: &Thing, internal: bool, v6: bool) -> Verdict {
    if field::text(after, "networkTier") == "STANDARD" && (internal || v6) {
        let why = "Internal and IPv6 addresses are always of the Premium Tier.";
        return Err(Refusal::invalid("resource.networkTier", "STANDARD", why));
    }
    Ok(())
}

fn has_a_purpose(after: &mut Thing, internal: bool, v6: bool) -> Verdict {
    if internal {
        field::one_of(after, "purpose", &FREE_PURPOSES)?;
        field::default(after, "purpose", "GCE_ENDPOINT");
    } else if field::is_set(after, "purpose") {
        let why = "Purpose can only be specified for internal addresses.";
        return Err(Refusal::invalid("resource.purpose", field::text(after, "purpose"), why));
    }
    let endpoint = field::text(after, "ipv6EndpointType");
    match (endpoint, v6 && !internal) {
        ("NETLB", true) | ("", false) => Ok(()),
        ("", true) => Err(Refusal::required("resource.ipv6EndpointType")),
        (other, true) => {
            let why = "Only addresses of type NETLB can be a load balancer's.";
            Err(Refusal::invalid("resource.ipv6EndpointType", other, why))
        }
        (other, false) => {
            let why = "It can only be specified for external IPv6 addresses.";
            Err(Refusal::invalid("resource.ipv6EndpointType", other, why))
        }
    }
}

/// Where the address comes from.
fn pool(state: &State, home: &Link, after: &mut Thing, internal: bool, v6: bool) -> Verdict<Pool> {
    let said = field::text(after, "subnetwork");
    if !internal && !v6 {
        if !said.is_empty() {
            let why = "An external IPv4 address is of no subnetwork.";
            return Err(Refusal::invalid("resource.subnetwork", said, why));
        }
        return Ok(Pool::External { standard: field::text(after, "networkTier") == "STANDARD" });
    }
    let default = format!("{}/subnetworks/default", home.scope.path());
    let text = match said {
        "" if !internal => return Err(Refusal::required("resource.subnetwork")),
        "" => &default,
        said => said,
    };
    let subnet = reference::find(state, home, "subnetwork", text, &["subnetworks"])?;
    let pool = Pool::of_subnet(state, &subnet, v6, !internal)?;
    field::set(after, "subnetwork", subnet.url());
    Ok(pool)
}

fn can_be_reserved(state: &State, home: &Link, after: &Thing, pool: &Pool, ip: IpAddr) -> Verdict {
    let realm = Realm::of(state, after);
    let holders = Holders::of(state, &realm, ip);
    let internal = realm != Realm::External;
    let shared = field::text(after, "purpose") == "SHARED_LOADBALANCER_VIP";
    let foreign = holders
        .rules
        .iter()
        .any(|(rule, _)| rule.project != home.project || rule.scope != home.scope);
    if holders.reserved.is_some() || foreign || (shared && !holders.is_none()) {
        return Err(conflict(ip, internal));
    }
    for (_, rule) in &holders.rules {
        let (own, asked) = (field::text(rule, "networkTier"), field::text(after, "networkTier"));
        if own != asked {
            let why = format!(
                "The network tier of specified IP address is {own}, that of Address is {asked}."
            );
            return Err(Refusal::invalid("resource.address", &ip.to_string(), &why));
        }
    }
    if (internal || ip.is_ipv6()) && !pool.has(state, ip) {
        let why = "Requested internal IP address is outside the network/subnetwork range.";
        return Err(Refusal::invalid("resource.address", &ip.to_string(), why));
    }
    if !internal && ip.is_ipv4() && holders.is_none() {
        let why = "Specified IP address is not allocated to the project or does not belong to the \
                   specified scope.";
        return Err(Refusal::invalid("resource.address", &ip.to_string(), why));
    }
    Ok(())
}

/// Google has three answers for an address that somebody else has.
fn conflict(ip: IpAddr, internal: bool) -> Refusal {
    if internal {
        return in_use(ip);
    }
    let why = "Specified IP address is in-use and would result in a conflict.";
    let refusal = Refusal::invalid("resource.address", &ip.to_string(), why);
    if ip.is_ipv4() {
        return refusal;
    }
    Refusal { message: refusal.message, ..Refusal::stale() }
}

/// What is said of an internal address that somebody else has.
pub(super) fn in_use(ip: IpAddr) -> Refusal {
    let code = "IP_IN_USE_BY_ANOTHER_RESOURCE";
    let message = format!("{code} - IP '{ip}' is already being used by another resource.");
    Refusal::new(409, "ipInUseByAnotherResource", code, message)
}
