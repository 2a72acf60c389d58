//! What there is on the account, in the words of the testkit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipnet::IpNet;
use seaway_core::{Affinity, Mark, Protocol, SourceRanges, TrafficPolicy};
use seaway_integration::mock_aws::{Balancer, Inventory, Listener, Map, Rule, TargetGroup};
use seaway_testkit::{Front, Thing, cluster_id};

pub(super) fn mark(tags: &Map) -> Option<Mark> {
    let cluster = tags.get("seaway.dev/cluster")?.as_str().into();
    let service = tags.get("seaway.dev/service-uid").map(|uid| uid.as_str().into());
    Some(Mark { cluster, service })
}

pub(super) fn things(world: &Inventory) -> Vec<Thing> {
    let mut things = Vec::new();
    for it in world.balancers.values() {
        // It comes up by itself.
        let shown = Balancer { state: String::new(), ..it.clone() };
        let role = format!("load balancer {}", it.scheme);
        things.push(Thing::new(role, mark(&it.tags), shown));
        for (port, front) in &it.listeners {
            things.push(Thing::new(format!("listener {port}"), mark(&front.tags), front));
        }
    }
    for it in world.target_groups.values() {
        let role = format!("target group {}/{}", it.settings["Port"], it.settings["Protocol"]);
        // What drains goes by itself.
        let shown = (&it.settings, &it.attributes, &it.tags, &it.balancers, it.registered());
        things.push(Thing::new(role, mark(&it.tags), shown));
    }
    let all = world.security_groups.iter();
    let own: BTreeSet<_> = all.filter(|(_, it)| is_ours(&it.tags)).map(|(id, _)| id).collect();
    for it in world.security_groups.values() {
        // The nodes' own group is opened for ours: it is theirs, but for those rules.
        let rules: Vec<_> = it.rules.iter().filter(|rule| !own.contains(&rule.source)).collect();
        let role = it.tags.get("seaway.dev/role").unwrap_or(&it.name);
        things.push(Thing::new(format!("security group {role}"), mark(&it.tags), rules));
    }
    things
}

fn is_ours(tags: &Map) -> bool {
    tags.get("seaway.dev/cluster").is_some_and(|cluster| cluster == cluster_id().as_str())
}

/// From where clients come to a port of a load balancer.
fn admits(world: &Inventory, balancer: &Balancer, udp: bool, port: u16) -> SourceRanges {
    if balancer.security_groups.is_empty() {
        return SourceRanges::Anyone;
    }
    let protocol = if udp { "udp" } else { "tcp" };
    let lets_in = |rule: &&Rule| {
        let port = i32::from(port);
        rule.protocol == "-1"
            || (rule.protocol == protocol && (rule.from..=rule.to).contains(&port))
    };
    let groups = balancer.security_groups.iter().map(|id| &world.security_groups[id]);
    let rules = groups.flat_map(|group| &group.rules).filter(lets_in);
    let sources: BTreeSet<IpNet> = rules.filter_map(|rule| rule.source.parse().ok()).collect();
    let everybody = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap());
    if sources == everybody.into() { SourceRanges::Anyone } else { SourceRanges::Only(sources) }
}

fn health(group: &TargetGroup) -> Option<TrafficPolicy> {
    match group.settings["HealthCheckPort"].parse().ok()? {
        10_256 => Some(TrafficPolicy::Cluster),
        port => Some(TrafficPolicy::Local { health_check_node_port: port }),
    }
}

pub(super) fn fronts(
    world: &Inventory,
    balancer: &Balancer,
    (port, listener): (u16, &Listener),
    group: &TargetGroup,
) -> BTreeMap<(u16, Protocol), Front> {
    let protocols: &[Protocol] = match listener.protocol.as_str() {
        "UDP" => &[Protocol::Udp],
        "TCP_UDP" => &[Protocol::Tcp, Protocol::Udp],
        _ => &[Protocol::Tcp],
    };
    let sticky = group.attributes.get("stickiness.enabled").is_some_and(|it| it == "true");
    let front = |protocol| Front {
        targets: group.registered().iter().map(|(id, port)| format!("{id}:{port}")).collect(),
        admits: Some(admits(world, balancer, protocol == Protocol::Udp, port)),
        affinity: Some(sticky.then_some(Affinity { timeout: Duration::from_hours(3) })),
        health: health(group),
    };
    protocols.iter().map(|protocol| ((port, *protocol), front(*protocol))).collect()
}
