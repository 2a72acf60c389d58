//! Who has an address.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{all, field};
use crate::state::{Link, State, Thing};

/// Where an address means something: on the Internet, or in a network, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Realm {
    External,
    Internal(String),
}

impl Realm {
    /// Where the address of a forwarding rule, or of a reservation, means something.
    pub(super) fn of(state: &State, thing: &Thing) -> Self {
        let internal = field::text(thing, "loadBalancingScheme") == "INTERNAL"
            || field::text(thing, "addressType") == "INTERNAL";
        if !internal {
            return Self::External;
        }
        let subnet = Link::parse(field::text(thing, "subnetwork"));
        let subnet = subnet.and_then(|link| state.get(&link));
        Self::Internal(subnet.map(|own| field::text(own, "network")).unwrap_or_default().to_owned())
    }
}

/// All who have one address.
#[derive(Debug, Default)]
pub(super) struct Holders<'a> {
    /// The reservation.
    pub(super) reserved: Option<(&'a Link, &'a Thing)>,
    /// The forwarding rules.
    pub(super) rules: Vec<(&'a Link, &'a Thing)>,
    /// The instances.
    pub(super) instances: Vec<&'a Link>,
}

impl<'a> Holders<'a> {
    pub(super) fn of(state: &'a State, realm: &Realm, ip: IpAddr) -> Self {
        let mut holders = Self::default();
        for (link, thing) in &state.things {
            match link.collection.as_str() {
                "addresses" if has(state, thing, "address", realm, ip) => {
                    holders.reserved = Some((link, thing));
                }
                "forwardingRules" if has(state, thing, "IPAddress", realm, ip) => {
                    holders.rules.push((link, thing));
                }
                "instances" => {
                    let cards = field::things(thing, "networkInterfaces");
                    let own = |card: &&Thing| {
                        parse(field::text(card, "networkIP")) == Some(ip)
                            && *realm == Realm::Internal(field::text(card, "network").to_owned())
                    };
                    if cards.iter().any(own) {
                        holders.instances.push(link);
                    }
                }
                _ => {}
            }
        }
        holders
    }

    /// Whether nobody has it.
    pub(super) fn is_none(&self) -> bool {
        self.reserved.is_none() && self.rules.is_empty() && self.instances.is_empty()
    }
}

fn has(state: &State, thing: &Thing, name: &str, realm: &Realm, ip: IpAddr) -> bool {
    parse(field::text(thing, name)) == Some(ip) && Realm::of(state, thing) == *realm
}

/// An address, with or without the `/96` of IPv6.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.split_once('/').map_or(text, |(address, _)| address).parse().ok()
}

/// All addresses of a realm that somebody has.
pub(super) fn taken(state: &State, realm: &Realm) -> BTreeSet<IpAddr> {
    let reserved = all(state, "addresses").map(|(_, thing)| (thing, "address"));
    let rules = all(state, "forwardingRules").map(|(_, thing)| (thing, "IPAddress"));
    let said = reserved.chain(rules).filter(|(thing, _)| Realm::of(state, thing) == *realm);
    let said = said.filter_map(|(thing, name)| parse(field::text(thing, name)));
    let cards =
        all(state, "instances").flat_map(|(_, own)| field::things(own, "networkInterfaces"));
    let cards =
        cards.filter(|card| *realm == Realm::Internal(field::text(card, "network").to_owned()));
    said.chain(cards.filter_map(|card| parse(field::text(card, "networkIP")))).collect()
}
