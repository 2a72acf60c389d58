//! The security groups that all load balancers share, and the rules that let them reach the nodes: as
//! many as there are security groups of nodes, however many Services there are.

use std::collections::BTreeSet;

use seaway_core::{Goal, Needs, Plan, Planned};

use super::{Change, Place, Step};
use crate::api::{Ingress, PortRange, Rule, Source};
use crate::design::Rules;
use crate::observe::{Firewall, Ground, Observed};
use crate::{mark, names};

/// The way to the ground that `goal` needs.
pub(crate) fn plan_ground(rules: &Rules, goal: &Goal, seen: &Observed) -> Plan<Step> {
    let mut plan = Plan::default();
    let Some(ground) = seen.ground.as_deref() else { return plan };
    if goal.members.is_empty() {
        return clear(ground);
    }
    if goal.present().next().is_none() {
        return plan;
    }
    if let Some(trouble) = &ground.trouble {
        plan.refused = goal.present().map(|(uid, _)| (uid.clone(), trouble.told())).collect();
        // It is mended in the account, which tells nobody.
        plan.needs = Needs::CloserLook;
        return plan;
    }
    let create = |place: Place, role: &str| {
        let mut tags = mark::shared(&rules.cluster, role);
        tags.extend(rules.config.tags.clone());
        let name = names::firewall(&rules.cluster, role);
        Planned::common(Step::CreateFirewall {
            place,
            name,
            vpc: ground.vpc.clone(),
            uid: None,
            tags,
        })
    };
    let mut making = Vec::new();
    if ground.backend.is_none() {
        making.push(create(Place::Backend, "backend"));
    }
    if ground.open.is_none() {
        making.push(create(Place::Open, "open"));
    }
    plan.stage(making);
    let mut opening = Vec::new();
    let wanted: BTreeSet<Rule> = crate::design::everybody()
        .into_iter()
        .map(|prefix| Rule { ingress: Ingress::All, source: Source::Prefix(prefix) })
        .collect();
    let missing = &wanted - &rules_of(ground.open.as_ref());
    if !missing.is_empty() {
        opening.push(common(Change::Authorize { place: Place::Open, rules: missing }));
    }
    // Until the group is there, its id is not known: the next round opens the nodes.
    if let Some(backend) = &ground.backend {
        let wanted = node_rules(rules, &backend.id);
        for (group, have) in &ground.nodes {
            let (more, less) = (&wanted - have, have - &wanted);
            if !more.is_empty() {
                let step = Change::AuthorizeNodes { group: group.clone(), rules: more };
                opening.push(common(step));
            }
            if !less.is_empty() {
                let step = Change::RevokeNodes { group: group.clone(), rules: less };
                opening.push(common(step));
            }
        }
    }
    plan.stage(opening);
    plan
}

/// What the nodes let in: the NodePorts, among them those of health checks, and kube-proxy's health.
fn node_rules(rules: &Rules, backend: &str) -> BTreeSet<Rule> {
    let ports = rules.config.node_ports;
    let health = rules.config.health_check_port;
    let rule = |ingress| Rule { ingress, source: Source::Group(backend.to_owned()) };
    let mut all = BTreeSet::from([rule(Ingress::Tcp(ports)), rule(Ingress::Udp(ports))]);
    if !ports.contains(health) {
        all.insert(rule(Ingress::Tcp(PortRange { from: health, to: health })));
    }
    all
}

/// Nothing is left that stands on it. What is still in use says so, and goes later.
fn clear(ground: &Ground) -> Plan<Step> {
    let mut plan = Plan::default();
    let nodes = ground.nodes.iter().filter(|(_, rules)| !rules.is_empty());
    let close = |(group, rules): (&String, &BTreeSet<Rule>)| {
        common(Change::RevokeNodes { group: group.clone(), rules: rules.clone() })
    };
    plan.stage(nodes.map(close).collect());
    let places = [(Place::Open, &ground.open), (Place::Backend, &ground.backend)];
    let there = places.into_iter().filter(|(_, group)| group.is_some());
    plan.stage(there.map(|(place, _)| common(Change::DeleteFirewall { place })).collect());
    plan
}

fn rules_of(firewall: Option<&Firewall>) -> BTreeSet<Rule> {
    firewall.map(|firewall| firewall.rules.clone()).unwrap_or_default()
}

fn common(change: Change) -> Planned<Step> {
    Planned::common(change.into())
}
