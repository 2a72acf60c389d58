//! What all Services of a cluster share: as many calls as there are zones, however many Services there
//! are.

use std::collections::BTreeSet;

use ipnet::IpNet;
use seaway_core::{Family, Goal, Plan, Planned, Protocol};

use crate::api::{Firewall, Instance, InstanceGroup, Name, Open, Thing};
use crate::design::{Rules, Shared, shared, shared_check};
use crate::limits::{CHECKERS_V4, CHECKERS_V6, INSTANCES_PER_CALL, INSTANCES_PER_GROUP, REJECTED};
use crate::mark::Mark;
use crate::names;
use crate::observe::{Ground, Group, Observed};
use crate::step::Step;

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
    let Shared { groups, .. } = shared(rules, goal, ground);
    let mut making: Vec<_> = check(rules, ground).into_iter().collect();
    let (mut joining, mut leaving) = (Vec::new(), Vec::new());
    for ((zone, subnet), wanted) in &groups {
        let mut fill = Fill { rules, ground, zone, subnet, wanted };
        fill.plan(&mut making, &mut joining);
    }
    let stay: BTreeSet<&Instance> = groups.values().flatten().collect();
    for (group, members) in &ground.groups {
        let gone: Vec<_> =
            members.iter().filter(|member| !stay.contains(member)).cloned().collect();
        for some in gone.chunks(INSTANCES_PER_CALL) {
            leaving.push(common(Step::Remove(group.clone(), some.to_vec())));
        }
    }
    if !ground.rejected.is_empty() {
        plan.look_again_in(REJECTED);
    }
    plan.stage(leaving);
    plan.stage(making);
    plan.stage(joining);
    // Where the network is another project's, its admin may have to make them: nothing waits for that.
    plan.stage(firewalls(rules, goal, ground));
    plan
}

/// The instances of one zone and subnetwork, in as many groups as they need.
struct Fill<'a> {
    rules: &'a Rules,
    ground: &'a Ground,
    zone: &'a str,
    subnet: &'a str,
    wanted: &'a BTreeSet<Instance>,
}

impl Fill<'_> {
    /// Who is in a group stays there; who is in none goes to the first with room.
    fn plan(&mut self, making: &mut Vec<Planned<Step>>, joining: &mut Vec<Planned<Step>>) {
        let there: BTreeSet<_> = self.ground.groups.values().flatten().collect();
        let mut new: Vec<_> =
            self.wanted.iter().filter(|it| !there.contains(it)).cloned().collect();
        let mut number = 0;
        while !new.is_empty() {
            let group = names::group(&self.rules.cluster, self.zone, self.subnet, number);
            number += 1;
            let empty = Group::new();
            let members = self.ground.groups.get(&group);
            if members.is_none() {
                making.push(common(Step::Insert(Thing::InstanceGroup(InstanceGroup {
                    zone: self.zone.to_owned(),
                    name: group.as_str().to_owned(),
                    description: Mark::shared(&self.rules.cluster).text(),
                }))));
            }
            let stay = members.unwrap_or(&empty).intersection(self.wanted).count();
            let room = INSTANCES_PER_GROUP.saturating_sub(stay).min(new.len());
            let rest = new.split_off(room);
            for some in new.chunks(INSTANCES_PER_CALL) {
                joining.push(common(Step::Add(group.clone(), some.to_vec())));
            }
            new = rest;
        }
    }
}

/// The health check that all share.
fn check(rules: &Rules, ground: &Ground) -> Option<Planned<Step>> {
    let check = shared_check(rules);
    match ground.checks.get(&check.name) {
        None => Some(common(Step::Insert(Thing::HealthCheck(check)))),
        Some(now) if *now != check => Some(common(Step::Update(Thing::HealthCheck(check)))),
        Some(_) => None,
    }
}

/// The firewall rules that let Google's checkers in, of each family that a Service has.
fn firewalls(rules: &Rules, goal: &Goal, ground: &Ground) -> Vec<Planned<Step>> {
    if !rules.config.manage_firewalls {
        return Vec::new();
    }
    let families: BTreeSet<_> = goal.present().flat_map(|(_, spec)| &spec.families).collect();
    let wanted = families.into_iter().map(|family| check_firewall(rules, *family));
    let step = |wanted: Firewall| match ground.firewalls.get(&wanted.name) {
        None => Some(common(Step::Insert(Thing::Firewall(wanted)))),
        Some(now) if *now != wanted => Some(common(Step::Update(Thing::Firewall(wanted)))),
        Some(_) => None,
    };
    wanted.filter_map(step).collect()
}

