//! What a load balancer has, if it has all that was asked: where the digests in the statuses say that
//! it was converged, nothing need be read after a restart but the listings.

use std::collections::BTreeSet;

use seaway_core::{BalancerKey, Goal};

use crate::design::{Rules, design};
use crate::mark;
use crate::observe::{Detail, Front, Ground, Members, Observed};

/// What is at `key`, with what no listing shows filled in; none if the digests don't vouch for it, or
/// if what is listed is not all there.
pub(crate) fn recall(
    rules: &Rules,
    key: &BalancerKey,
    goal: &Goal,
    listed: &Observed,
    ground: &Ground,
) -> Option<Observed> {
    let vouched = goal.members.values().all(|member| {
        member.spec().is_some_and(|spec| member.applied.as_ref() == Some(&spec.digest()))
    });
    if !vouched || listed.is_deep() || !ground.is_ready() {
        return None;
    }
    let design = design(rules, key, goal, listed, ground);
    let wanted = design.balancer.as_ref().filter(|it| it.adopt.is_none())?;
    let names: BTreeSet<_> = design.ports.values().map(|port| &port.group.name).collect();
    if !design.refused.is_empty()
        || !listed.balancers.keys().eq([&wanted.name])
        || !listed.groups.keys().eq(names)
    {
        return None;
    }
    // With preferred nodes, which pods come and go on, the subset is not what it was.
    if goal.present().any(|(_, spec)| spec.local_nodes.is_some())
        && goal.nodes.len() > rules.config.subset_above
    {
        return None;
    }
    let mut all = listed.clone();
    let balancer = all.balancers.get_mut(&wanted.name)?;
    let mut detail = Detail {
        attributes: wanted.attributes.clone(),
        tags: wanted.tags.clone(),
        ..Detail::default()
    };
    balancer.retained = mark::is_retained(&wanted.free_tags);
    for (number, port) in &design.ports {
        let group = all.groups.get_mut(&port.group.name)?;
        if !group.balancers.contains(&balancer.arn) {
            return None;
        }
        let front = Front {
            arn: None,
            protocol: port.protocol,
            group: Some(group.arn.clone()),
            certificate: port.certificate.clone(),
            policy: port.policy.clone(),
        };
        detail.listeners.insert(*number, front);
        let maybe = (!port.maybe.is_empty()).then(|| port.maybe.clone());
        let attributes = port.attributes.clone();
        group.detail = Some(Members { attributes, targets: port.core.clone(), maybe });
    }
    balancer.detail = Some(detail);
    Some(all)
}
