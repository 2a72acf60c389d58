//! From what is to what should be. Pure.

mod firewall;
mod ground;
mod leave;
mod rules;
mod shared_vpc;

use std::collections::BTreeSet;
use std::time::Duration;

use seaway_core::{
    BalancerKey, ErrorKind, Goal, LbSpec, Member, Needs, Plan, Planned, ProviderError, ServiceUid,
    Warning,
};

use self::ground::check_firewall;
pub(crate) use self::ground::plan_ground;
pub(crate) use self::shared_vpc::command;
use crate::api::{Instance, Name, Thing};
use crate::design::{Design, Rules, Shared, design, shared, shared_check};
use crate::names;
use crate::observe::{Ground, Observed};
use crate::step::Step;

/// How long the status of a Service may take to show a new address, before the old one is looked at
/// again.
const SHOWN_AFTER: Duration = Duration::from_secs(2);

/// The stages of a plan: what comes later needs what comes earlier.
#[derive(Debug, Default)]
struct Stages {
    /// Forwarding rules that must make room for others.
    room: Vec<Planned<Step>>,
    /// Health checks and addresses.
    first: Vec<Planned<Step>>,
    /// Backend services: they name their health check.
    services: Vec<Planned<Step>>,
    /// Forwarding rules, and who may come.
    opening: Vec<Planned<Step>>,
    /// What is not wanted any more.
    closing: Vec<Planned<Step>>,
    /// What that led to.
    deleting: Vec<Planned<Step>>,
    /// What that asked.
    last: Vec<Planned<Step>>,
}

/// A Service that is to be served, and what it has.
struct Case<'a> {
    rules: &'a Rules,
    spec: &'a LbSpec,
    member: &'a Member,
    goal: &'a Goal,
    seen: &'a Observed,
}

/// The way to the load balancer that `goal` needs.
pub(crate) fn plan(
    rules: &Rules,
    key: &BalancerKey,
    goal: &Goal,
    seen: &Observed,
    ground: &Observed,
) -> Plan<Step> {
    let mut plan = Plan::default();
    let BalancerKey::Own(uid) = key else { return plan };
    let Some(member) = goal.members.get(uid) else { return leave::leave(seen) };
    let Some(spec) = member.spec() else { return plan };
    let ground = ground.ground.as_deref().map(|ground| (ground, shared(rules, goal, ground)));
    let ready = ground.filter(|(ground, nodes)| is_ready(rules, nodes, ground, seen));
    let Some((ground, nodes)) = ready else {
        plan.needs = Needs::Ground;
        return plan;
    };
    if seen.rules.is_empty()
        && let Some(error) = no_node(&nodes)
    {
        plan.refused.insert(uid.clone(), error);
        return plan;
    }
    match design(rules, spec, &nodes, seen, ground) {
        Ok(design) => {
            let case = Case { rules, spec, member, goal, seen };
            case.plan(&design, &mut plan);
            case.unchecked(ground, &mut plan);
        }
        Err(refusal) => {
            if refusal.look {
                plan.needs = Needs::CloserLook;
            }
            plan.refused.insert(uid.clone(), refusal.error);
        }
    }
    plan
}

/// Whether the ground has all that a load balancer stands on. What is begun only now waits for nodes
/// in its groups: it would be reported with none behind it.
fn is_ready(rules: &Rules, nodes: &Shared, ground: &Ground, seen: &Observed) -> bool {
    let filled = |(zone, subnet): &(String, String), wanted: &BTreeSet<Instance>| {
        let group = names::group(&rules.cluster, zone, subnet, 0);
        let members = ground.groups.get(&group);
        members.is_some_and(|members| !seen.rules.is_empty() || !members.is_disjoint(wanted))
    };
    ground.checks.contains_key(&shared_check(rules).name)
        && nodes.groups.iter().all(|(place, wanted)| filled(place, wanted))
}

/// Why a load balancer that is not begun yet would lead to no node of the cluster, if it would.
fn no_node(Shared { groups, left_out }: &Shared) -> Option<ProviderError> {
    let first = left_out.first().filter(|_| groups.is_empty())?;
    let message = format!("none of {} nodes can get traffic: {first}", left_out.len());
    Some(ProviderError::new(ErrorKind::Unavailable, "nodes", message))
}

