//! The address of a forwarding rule, and the network that it is of.

use std::net::{IpAddr, Ipv6Addr};

use super::super::holder::{Holders, Realm, parse};
use super::super::pool::Pool;
use super::super::{Verdict, addresses, field, reference};
use super::ports;
use crate::refusal::Refusal;
use crate::state::{Link, State, Thing};

pub(super) fn check(state: &State, home: &Link, rule: &mut Thing) -> Verdict {
    field::one_of(rule, "networkTier", &["PREMIUM", "STANDARD"])?;
    field::default(rule, "networkTier", "PREMIUM");
    field::one_of(rule, "ipVersion", &["IPV4", "IPV6"])?;
    let reserved = named(state, home, rule)?;
    let ip = said(state, rule, reserved.as_ref())?;
    if ip.is_some_and(|ip| ip.is_ipv6()) {
        field::set(rule, "ipVersion", "IPV6");
    }
    has_a_tier(rule)?;
    if let Some(subnet) = reserved.and_then(|link| state.get(&link)?.get("subnetwork").cloned()) {
        field::default(rule, "subnetwork", subnet);
    }
    let pool = is_of_a_network(state, home, rule)?;
    let Some(ip) = ip else { return Ok(()) };
    is_free(state, home, rule, pool.as_ref(), ip)?;
    field::set(rule, "IPAddress", written(ip));
    Ok(())
}

/// An address as rules have it.
pub(super) fn written(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("{ip}/96") } else { ip.to_string() }
}

pub(super) fn has_a_tier(rule: &Thing) -> Verdict {
    let premium = field::text(rule, "loadBalancingScheme") == "INTERNAL"
        || field::text(rule, "ipVersion") == "IPV6";
    if field::text(rule, "networkTier") == "STANDARD" && premium {
        let why = "Internal and IPv6 forwarding rules are always of the Premium Tier.";
        return Err(Refusal::invalid("resource.networkTier", "STANDARD", why));
    }
    Ok(())
}

pub(super) fn wrong_tier(rule: &Thing, address: &Thing) -> Refusal {
    let (own, theirs) = (field::text(rule, "networkTier"), field::text(address, "networkTier"));
    let why = format!(
        "The network tier of external IP address is {theirs}, that of Forwarding Rule is {own}."
    );
    Refusal::invalid("resource.networkTier", own, &why)
}

/// The reservation, where it is called by its name or URL.
fn named(state: &State, home: &Link, rule: &Thing) -> Verdict<Option<Link>> {
    let text = field::text(rule, "IPAddress");
    if text.is_empty() || parse(text).is_some() {
        return Ok(None);
    }
    let path = if text.contains('/') {
        text.to_owned()
    } else {
        format!("{}/addresses/{text}", home.scope.path())
    };
    let link = reference::find(state, home, "IPAddress", &path, &["addresses"])?;
    if link.scope != home.scope {
        let why = "A regional forwarding rule needs a regional address.";
        return Err(Refusal::invalid("resource.IPAddress", text, why));
    }
    Ok(Some(link))
}

/// The address that is asked for.
fn said(state: &State, rule: &Thing, reserved: Option<&Link>) -> Verdict<Option<IpAddr>> {
    let text = field::text(rule, "IPAddress");
    let reserved = reserved.and_then(|link| state.get(link));
    if let Some(address) = reserved {
        let types = [field::text(rule, "loadBalancingScheme"), field::text(address, "addressType")];
        if types[0] != types[1] {
            let why = format!("An address of type {} cannot be used by it.", types[1]);
            return Err(Refusal::invalid("resource.IPAddress", text, &why));
        }
    }
    let ip = parse(reserved.map_or(text, |address| field::text(address, "address")));
    let Some(ip) = ip else { return Ok(None) };
    let version = field::text(rule, "ipVersion");
    if !version.is_empty() && (version == "IPV6") != ip.is_ipv6() {
        let why = format!("It is not an address of {version}.");
        return Err(Refusal::invalid("resource.IPAddress", text, &why));
    }
    let length = text.split_once('/').filter(|_| reserved.is_none()).map(|(_, length)| length);
    if length.is_some_and(|length| length != "96" || ip.is_ipv4()) {
        let why = "An IPv6 address of a forwarding rule is a /96.";
        return Err(Refusal::invalid("resource.IPAddress", text, why));
    }
    Ok(Some(match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 32 << 32)),
    }))
}

