//! The way from what is to what should be.

use std::collections::BTreeSet;

use seaway_core::{Goal, LbSpec, Member, Node, Port};

use super::cloud::BATCH;
use super::{At, Observed, Step};

/// The digest vouches for what a listing doesn't show, if what it shows is all there.
pub(super) fn vouched(member: &Member, spec: &LbSpec, seen: &Observed) -> bool {
    let ports = spec.ports.iter().map(|port| (port.port, port.protocol));
    member.applied.as_ref() == Some(&spec.digest())
        && seen.balancer.as_ref().is_some_and(|front| front.kept == spec.retain)
        && seen.pools.keys().copied().eq(ports)
}

fn target(node: &Node, port: &Port) -> Option<String> {
    let machine = node.provider_id.as_deref()?.rsplit('/').next()?;
    Some(format!("{machine}:{}", port.node_port?))
}

/// Everything for one Service that is all seen in full.
pub(super) fn way(spec: &LbSpec, goal: &Goal, seen: &Observed) -> [Vec<Step>; 4] {
    let [mut making, mut opening, mut closing, mut deleting] = [const { Vec::new() }; 4];
    let uid = &spec.service.uid;
    let detail = seen.balancer.as_ref().and_then(|front| front.detail.as_ref());
    match detail {
        None => making.push(Step::CreateBalancer(uid.clone(), spec.source_ranges.clone())),
        Some((admits, _)) if *admits != spec.source_ranges => {
            making.push(Step::Admit(spec.source_ranges.clone()));
        }
        Some(_) => {}
    }
    if seen.balancer.as_ref().map_or(spec.retain, |front| front.kept != spec.retain) {
        // The id must be known first.
        let stage = if detail.is_some() { &mut making } else { &mut opening };
        stage.push(Step::Keep(spec.retain));
    }
    let batches = |targets: BTreeSet<String>| {
        let targets: Vec<_> = targets.into_iter().collect();
        targets.chunks(BATCH).map(|some| some.iter().cloned().collect()).collect::<Vec<_>>()
    };
    for port in &spec.ports {
        let at = (port.port, port.protocol);
        let pool = seen.pools.get(&at);
        let (health, there) = match pool.and_then(|pool| pool.detail.as_ref()) {
            Some((health, targets)) => (Some(*health), targets.clone()),
            None => (None, BTreeSet::new()),
        };
        match health {
            None => making.push(Step::CreatePool(uid.clone(), at, spec.traffic_policy)),
            Some(told) if told != spec.traffic_policy => {
                making.push(Step::SetHealth(at, spec.traffic_policy));
            }
            Some(_) => {}
        }
        let wanted: BTreeSet<_> =
            goal.targets(spec).filter_map(|node| target(node, port)).collect();
        let register = |some| Step::Register(at, some);
        opening.extend(batches(&wanted - &there).into_iter().map(register));
        closing.extend(batches(&there - &wanted).into_iter().map(|it| Step::Deregister(at, it)));
        let leads = detail.and_then(|(_, listeners)| listeners.get(&port.port));
        if leads.is_none() || leads != pool.map(|pool| &pool.id) {
            opening.push(Step::Listen(at));
        }
    }
    let wanted = |at: &At| spec.ports.iter().any(|port| (port.port, port.protocol) == *at);
    let numbers: BTreeSet<_> = spec.ports.iter().map(|port| port.port).collect();
    let listening = detail.into_iter().flat_map(|(_, listeners)| listeners.keys());
    closing.extend(listening.filter(|port| !numbers.contains(port)).map(|port| Step::Close(*port)));
    deleting.extend(seen.pools.keys().filter(|at| !wanted(at)).map(|at| Step::DeletePool(*at)));
    [making, opening, closing, deleting]
}