/// The nodes let the checkers of a family in, to kube-proxy's own port and to those of Services with
/// `externalTrafficPolicy: Local`.
pub(super) fn check_firewall(rules: &Rules, family: Family) -> Firewall {
    let checkers: &[&str] = match family {
        Family::IPv4 => &CHECKERS_V4,
        Family::IPv6 => &CHECKERS_V6,
    };
    let nodes = rules.config.node_ports;
    let health = rules.config.health_check_port;
    let open = |from, to| Open { protocol: Protocol::Tcp, from, to };
    let mut all = BTreeSet::from([open(nodes.from, nodes.to)]);
    if !nodes.contains(health) {
        all.insert(open(health, health));
    }
    Firewall {
        name: names::check_firewall(&rules.cluster, family),
        description: Mark::shared(&rules.cluster).text(),
        // They are constants: a test parses them.
        sources: checkers.iter().filter_map(|range| range.parse::<IpNet>().ok()).collect(),
        destinations: BTreeSet::new(),
        open: all,
        target_tags: rules.config.node_tags.iter().cloned().collect(),
    }
}

/// Nothing is left that stands on it. What is still in use says so, and goes later.
fn clear(ground: &Ground) -> Plan<Step> {
    let mut plan = Plan::default();
    let firewalls = ground.firewalls.keys().cloned().map(Name::Firewall);
    let checks = ground.checks.keys().cloned().map(Name::HealthCheck);
    let groups = ground.groups.keys().cloned();
    let all = firewalls.chain(checks).chain(groups);
    plan.stage(all.map(|name| common(Step::Delete(name))).collect());
    plan
}

const fn common(step: Step) -> Planned<Step> {
    Planned::common(step)
}

#[cfg(test)]
mod tests {
    use seaway_core::{ClusterId, LbSpec, Member, Node};

    use super::*;
    use crate::api::Subnet;
    use crate::config::Config;

    fn rules() -> Rules {
        let config: Config = toml::from_str("project = 'p'\nregion = 'r'").unwrap();
        Rules { config: config.complete().unwrap(), cluster: ClusterId::from("lab") }
    }

    /// Nodes with these numbers, all in one zone and subnetwork.
    fn goal(numbers: impl Iterator<Item = u16>) -> Goal {
        let node = |number: u16| Node {
            provider_id: Some(format!("gce://p/r-a/node-{number}")),
            addresses: vec![format!("10.0.{}.{}", number / 256, number % 256).parse().unwrap()],
            ..seaway_testkit::node(&format!("node-{number}")).build()
        };
        let spec: LbSpec = seaway_testkit::spec("a").port(80).build();
        let members = [(spec.service.uid.clone(), Member::present(spec))];
        Goal { nodes: numbers.map(node).collect(), members: members.into(), ..Goal::default() }
    }

    /// Follows the plan to its end, and tells how many steps that took.
    fn follow(goal: &Goal, seen: &mut Observed) -> usize {
        let rules = rules();
        let mut steps = 0;
        loop {
            let plan = plan_ground(&rules, goal, seen);
            if plan.is_empty() {
                return steps;
            }
            for planned in plan.stages.iter().flatten() {
                steps += 1;
                seen.learn(&rules.cluster, crate::foresee::foresee(&planned.step));
            }
        }
    }

    fn sizes(seen: &Observed) -> Vec<usize> {
        seen.ground.as_ref().unwrap().groups.values().map(Group::len).collect()
    }

    #[test]
    fn a_group_that_is_full_has_another_beside_it_and_nobody_moves() {
        let subnet = Subnet {
            name: "default".to_owned(),
            v4: Some("10.0.0.0/16".parse().unwrap()),
            v6: None,
            access: crate::api::SubnetAccess::None,
        };
        let ground = Ground { subnets: vec![subnet], ..Ground::default() };
        let mut seen =
            Observed { ground: Some(std::sync::Arc::new(ground)), ..Observed::default() };
        follow(&goal(1..=999), &mut seen);
        assert_eq!(sizes(&seen), [999]);
        // One call fills the first, one makes the second, one begins to fill it.
        assert_eq!(follow(&goal(1..=1002), &mut seen), 3);
        assert_eq!(sizes(&seen), [1000, 2]);
        let before = seen.ground.clone();
        assert_eq!(follow(&goal((1..=1002).filter(|it| *it != 5)), &mut seen), 1);
        assert_eq!(sizes(&seen), [999, 2]);
        follow(&goal(1..=1002), &mut seen);
        assert_eq!(seen.ground, before);
    }

    #[test]
    fn the_checkers_are_prefixes() {
        for range in CHECKERS_V4.iter().chain(&CHECKERS_V6) {
            range.parse::<IpNet>().unwrap();
        }
    }
}
