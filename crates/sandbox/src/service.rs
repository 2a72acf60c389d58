//! The rules of Services: what the real server fills in, refuses, allocates and wipes.
//!
//! Pure but for the [`Ledger`] of what is allocated.
//! After `pkg/registry/core/service` and `pkg/apis/core/{v1/defaults,validation}` of Kubernetes.

pub(crate) mod allocate;
mod carry;
mod defaults;
mod families;
mod validate;
pub(crate) mod warnings;
mod wipe;

use crate::invalid::Cause;
use allocate::{Claims, Ledger};
use k8s_openapi::api::core::v1::{LoadBalancerStatus, Service, ServiceSpec, ServiceStatus};

/// Makes a new Service whole, or says what is wrong with it.
pub(crate) fn create(service: &mut Service, ledger: &mut Ledger) -> Result<Claims, Vec<Cause>> {
    let nothing = Some(LoadBalancerStatus::default());
    service.status = Some(ServiceStatus { load_balancer: nothing, ..ServiceStatus::default() });
    defaults::fill(service);
    carry::cluster_ips_on_create(spec(service));
    findings(validate::cluster_ips(spec(service)))?;
    families::settle(spec(service), None, ledger)?;
    findings(validate::create(service))?;
    allocate::claim(spec(service), None, ledger)
}

/// Makes a changed Service whole, or says what is wrong with it. The status stays as it was.
pub(crate) fn update(
    service: &mut Service,
    old: &Service,
    ledger: &mut Ledger,
) -> Result<Claims, Vec<Cause>> {
    let was = old.spec.clone().unwrap_or_default();
    service.status.clone_from(&old.status);
    defaults::fill(service);
    let now = spec(service);
    carry::cluster_ips_on_update(now, &was);
    carry::allocated(now, &was);
    wipe::on_type_change(service, &was);
    findings(validate::cluster_ips(spec(service)))?;
    families::settle(spec(service), Some(&was), ledger)?;
    findings(validate::update(service, &was))?;
    allocate::claim(spec(service), Some(&was), ledger)
}

/// Takes the status of `service` and, as the real server does, its metadata; not its spec.
pub(crate) fn update_status(service: &mut Service, old: &Service) -> Result<(), Vec<Cause>> {
    service.spec.clone_from(&old.spec);
    service.status.get_or_insert_default().load_balancer.get_or_insert_default();
    defaults::fill(service);
    findings(validate::status(service))
}

fn spec(service: &mut Service) -> &mut ServiceSpec {
    service.spec.get_or_insert_default()
}

fn findings(causes: Vec<Cause>) -> Result<(), Vec<Cause>> {
    if causes.is_empty() { Ok(()) } else { Err(causes) }
}

fn is_type(spec: &ServiceSpec, name: &str) -> bool {
    spec.type_.as_deref() == Some(name)
}

fn is_load_balancer(spec: &ServiceSpec) -> bool {
    is_type(spec, "LoadBalancer")
}

fn needs_cluster_ip(spec: &ServiceSpec) -> bool {
    !is_type(spec, "ExternalName")
}

fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ip.as_deref() == Some("None")
        || spec.cluster_ips.as_ref().is_some_and(|ips| ips.first().is_some_and(|ip| ip == "None"))
}

fn may_have_node_ports(spec: &ServiceSpec) -> bool {
    is_type(spec, "NodePort") || is_load_balancer(spec)
}

fn allocates_node_ports(spec: &ServiceSpec) -> bool {
    is_type(spec, "NodePort")
        || (is_load_balancer(spec) && spec.allocate_load_balancer_node_ports != Some(false))
}

fn needs_health_check_port(spec: &ServiceSpec) -> bool {
    is_load_balancer(spec) && spec.external_traffic_policy.as_deref() == Some("Local")
}

fn is_external(spec: &ServiceSpec) -> bool {
    may_have_node_ports(spec)
        || (is_type(spec, "ClusterIP") && spec.external_ips.as_ref().is_some_and(|i| !i.is_empty()))
}

fn ips(spec: &ServiceSpec) -> &[String] {
    spec.cluster_ips.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests;
