//! What the server fills in before it looks any closer.

use super::{is_load_balancer, is_type, may_have_node_ports};
use k8s_openapi::{
    api::core::v1::{ClientIPConfig, Service, SessionAffinityConfig},
    apimachinery::pkg::util::intstr::IntOrString,
};

/// Seconds for which a client sticks to a pod, if the user names none.
const AFFINITY_SECONDS: i32 = 10_800;

pub(crate) fn fill(service: &mut Service) {
    let spec = service.spec.get_or_insert_default();
    or(&mut spec.session_affinity, "None");
    if spec.session_affinity.as_deref() == Some("None") {
        spec.session_affinity_config = None;
    }
    if spec.session_affinity.as_deref() == Some("ClientIP") {
        let config: &mut SessionAffinityConfig =
            spec.session_affinity_config.get_or_insert_default();
        let client: &mut ClientIPConfig = config.client_ip.get_or_insert_default();
        client.timeout_seconds.get_or_insert(AFFINITY_SECONDS);
    }
    or(&mut spec.type_, "ClusterIP");
    for port in spec.ports.iter_mut().flatten() {
        or(&mut port.protocol, "TCP");
        let unset = match &port.target_port {
            None => true,
            Some(IntOrString::Int(number)) => *number == 0,
            Some(IntOrString::String(name)) => name.is_empty(),
        };
        if unset {
            port.target_port = Some(IntOrString::Int(port.port));
        }
        port.node_port = port.node_port.filter(|port| *port != 0);
        port.name = port.name.take().filter(|name| !name.is_empty());
    }
    if may_have_node_ports(spec) {
        or(&mut spec.external_traffic_policy, "Cluster");
    }
    if is_type(spec, "ExternalName") {
        spec.internal_traffic_policy = None;
    } else {
        // Empty is not absent here, and is refused.
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if is_load_balancer(spec) {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        let status = service.status.as_mut().and_then(|status| status.load_balancer.as_mut());
        for ingress in status.into_iter().flat_map(|lb| lb.ingress.iter_mut().flatten()) {
            if ingress.ip.as_ref().is_some_and(|ip| !ip.is_empty()) {
                or(&mut ingress.ip_mode, "VIP");
            }
        }
    }
    let spec = service.spec.get_or_insert_default();
    spec.health_check_node_port = spec.health_check_node_port.filter(|port| *port != 0);
    for text in [
        &mut spec.cluster_ip,
        &mut spec.external_name,
        &mut spec.external_traffic_policy,
        &mut spec.load_balancer_ip,
    ] {
        *text = text.take().filter(|text| !text.is_empty());
    }
}

fn or(field: &mut Option<String>, default: &str) {
    if field.as_ref().is_none_or(String::is_empty) {
        *field = Some(default.to_owned());
    }
}
