//! What the server refuses, with its fields and words.

mod address;
mod cidr;
mod ingress;
mod ports;

use super::{
    ips, is_external, is_headless, is_load_balancer, is_type, may_have_node_ports,
    needs_health_check_port,
};
use crate::{invalid::Cause, names};
use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use std::net::IpAddr;

const ONLY_LB: &str = "may only be used when `type` is 'LoadBalancer'";
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

pub(crate) fn create(service: &Service) -> Vec<Cause> {
    let mut causes = Vec::new();
    let Some(spec) = &service.spec else {
        return vec![Cause::required("spec", "")];
    };
    kind_of_service(spec, &mut causes);
    ports::check(spec, &mut causes);
    affinity(spec, &mut causes);
    addresses(spec, &mut causes);
    policies(spec, &mut causes);
    load_balancer(service, spec, &mut causes);
    for (key, value) in spec.selector.iter().flatten() {
        let checks = [(key, names::qualified(key)), (value, names::label_value(value))];
        for (what, checked) in checks {
            if let Err(why) = checked {
                causes.push(Cause::invalid("spec.selector", what, &why));
            }
        }
    }
    causes
}

pub(crate) fn update(service: &Service, old: &ServiceSpec) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Some(spec) = &service.spec {
        immutable(spec, old, &mut causes);
    }
    causes.extend(create(service));
    causes
}

pub(crate) fn status(service: &Service) -> Vec<Cause> {
    let mut causes = Vec::new();
    ingress::check(service, &mut causes);
    causes
}

fn immutable(spec: &ServiceSpec, old: &ServiceSpec, causes: &mut Vec<Cause>) {
    let both_have_ips = !is_type(old, "ExternalName") && !is_type(spec, "ExternalName");
    if both_have_ips {
        let (now, was) = (ips(spec), ips(old));
        if let (Some(first), Some(old_first)) = (now.first(), was.first())
            && first != old_first
        {
            causes.push(Cause::invalid("spec.clusterIPs[0]", now, "may not change once set"));
        }
        if let (Some(second), Some(old_second)) = (now.get(1), was.get(1))
            && second != old_second
        {
            causes.push(Cause::invalid("spec.clusterIPs[1]", now, "may not change once set"));
        }
        let first_family = |spec: &ServiceSpec| {
            spec.ip_families.as_ref().and_then(|families| families.first().cloned())
        };
        if !was.is_empty() && !is_headless(spec) && first_family(spec) != first_family(old) {
            let families = spec.ip_families.clone().unwrap_or_default();
            causes.push(Cause::invalid("spec.ipFamilies[0]", families, "may not change once set"));
        }
    }
    if is_load_balancer(old)
        && is_load_balancer(spec)
        && spec.load_balancer_class != old.load_balancer_class
    {
        let field = "spec.loadBalancerClass";
        let class = spec.load_balancer_class.as_deref();
        causes.push(Cause::invalid(field, class, "may not change once set"));
    }
    if needs_health_check_port(old)
        && needs_health_check_port(spec)
        && spec.health_check_node_port != old.health_check_node_port
    {
        causes.push(Cause::forbidden("spec.healthCheckNodePort", "field is immutable"));
    }
}

fn kind_of_service(spec: &ServiceSpec, causes: &mut Vec<Cause>) {
    let kind = spec.type_.as_deref().unwrap_or_default();
    match kind {
        "ClusterIP" | "NodePort" | "LoadBalancer" => {
            if spec.ports.as_ref().is_none_or(Vec::is_empty) && !is_headless(spec) {
                causes.push(Cause::required("spec.ports", ""));
            }
            if is_headless(spec) && kind != "ClusterIP" {
                let why = format!("may not be set to 'None' for {kind} services");
                causes.push(Cause::invalid("spec.clusterIPs[0]", "None", &why));
            }
        }
        "ExternalName" => {
            if !ips(spec).is_empty() || spec.cluster_ip.is_some() {
                let why = "may not be set for ExternalName services";
                causes.push(Cause::forbidden("spec.clusterIPs", why));
            }
            for (field, set) in [
                ("spec.ipFamilies", spec.ip_families.as_ref().is_some_and(|f| !f.is_empty())),
                ("spec.ipFamilyPolicy", spec.ip_family_policy.is_some()),
            ] {
                if set {
                    let why = "may not be set for ExternalName services";
                    causes.push(Cause::forbidden(field, why));
                }
            }
            let name = spec.external_name.as_deref().unwrap_or_default();
            // A dot at the end says that the name is a whole one.
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() {
                causes.push(Cause::required("spec.externalName", ""));
            } else if let Err(why) = names::dns_subdomain(name) {
                causes.push(Cause::invalid("spec.externalName", name, &why));
            }
        }
        other => {
            let known = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
            causes.push(Cause::unsupported("spec.type", other, &known));
        }
    }
}

fn affinity(spec: &ServiceSpec, causes: &mut Vec<Cause>) {
    let affinity = spec.session_affinity.as_deref().unwrap_or_default();
    if !["ClientIP", "None"].contains(&affinity) {
        let field = "spec.sessionAffinity";
        causes.push(Cause::unsupported(field, affinity, &["ClientIP", "None"]));
    }
    let client = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    if let Some(seconds) = client.and_then(|client| client.timeout_seconds)
        && !(1..=86_400).contains(&seconds)
    {
        causes.push(Cause::invalid(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
            seconds,
            "must be greater than 0 and less than 86400",
        ));
    }
}

