//! The addresses in the status of a Service.

use super::{super::is_load_balancer, address};
use crate::{invalid::Cause, names};
use k8s_openapi::api::core::v1::{LoadBalancerIngress, Service};
use std::net::IpAddr;

pub(crate) fn check(service: &Service, causes: &mut Vec<Cause>) {
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = balancer.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    let field = "status.loadBalancer.ingress";
    let is_load_balancer = service.spec.as_ref().is_some_and(is_load_balancer);
    if !ingress.is_empty() && !is_load_balancer {
        let why = "may only be used when `spec.type` is 'LoadBalancer'";
        causes.push(Cause::forbidden(field, why));
        return;
    }
    for (i, ingress) in ingress.iter().enumerate() {
        one(ingress, &format!("{field}[{i}]"), causes);
    }
}

fn one(ingress: &LoadBalancerIngress, at: &str, causes: &mut Vec<Cause>) {
    let ip = ingress.ip.as_deref().unwrap_or_default();
    let mode = ingress.ip_mode.as_deref();
    let field = format!("{at}.ipMode");
    if !ip.is_empty()
        && let Err(why) = address::check(ip)
    {
        causes.push(Cause::invalid(format!("{at}.ip"), ip, why));
    }
    match mode {
        None if !ip.is_empty() => {
            causes.push(Cause::required(field, "must be specified when `ip` is set"));
        }
        Some(_) if ip.is_empty() => {
            causes.push(Cause::forbidden(field, "may not be specified when `ip` is not set"));
        }
        None | Some("VIP" | "Proxy") => {}
        Some(other) => causes.push(Cause::unsupported(field, other, &["Proxy", "VIP"])),
    }
    let hostname = ingress.hostname.as_deref().unwrap_or_default();
    if !hostname.is_empty() {
        let field = format!("{at}.hostname");
        if let Err(why) = names::dns_subdomain(hostname) {
            causes.push(Cause::invalid(field, hostname, &why));
        } else if hostname.parse::<IpAddr>().is_ok() {
            let why = "must be a DNS name, not an IP address";
            causes.push(Cause::invalid(field, hostname, why));
        }
    }
}
