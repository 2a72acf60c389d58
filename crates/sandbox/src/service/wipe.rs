//! What goes with the old type in the same write, unless the user changed it.

use super::{
    ips, is_external, is_load_balancer, may_have_node_ports, needs_cluster_ip,
    needs_health_check_port,
};
use k8s_openapi::api::core::v1::{LoadBalancerStatus, Service, ServicePort, ServiceSpec};

pub(crate) fn on_type_change(service: &mut Service, old: &ServiceSpec) {
    let spec = service.spec.get_or_insert_default();
    if needs_cluster_ip(old) && !needs_cluster_ip(spec) {
        if spec.cluster_ip == old.cluster_ip && ips(spec) == ips(old) {
            spec.cluster_ip = None;
            spec.cluster_ips = None;
        }
        if spec.ip_families == old.ip_families {
            spec.ip_families = None;
        }
        if spec.ip_family_policy == old.ip_family_policy {
            spec.ip_family_policy = None;
        }
    }
    if may_have_node_ports(old)
        && !may_have_node_ports(spec)
        && node_ports(spec).eq(node_ports(old))
    {
        for port in spec.ports.iter_mut().flatten() {
            port.node_port = None;
        }
    }
    if needs_health_check_port(old)
        && !needs_health_check_port(spec)
        && spec.health_check_node_port == old.health_check_node_port
    {
        spec.health_check_node_port = None;
    }
    if is_load_balancer(old) && !is_load_balancer(spec) {
        if spec.allocate_load_balancer_node_ports == old.allocate_load_balancer_node_ports {
            spec.allocate_load_balancer_node_ports = None;
        }
        if spec.load_balancer_class == old.load_balancer_class {
            spec.load_balancer_class = None;
        }
    }
    if is_external(old)
        && !is_external(spec)
        && spec.external_traffic_policy == old.external_traffic_policy
    {
        spec.external_traffic_policy = None;
    }
    if !is_load_balancer(spec)
        && let Some(status) = &mut service.status
    {
        status.load_balancer = Some(LoadBalancerStatus::default());
    }
}

fn node_ports(spec: &ServiceSpec) -> impl Iterator<Item = Option<i32>> + '_ {
    let ports: &[ServicePort] = spec.ports.as_deref().unwrap_or_default();
    ports.iter().map(|port| port.node_port)
}