/// What `clusterIP` and `clusterIPs` say of each other, before anything is made of them.
pub(crate) fn cluster_ips(spec: &ServiceSpec) -> Vec<Cause> {
    let mut causes = Vec::new();
    let ips = ips(spec);
    if is_type(spec, "ExternalName") {
        return causes;
    }
    let all = "spec.clusterIPs";
    if spec.cluster_ip.is_none() && !ips.is_empty() {
        let why = "must be empty when `clusterIP` is not specified";
        causes.push(Cause::invalid(all, ips, why));
    } else if ips.is_empty() && spec.cluster_ip.is_some() {
        causes.push(Cause::required(all, ""));
    } else if spec.cluster_ip.as_ref() != ips.first() {
        causes.push(Cause::invalid(all, ips, "first value must match `clusterIP`"));
    }
    if ips.len() > 1 && ips.first().is_some_and(|ip| ip == "None") {
        causes.push(Cause::invalid(all, ips, "'None' must be the first and only value"));
        return causes;
    }
    for (i, ip) in ips.iter().enumerate().filter(|(_, ip)| *ip != "None") {
        if let Err(why) = address::check(ip) {
            causes.push(Cause::invalid(format!("{all}[{i}]"), ip, why));
        }
    }
    if ips.len() > 2 {
        causes.push(Cause::invalid(all, ips, "may only hold up to 2 values"));
    }
    let family = |ip: &String| ip.parse::<IpAddr>().ok().map(|ip| ip.is_ipv4());
    if let [first, second] = ips
        && let (Some(one), Some(other)) = (family(first), family(second))
        && one == other
    {
        let why = "may specify no more than one IP for each IP family";
        causes.push(Cause::invalid(all, ips, why));
    }
    causes
}

fn addresses(spec: &ServiceSpec, causes: &mut Vec<Cause>) {
    for (i, ip) in spec.external_ips.iter().flatten().enumerate() {
        let field = format!("spec.externalIPs[{i}]");
        if let Err(why) = address::check(ip).and_then(|()| address::is_ordinary(ip)) {
            causes.push(Cause::invalid(field, ip, why));
        }
    }
}

fn policies(spec: &ServiceSpec, causes: &mut Vec<Cause>) {
    let known = ["Cluster", "Local"];
    if let Some(policy) = spec.external_traffic_policy.as_deref() {
        let field = "spec.externalTrafficPolicy";
        if !is_external(spec) {
            let why = "may only be set for externally-accessible services";
            causes.push(Cause::invalid(field, policy, why));
        } else if !known.contains(&policy) {
            causes.push(Cause::unsupported(field, policy, &known));
        }
    } else if may_have_node_ports(spec) {
        causes.push(Cause::required("spec.externalTrafficPolicy", ""));
    }
    if let Some(policy) = spec.internal_traffic_policy.as_deref()
        && !known.contains(&policy)
    {
        causes.push(Cause::unsupported("spec.internalTrafficPolicy", policy, &known));
    }
    if let Some(port) = spec.health_check_node_port
        && !needs_health_check_port(spec)
    {
        let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is \
                   'Local'";
        causes.push(Cause::invalid("spec.healthCheckNodePort", port, why));
    }
    if let Some(distribution) = spec.traffic_distribution.as_deref() {
        let known = ["PreferClose", "PreferSameZone", "PreferSameNode"];
        if !known.contains(&distribution) {
            causes.push(Cause::unsupported("spec.trafficDistribution", distribution, &known));
        }
    }
}

fn load_balancer(service: &Service, spec: &ServiceSpec, causes: &mut Vec<Cause>) {
    let annotation = service
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(SOURCE_RANGES))
        .filter(|ranges| !ranges.trim().is_empty());
    let ranges = spec.load_balancer_source_ranges.as_ref().filter(|ranges| !ranges.is_empty());
    if let Some(ranges) = ranges {
        let field = "spec.LoadBalancerSourceRanges";
        if !is_load_balancer(spec) {
            causes.push(Cause::forbidden(field, ONLY_LB));
        }
        for (i, range) in ranges.iter().enumerate() {
            if let Err(why) = cidr::check(range.trim()) {
                causes.push(Cause::invalid(format!("{field}[{i}]"), range, why));
            }
        }
    } else if let Some(text) = annotation {
        let field = format!("metadata.annotations[{SOURCE_RANGES}]");
        if !is_load_balancer(spec) {
            causes.push(Cause::forbidden(&field, ONLY_LB));
        }
        for range in text.split(',').map(str::trim) {
            if let Err(why) = cidr::check(range) {
                causes.push(Cause::invalid(&field, range, why));
            }
        }
    }
    if spec.allocate_load_balancer_node_ports.is_some() && !is_load_balancer(spec) {
        causes.push(Cause::forbidden("spec.allocateLoadBalancerNodePorts", ONLY_LB));
    }
    if let Some(class) = spec.load_balancer_class.as_deref() {
        if !is_load_balancer(spec) {
            causes.push(Cause::forbidden("spec.loadBalancerClass", ONLY_LB));
        } else if let Err(why) = names::qualified(class) {
            causes.push(Cause::invalid("spec.loadBalancerClass", class, &why));
        }
    }
}
