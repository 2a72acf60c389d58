//! Who may come to which ports.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use seaway_core::{Plan, Protocol, Warning};

use super::{Case, Stages, command};
use crate::api::{Firewall, Name, Open, Thing};
use crate::design::{Face, Source};
use crate::mark::Mark;
use crate::step::Step;

/// How long a firewall rule that we may not write is left to the network's admin.
const DENIED: Duration = Duration::from_mins(5);

impl Case<'_> {
    /// The firewall rule of a face.
    pub(super) fn firewall(&self, face: &Face, stages: &mut Stages, plan: &mut Plan<Step>) {
        if !self.rules.config.manage_firewalls {
            return;
        }
        let now = self.seen.firewalls.get(&face.name);
        let Some(ip) = self.ip(face) else { return };
        if face.sources.is_empty() {
            if now.is_some() {
                stages.opening.push(self.delete(Name::Firewall(face.name.clone())));
            }
            return;
        }
        let wanted = Firewall {
            name: face.name.clone(),
            description: Mark::of(&self.rules.cluster, &self.spec.service).text(),
            sources: face.sources.clone(),
            destinations: BTreeSet::from([destination(ip)]),
            open: open(face),
            target_tags: self.rules.config.node_tags.iter().cloned().collect(),
        };
        if now == Some(&wanted) {
            return;
        }
        if let Some(denied) = self.seen.denied.get(&face.name) {
            let message = command(&self.rules.config, &wanted, now.is_some());
            plan.warn(self.uid(), Warning::new("FirewallRuleNeeded", message));
            plan.look_again_in(DENIED);
            if denied.wanted == wanted && self.goal.now.since(denied.at) < DENIED {
                return;
            }
        }
        let thing = Thing::Firewall(wanted);
        stages.opening.push(if now.is_some() { self.update(thing) } else { self.insert(thing) });
    }

    /// The address of a face, once it is known.
    pub(super) fn ip(&self, face: &Face) -> Option<IpAddr> {
        if let Source::Theirs(ip) = face.source {
            return Some(ip);
        }
        let reserved = self.seen.addresses.get(&face.name).and_then(|address| address.ip);
        let mut rules = self.seen.rules.values().map(|(rule, _)| rule);
        reserved.or_else(|| rules.find(|rule| self.is_wanted(face, rule))?.ip)
    }
}

/// An address as a prefix: Google gives load balancers 96 bits of IPv6.
fn destination(ip: IpAddr) -> IpNet {
    match ip {
        IpAddr::V4(ip) => Ipv4Net::from(ip).into(),
        IpAddr::V6(ip) => Ipv6Net::new(ip, 96).unwrap_or_else(|_| ip.into()).trunc().into(),
    }
}

/// The ports of a face, neighbours as ranges: Google takes 100 entries in a rule.
fn open(face: &Face) -> BTreeSet<Open> {
    face.ports.iter().flat_map(|(protocol, ports)| ranges(*protocol, ports)).collect()
}

fn ranges(protocol: Protocol, ports: &BTreeSet<u16>) -> Vec<Open> {
    let mut ranges: Vec<Open> = Vec::new();
    for port in ports {
        match ranges.last_mut() {
            Some(last) if last.to.checked_add(1) == Some(*port) => last.to = *port,
            _ => ranges.push(Open { protocol, from: *port, to: *port }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        let check = |ports: &[u16], text: &str| {
            let open = ranges(Protocol::Tcp, &ports.iter().copied().collect());
            let all: Vec<_> = open.iter().map(ToString::to_string).collect();
            assert_eq!(all.join(" "), text);
        };
        check(&[80], "80/TCP");
        check(&[80, 81, 82, 443], "80-82/TCP 443/TCP");
        check(&[65_534, 65_535], "65534-65535/TCP");
        check(&[], "");
    }

    #[test]
    fn an_address_of_ipv6_is_96_bits() {
        let check = |ip: &str, text: &str| {
            assert_eq!(destination(ip.parse().unwrap()).to_string(), text);
        };
        check("203.0.113.7", "203.0.113.7/32");
        check("2600:1900:4000:1:8000:1::", "2600:1900:4000:1:8000:1::/96");
    }
}