/// The subnetwork of an internal rule and of one of IPv6, and the network of an internal one. The pool
/// of such a rule's addresses.
fn is_of_a_network(state: &State, home: &Link, rule: &mut Thing) -> Verdict<Option<Pool>> {
    let internal = field::text(rule, "loadBalancingScheme") == "INTERNAL";
    let v6 = field::text(rule, "ipVersion") == "IPV6";
    let network = match field::text(rule, "network") {
        "" => None,
        text => Some(reference::find(state, home, "network", text, &["networks"])?),
    };
    if let Some(network) = &network {
        field::set(rule, "network", network.url());
    }
    let subnet = match field::text(rule, "subnetwork") {
        "" if !internal && !v6 => return Ok(None),
        "" if v6 => return Err(Refusal::required("resource.subnetwork")),
        "" => {
            // The subnetworks of an automatic network are called like it.
            let (project, name) = match &network {
                Some(network) => (&network.project, network.name.as_str()),
                None => (&home.project, "default"),
            };
            let link = Link::new(project, home.scope.clone(), "subnetworks", name);
            if state.get(&link).is_none() {
                return Err(Refusal::required("resource.subnetwork"));
            }
            link
        }
        text => reference::find(state, home, "subnetwork", text, &["subnetworks"])?,
    };
    let own = state.get(&subnet).map(|own| field::text(own, "network")).unwrap_or_default();
    if network.is_some_and(|network| network.url() != own) {
        let why = "The subnetwork is of another network.";
        return Err(Refusal::invalid("resource.subnetwork", &subnet.to_string(), why));
    }
    if internal {
        field::set(rule, "network", own);
    }
    field::set(rule, "subnetwork", subnet.url());
    if !internal && !v6 {
        return Ok(None);
    }
    Pool::of_subnet(state, &subnet, v6, !internal).map(Some)
}

fn is_free(state: &State, home: &Link, rule: &Thing, pool: Option<&Pool>, ip: IpAddr) -> Verdict {
    let realm = Realm::of(state, rule);
    let holders = Holders::of(state, &realm, ip);
    let refused = |why: &str| Refusal::invalid("resource.IPAddress", &ip.to_string(), why);
    if pool.is_some_and(|pool| !pool.has(state, ip)) {
        return Err(refused(
            "Requested internal IP address is outside the network/subnetwork range.",
        ));
    }
    let Some((link, address)) = holders.reserved else {
        return match realm {
            Realm::Internal(_) if holders.is_none() => Ok(()),
            Realm::Internal(_) => Err(addresses::in_use(ip)),
            Realm::External if holders.is_none() && ip.is_ipv6() => Ok(()),
            Realm::External if holders.is_none() => {
                let region = home.scope.path().replace("regions/", "");
                let why = format!(
                    "The specified external IP address '{ip}' was not found in region '{region}'."
                );
                Err(refused(&why))
            }
            Realm::External => {
                Err(refused("Specified IP address is in-use and would result in a conflict."))
            }
        };
    };
    if link.project != home.project || link.scope != home.scope {
        return Err(refused("The address is reserved in another project or region."));
    }
    if field::is_set(address, "subnetwork")
        && field::text(address, "subnetwork") != field::text(rule, "subnetwork")
    {
        return Err(refused("The address is reserved in another subnetwork."));
    }
    if field::text(rule, "networkTier") != field::text(address, "networkTier") {
        return Err(wrong_tier(rule, address));
    }
    if realm != Realm::External {
        shares(state, address, &holders, ip)?;
    }
    ports::are_free(rule, &holders.rules)
}

/// An internal address has one rule, or a few if it was made for that.
fn shares(state: &State, address: &Thing, holders: &Holders<'_>, ip: IpAddr) -> Verdict {
    let shared = field::text(address, "purpose") == "SHARED_LOADBALANCER_VIP";
    let most = if shared { state.limits.rules_per_internal_address } else { 1 };
    if !holders.instances.is_empty() || (!shared && !holders.rules.is_empty()) {
        return Err(addresses::in_use(ip));
    }
    if holders.rules.len() < most {
        return Ok(());
    }
    let why = format!("At most {most} forwarding rules can share an internal IP address.");
    Err(Refusal::invalid("resource.IPAddress", &ip.to_string(), &why))
}
