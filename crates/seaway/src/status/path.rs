use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Node, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use seaway_controller::ServiceView;
use seaway_core::Family;
use seaway_intent::controls::node_selector;
use serde::Serialize;

use super::page::spec;
use super::read::Around;

/// The way of a packet from one port of the load balancer to the pods.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Path {
    /// `80/TCP`
    pub port: String,
    pub name: Option<String>,
    pub node_port: Option<i32>,
    /// The nodes that may be targets.
    pub nodes: Vec<Hop>,
    /// `10.96.0.7:80`, for each family.
    pub cluster: Vec<String>,
    pub pods: Vec<Pod>,
}

/// A node on the way.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Hop {
    pub node: String,
    pub address: Option<String>,
    /// What the load balancer thinks of it; none if that is not known.
    pub health: Option<String>,
    /// Why it gets no traffic.
    pub reason: Option<String>,
}

/// A pod at the end of the way.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Pod {
    /// With the port.
    pub address: String,
    pub name: Option<String>,
    pub node: Option<String>,
    pub ready: bool,
}

pub(super) fn paths(around: &Around, view: Option<&ServiceView>) -> Vec<Path> {
    let spec = spec(&around.service);
    let nodes = nodes(around, view);
    let ips = spec.cluster_ips.or_else(|| spec.cluster_ip.map(|ip| vec![ip])).unwrap_or_default();
    let ports = spec.ports.unwrap_or_default();
    let path = |port: &ServicePort| Path {
        port: format!("{}/{}", port.port, port.protocol.as_deref().unwrap_or("TCP")),
        name: port.name.clone(),
        node_port: port.node_port.filter(|number| *number > 0),
        nodes: nodes.clone(),
        cluster: ips.iter().map(|ip| at(ip, port.port)).collect(),
        pods: pods(&around.slices, port),
    };
    ports.iter().map(path).collect()
}

/// The targets as the load balancer has them, else the nodes that may be some.
fn nodes(around: &Around, view: Option<&ServiceView>) -> Vec<Hop> {
    let annotations = around.service.metadata.annotations.clone().unwrap_or_default();
    let selector = node_selector(&annotations, &[]).ok().flatten();
    let is_selected = |node: &&Node| {
        let labels = node.metadata.labels.clone().unwrap_or_default();
        selector.as_ref().is_none_or(|(_, selector)| selector.selects(&labels))
    };
    let families = spec(&around.service).ip_families.unwrap_or_default();
    // A NodePort answers on the families of its Service, and on no others.
    let is_of_it = |ip: &&IpAddr| {
        families.is_empty() || families.iter().any(|it| *it == Family::of(**ip).to_string())
    };
    let addresses: BTreeMap<_, _> = around
        .nodes
        .iter()
        .filter(is_selected)
        .filter_map(|node| {
            let read = serde_json::from_value(serde_json::to_value(node).ok()?);
            let mut read: seaway_intent::Node = read.ok()?;
            read.metadata.deleting = node.metadata.deletion_timestamp.is_some();
            let target = seaway_intent::target(&read)?;
            let address = target.addresses.iter().find(is_of_it).map(ToString::to_string);
            Some((target.name.to_string(), address))
        })
        .collect();
    let targets = view.map(|view| view.targets.as_slice()).unwrap_or_default();
    if targets.is_empty() {
        let none = format!("it has no {} address", families.join(" or "));
        let hop = |(node, address): (String, Option<String>)| {
            let reason = address.is_none().then(|| none.clone());
            Hop { node, address, health: None, reason }
        };
        return addresses.into_iter().map(hop).collect();
    }
    let hop = |target: &seaway_core::Target| Hop {
        node: target.node.to_string(),
        address: target
            .address
            .map(|ip| ip.to_string())
            .or_else(|| addresses.get(target.node.as_str()).cloned().flatten()),
        health: Some(target.health.to_string()),
        reason: target.reason.clone(),
    };
    targets.iter().map(hop).collect()
}

/// The pods behind a port: those of the slices' port by the same name.
fn pods(slices: &[EndpointSlice], port: &ServicePort) -> Vec<Pod> {
    let wanted = port.name.as_deref().unwrap_or_default();
    let mut pods = Vec::new();
    for slice in slices {
        let ports = slice.ports.iter().flatten();
        let same = |name: &Option<String>| name.as_deref().unwrap_or_default() == wanted;
        let Some(number) = ports.filter(|it| same(&it.name)).find_map(|it| it.port) else {
            continue;
        };
        for endpoint in slice.endpoints.iter().flatten() {
            let conditions = endpoint.conditions.as_ref();
            let name = endpoint.target_ref.as_ref().and_then(|target| target.name.clone());
            pods.extend(endpoint.addresses.iter().map(|ip| Pod {
                address: at(ip, number),
                name: name.clone(),
                node: endpoint.node_name.clone(),
                ready: conditions.and_then(|it| it.ready) != Some(false),
            }));
        }
    }
    pods.sort_by(|a, b| a.address.cmp(&b.address));
    pods
}

/// An address with a port.
pub(super) fn at(ip: &str, port: i32) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The way to the only node, of which this address is known.
    fn way(ip: &str, families: &[&str]) -> Hop {
        let service = json!({
            "metadata": { "name": "web" },
            "spec": { "ipFamilies": families, "ports": [{ "port": 80, "nodePort": 30080 }] },
        });
        let node = json!({
            "metadata": { "name": "node-1" },
            "status": { "addresses": [{ "type": "InternalIP", "address": ip }] },
        });
        let around = Around {
            service: serde_json::from_value(service).unwrap(),
            events: Vec::new(),
            slices: Vec::new(),
            nodes: vec![serde_json::from_value(node).unwrap()],
            missing: Vec::new(),
        };
        paths(&around, None).remove(0).nodes.remove(0)
    }

    #[test]
    fn no_way_leads_to_a_node_without_an_address_of_the_services_family() {
        let known = |hop: Hop| (hop.address, hop.reason);
        let v4 = Some("192.0.2.1".to_owned());
        assert_eq!(known(way("192.0.2.1", &["IPv4"])), (v4.clone(), None));
        assert_eq!(known(way("192.0.2.1", &["IPv6", "IPv4"])), (v4.clone(), None));
        assert_eq!(known(way("192.0.2.1", &[])), (v4, None), "an old API server tells none");
        let none = Some("it has no IPv6 address".to_owned());
        assert_eq!(known(way("192.0.2.1", &["IPv6"])), (None, none));
    }
}
