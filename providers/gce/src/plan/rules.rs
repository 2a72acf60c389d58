//! Forwarding rules: none of them goes while one of its ports is wanted.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use seaway_core::{Address as Shown, Family, Protocol};

use super::{Case, Stages, rule_name};
use crate::api::{Address, ForwardingRule, Purpose, Scheme, Thing};
use crate::design::{Design, Face, Source};
use crate::limits::PORTS_PER_RULE;
use crate::mark::Mark;
use crate::names;

/// Where the rules of a face get their address from.
enum Origin {
    /// This one, reserved.
    Reserved(IpAddr),
    /// Google's choice, for as long as the one rule lives.
    Ephemeral,
    /// It is being reserved.
    Later,
}

impl Case<'_> {
    /// The forwarding rules of a face, and the address that they need.
    pub(super) fn face(&self, face: &Face, design: &Design, stages: &mut Stages) {
        let (mut new, mut room) = (Vec::new(), Vec::new());
        for (protocol, ports) in &face.ports {
            let (missing, crowded) = self.missing(face, *protocol, ports);
            new.extend(missing.chunks(PORTS_PER_RULE).map(|ports| (*protocol, ports.to_vec())));
            room.extend(crowded);
        }
        self.change(face, stages);
        // A family that nobody may connect by is not begun.
        if new.is_empty() || (face.sources.is_empty() && !self.has_rules(face)) {
            return;
        }
        let ip = match self.address(face, new.len(), stages) {
            Origin::Reserved(ip) => Some(ip),
            Origin::Ephemeral => None,
            Origin::Later => return,
        };
        // Whoever has to make room goes first: a port can't be in two rules.
        if !room.is_empty() {
            stages.room.extend(room.into_iter().map(|rule| self.delete(rule_name(rule))));
            return;
        }
        let (turn, place) = (self.turn(face), self.place(face.family));
        for (protocol, ports) in new {
            let service = design.services.iter().find(|service| service.protocol == protocol);
            let (Some(service), Some(first)) = (service, ports.first()) else { continue };
            let mark =
                Mark { turn, family: place, ..Mark::of(&self.rules.cluster, &self.spec.service) };
            let rule = ForwardingRule {
                name: names::rule(&face.name, protocol, *first),
                description: mark.text(),
                scheme: face.scheme,
                family: face.family,
                protocol,
                ports: ports.into_iter().collect(),
                ip,
                tier: face.tier,
                subnet: face.subnet.clone(),
                global_access: face.global_access,
                backend_service: service.name.clone(),
            };
            stages.opening.push(self.insert(Thing::ForwardingRule(rule)));
        }
    }

    /// The ports of a protocol that no rule has, and the rules that must give up theirs for them, where
    /// there would be too many rules otherwise: those with the fewest.
    fn missing<'a>(
        &'a self,
        face: &'a Face,
        protocol: Protocol,
        ports: &BTreeSet<u16>,
    ) -> (Vec<u16>, Vec<&'a ForwardingRule>) {
        let mut useful = self.useful(face, protocol);
        useful.sort_by_key(|rule| Reverse(rule.ports.intersection(ports).count()));
        let mut crowded = Vec::new();
        loop {
            let there = useful.iter().flat_map(|rule| &rule.ports).copied().collect();
            let missing: Vec<_> = ports.difference(&there).copied().collect();
            let rules = useful.len() + missing.len().div_ceil(PORTS_PER_RULE);
            match useful.pop() {
                Some(rule) if rules > face.most => crowded.push(rule),
                _ => return (missing, crowded),
            }
        }
    }

    /// Changes what can be changed of the rules that are there.
    fn change(&self, face: &Face, stages: &mut Stages) {
        for rule in self.rules_of(face) {
            if self.is_wanted(face, rule) && rule.global_access != face.global_access {
                let rule = ForwardingRule { global_access: face.global_access, ..rule.clone() };
                stages.opening.push(self.update(Thing::ForwardingRule(rule)));
            }
        }
    }

    /// Where `new` more rules get their address from; reserves it where there are several rules, or
    /// will be: an address that is not reserved goes with its only rule.
    fn address(&self, face: &Face, new: usize, stages: &mut Stages) -> Origin {
        let asked = match face.source {
            Source::Theirs(ip) => return Origin::Reserved(ip),
            Source::Ours(asked) => asked,
        };
        if let Some(address) = self.seen.addresses.get(&face.name) {
            return address.ip.map_or(Origin::Later, Origin::Reserved);
        }
        let now = self.rules_of(face).find_map(|rule| rule.ip);
        let there = self.rules_of(face).count();
        if face.scheme == Scheme::External && there + new == 1 && now.is_none() {
            return Origin::Ephemeral;
        }
        stages.first.push(self.insert(Thing::Address(Address {
            name: face.name.clone(),
            description: Mark::of(&self.rules.cluster, &self.spec.service).text(),
            ip: now.or(asked),
            family: face.family,
            scheme: face.scheme,
            tier: face.tier,
            purpose: (face.scheme == Scheme::Internal).then_some(Purpose::Shared),
            subnet: face.subnet.clone(),
        })));
        Origin::Later
    }

    /// The rules at a face's place, wanted or not.
    fn rules_of<'a>(&'a self, face: &'a Face) -> impl Iterator<Item = &'a ForwardingRule> {
        self.seen.rules.values().map(|(rule, _)| rule).filter(|rule| {
            names::face_of(&rule.name) == Some(&face.name)
                && (rule.scheme, rule.tier, rule.family) == (face.scheme, face.tier, face.family)
                && rule.subnet == face.subnet
        })
    }

    fn has_rules(&self, face: &Face) -> bool {
        self.rules_of(face).next().is_some()
    }

    /// The rules of a protocol that are wanted.
    fn useful<'a>(&'a self, face: &'a Face, protocol: Protocol) -> Vec<&'a ForwardingRule> {
        let ours = self.rules_of(face).filter(|rule| rule.protocol == protocol);
        ours.filter(|rule| self.is_wanted(face, rule)).collect()
    }

    /// Whether a rule leads where it should, and has a port that is wanted.
    pub(super) fn is_wanted(&self, face: &Face, rule: &ForwardingRule) -> bool {
        let reserved = self.seen.addresses.get(&face.name).and_then(|address| address.ip);
        let at = match face.source {
            Source::Theirs(ip) => rule.ip == Some(ip),
            Source::Ours(_) => reserved.is_none() || rule.ip == reserved,
        };
        let ports = face.ports.get(&rule.protocol);
        at && self.rules_of(face).any(|it| it.name == rule.name)
            && ports.is_some_and(|ports| !ports.is_disjoint(&rule.ports))
    }

    /// Whether an old rule stays until the status shows the face that takes its place.
    pub(super) fn is_awaited(&self, face: &Face, rule: &ForwardingRule) -> bool {
        let shown = |ip: IpAddr| self.member.published.contains(&Shown::Ip(ip));
        let new = self.ip(face);
        // Nobody may connect by the new one, so nobody may by the old one.
        !face.sources.is_empty()
            && new != rule.ip
            && rule.ip.is_some_and(shown)
            && !new.is_some_and(shown)
    }

    /// The number of a face among those that the Service has had.
    fn turn(&self, face: &Face) -> u32 {
        let family = || {
            let all = self.seen.rules.values();
            all.filter(|(rule, _)| rule.family == face.family)
        };
        let own = family().find(|(rule, _)| names::face_of(&rule.name) == Some(&face.name));
        own.map_or_else(
            || family().map(|(_, rank)| rank.turn + 1).max().unwrap_or_default(),
            |(_, rank)| rank.turn,
        )
    }

    /// The place of a family in the Service.
    fn place(&self, family: Family) -> usize {
        self.spec.families.iter().position(|it| *it == family).unwrap_or_default()
    }
}
