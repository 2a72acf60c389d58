//! What an update leaves out and the server carries over.

use super::{allocates_node_ports, ips, needs_cluster_ip, needs_health_check_port};
use k8s_openapi::api::core::v1::ServiceSpec;
use std::collections::{HashMap, HashSet};

/// `clusterIP` and `clusterIPs[0]` are one thing: who gives the first gets the second.
pub(crate) fn cluster_ips_on_create(spec: &mut ServiceSpec) {
    if let Some(ip) = &spec.cluster_ip
        && ips(spec).is_empty()
    {
        spec.cluster_ips = Some(vec![ip.clone()]);
    }
}

/// Old clients change `clusterIP` and know nothing of `clusterIPs`.
pub(crate) fn cluster_ips_on_update(spec: &mut ServiceSpec, old: &ServiceSpec) {
    let same_ips = ips(spec) == ips(old);
    if spec.cluster_ip != old.cluster_ip && same_ips {
        spec.cluster_ips = match (&spec.cluster_ip, ips(spec)) {
            (None, _) => None,
            (Some(ip), [_, rest @ ..]) => Some(std::iter::once(ip).chain(rest).cloned().collect()),
            (Some(ip), []) => Some(vec![ip.clone()]),
        };
    } else if spec.cluster_ip == old.cluster_ip && !same_ips && ips(spec).is_empty() {
        spec.cluster_ip = None;
    }
}

/// A manifest that is applied again does not name what the server allocated.
pub(crate) fn allocated(spec: &mut ServiceSpec, old: &ServiceSpec) {
    if needs_cluster_ip(old) && needs_cluster_ip(spec) {
        if spec.cluster_ip.is_none() && ips(spec).is_empty() {
            spec.cluster_ip.clone_from(&old.cluster_ip);
        }
        if ips(spec).is_empty() && spec.cluster_ip == old.cluster_ip {
            spec.cluster_ips.clone_from(&old.cluster_ips);
        }
    }
    if allocates_node_ports(old) && allocates_node_ports(spec) {
        node_ports(spec, old);
    }
    if needs_health_check_port(old)
        && needs_health_check_port(spec)
        && spec.health_check_node_port.is_none()
    {
        spec.health_check_node_port = old.health_check_node_port;
    }
}

fn node_ports(spec: &mut ServiceSpec, old: &ServiceSpec) {
    let used = |spec: &ServiceSpec| -> HashSet<i32> {
        spec.ports.iter().flatten().filter_map(|port| port.node_port).collect()
    };
    let mut taken: HashSet<i32> = used(old).intersection(&used(spec)).copied().collect();
    let by_name: HashMap<_, _> =
        old.ports.iter().flatten().map(|port| (port.name.clone(), port.node_port)).collect();
    for port in spec.ports.iter_mut().flatten().filter(|port| port.node_port.is_none()) {
        if let Some(Some(known)) = by_name.get(&port.name)
            && taken.insert(*known)
        {
            port.node_port = Some(*known);
        }
    }
}