impl Case<'_> {
    fn plan(&self, design: &Design, plan: &mut Plan<Step>) {
        for warning in &design.warnings {
            plan.warn(self.uid(), warning.clone());
        }
        let mut stages = Stages::default();
        self.check(design, &mut stages);
        self.services(design, &mut stages);
        for face in &design.faces {
            self.face(face, design, &mut stages);
            self.firewall(face, &mut stages, plan);
        }
        self.retire(design, &mut stages, plan);
        stages.into_plan(plan);
    }

    /// Where Google's checkers are not let in, because the network is another project's, its admin is
    /// told.
    fn unchecked(&self, ground: &Ground, plan: &mut Plan<Step>) {
        let config = &self.rules.config;
        if !config.manage_firewalls || config.network_project == config.project {
            return;
        }
        for family in &self.spec.families {
            let wanted = check_firewall(self.rules, *family);
            if !ground.firewalls.contains_key(&wanted.name) {
                let message = command(config, &wanted, false);
                plan.warn(self.uid(), Warning::new("FirewallRuleNeeded", message));
            }
        }
    }

    fn uid(&self) -> &ServiceUid {
        &self.spec.service.uid
    }

    fn step(&self, step: Step) -> Planned<Step> {
        Planned::of(self.uid().clone(), step)
    }

    fn insert(&self, thing: Thing) -> Planned<Step> {
        self.step(Step::Insert(thing))
    }

    fn update(&self, thing: Thing) -> Planned<Step> {
        self.step(Step::Update(thing))
    }

    fn delete(&self, name: Name) -> Planned<Step> {
        self.step(Step::Delete(name))
    }

    fn check(&self, design: &Design, stages: &mut Stages) {
        if let Some(check) = &design.check {
            match self.seen.checks.get(&check.name) {
                None => stages.first.push(self.insert(Thing::HealthCheck(check.clone()))),
                Some(now) if now != check => {
                    stages.first.push(self.update(Thing::HealthCheck(check.clone())));
                }
                Some(_) => {}
            }
        }
    }

    fn services(&self, design: &Design, stages: &mut Stages) {
        for service in &design.services {
            match self.seen.services.get(&service.name) {
                None => stages.services.push(self.insert(Thing::BackendService(service.clone()))),
                Some(now) if now != service => {
                    stages.services.push(self.update(Thing::BackendService(service.clone())));
                }
                Some(_) => {}
            }
        }
    }

    /// Takes away what is not wanted any more, from the clients' side on. What is at an address that
    /// the status still shows, and another takes the place of, stays until the status shows that one.
    fn retire(&self, design: &Design, stages: &mut Stages, plan: &mut Plan<Step>) {
        let mut kept = Vec::new();
        for (rule, _) in self.seen.rules.values() {
            let face = design.faces.iter().find(|face| face.family == rule.family);
            let wanted = face.is_some_and(|face| self.is_wanted(face, rule));
            let awaited = face.is_some_and(|face| !wanted && self.is_awaited(face, rule));
            if wanted {
                kept.push(rule);
            } else if awaited {
                plan.look_again_in(SHOWN_AFTER);
                kept.push(rule);
            } else {
                stages.closing.push(self.delete(rule_name(rule)));
            }
        }
        let face_is_kept = |name: &str| {
            design.faces.iter().any(|face| face.name == name)
                || kept.iter().any(|rule| names::face_of(&rule.name) == Some(name))
        };
        for name in self.seen.firewalls.keys().filter(|name| !face_is_kept(name)) {
            stages.closing.push(self.delete(Name::Firewall(name.clone())));
        }
        for name in self.seen.addresses.keys().filter(|name| !face_is_kept(name)) {
            stages.deleting.push(self.delete(Name::Address(name.clone())));
        }
        let leads = |name: &str| {
            design.services.iter().any(|service| service.name == name)
                || kept.iter().any(|rule| rule.backend_service == name)
        };
        let services = self.seen.services.values();
        let (kept, gone): (Vec<_>, Vec<_>) = services.partition(|service| leads(&service.name));
        for service in gone {
            stages.deleting.push(self.delete(Name::BackendService(service.name.clone())));
        }
        let asked = |name: &str| {
            design.check.as_ref().is_some_and(|check| check.name == name)
                // What leads elsewhere from now on may still be asked as before.
                || kept.iter().any(|service| {
                    service.health_check == name
                        && !design.services.iter().any(|wanted| wanted.name == service.name)
                })
        };
        for name in self.seen.checks.keys().filter(|name| !asked(name)) {
            stages.last.push(self.delete(Name::HealthCheck(name.clone())));
        }
    }
}

fn rule_name(rule: &crate::api::ForwardingRule) -> Name {
    Name::ForwardingRule(rule.name.clone())
}

impl Stages {
    fn into_plan(self, plan: &mut Plan<Step>) {
        let stages = [
            self.room,
            self.first,
            self.services,
            self.opening,
            self.closing,
            self.deleting,
            self.last,
        ];
        for stage in stages {
            plan.stage(stage);
        }
    }
}
