use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{Goal, Node};

use super::Rules;
use crate::api::Instance;
use crate::instance::instance;
use crate::limits::REJECTED;
use crate::observe::Ground;

/// Which nodes get traffic.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The instances of each zone and subnetwork.
    pub groups: BTreeMap<(String, String), BTreeSet<Instance>>,
    /// Why others do not, in the order of their names.
    pub left_out: Vec<String>,
}

/// Sorts the nodes by what their instances have to have in common: Google takes no instance group of
/// several zones or subnetworks. Who is about to go is in none.
pub(crate) fn shared(rules: &Rules, goal: &Goal, ground: &Ground) -> Shared {
    let rejected = |instance: &Instance| {
        let rejected = ground.rejected.get(instance)?;
        (goal.now.since(rejected.at) < REJECTED).then_some(&rejected.why)
    };
    let mut shared = Shared::default();
    for node in goal.nodes.values().filter(|node| !node.draining) {
        match place(rules, node, ground) {
            Ok((subnet, instance)) => {
                if let Some(why) = rejected(&instance) {
                    shared.left_out.push(format!("{}: {why}", node.name));
                    continue;
                }
                let group = (instance.zone.clone(), subnet);
                shared.groups.entry(group).or_default().insert(instance);
            }
            Err(why) => shared.left_out.push(why),
        }
    }
    shared
}

fn place(rules: &Rules, node: &Node, ground: &Ground) -> Result<(String, Instance), String> {
    let instance = instance(node, &rules.config.project)?;
    let region = &rules.config.region;
    if !instance.zone.strip_prefix(region.as_str()).is_some_and(|rest| rest.starts_with('-')) {
        return Err(format!("{}: its zone {} is not of {region}", node.name, instance.zone));
    }
    let subnet = node.addresses.iter().find_map(|ip| ground.subnet_of(*ip));
    let subnet = subnet.ok_or_else(|| {
        let addresses: Vec<_> = node.addresses.iter().map(ToString::to_string).collect();
        format!(
            "{}: none of its addresses ({}) is in a subnetwork of {} in {region}",
            node.name,
            addresses.join(", "),
            rules.config.network
        )
    })?;
    Ok((subnet.name.clone(), instance))
}
