//! What the server takes, and warns of.

use super::{ips, is_headless, is_type};
use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use std::net::IpAddr;

/// What to warn of in a Service as it is now.
pub(crate) fn of(service: &Service) -> Vec<String> {
    let Some(spec) = &service.spec else { return Vec::new() };
    let mut told = Vec::new();
    if !is_headless(spec) {
        for (i, ip) in ips(spec).iter().enumerate() {
            canonical(&format!("spec.clusterIPs[{i}]"), ip, &mut told);
        }
    }
    let externals = spec.external_ips.as_deref().unwrap_or_default();
    if is_headless(spec) {
        headless(spec, externals, &mut told);
    } else {
        for (i, ip) in externals.iter().enumerate() {
            canonical(&format!("spec.externalIPs[{i}]"), ip, &mut told);
        }
        if !externals.is_empty() && is_type(spec, "ExternalName") {
            let why = "spec.externalIPs is ignored when spec.type is \"ExternalName\"";
            told.push(why.to_owned());
        } else if !externals.is_empty() {
            let why = "spec.externalIPs is deprecated and may no longer be implemented in some \
                       clusters";
            told.push(why.to_owned());
        }
        if let Some(ip) = &spec.load_balancer_ip {
            canonical("spec.loadBalancerIP", ip, &mut told);
        }
    }
    for (i, range) in spec.load_balancer_source_ranges.iter().flatten().enumerate() {
        if let Ok(ipnet::IpNet::V6(net)) = range.trim().parse()
            && net.to_string() != range.trim()
        {
            told.push(format!(
                "spec.loadBalancerSourceRanges[{i}]: IPv6 CIDR value {:?} should be in RFC 5952 \
                 canonical format (\"{net}\")",
                range.trim()
            ));
        }
    }
    if !is_type(spec, "ExternalName") && spec.external_name.is_some() {
        let why = "spec.externalName is ignored when spec.type is not \"ExternalName\"";
        told.push(why.to_owned());
    }
    if spec.traffic_distribution.as_deref() == Some("PreferClose") {
        let why = "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"";
        told.push(why.to_owned());
    }
    told
}

fn headless(spec: &ServiceSpec, externals: &[String], told: &mut Vec<String>) {
    for (set, field) in [
        (spec.load_balancer_ip.is_some(), "loadBalancerIP"),
        (!externals.is_empty(), "externalIPs"),
        (spec.session_affinity.as_deref() == Some("ClientIP"), "SessionAffinity"),
    ] {
        if set {
            told.push(format!("spec.{field} is ignored for headless services"));
        }
    }
}

fn canonical(field: &str, text: &str, told: &mut Vec<String>) {
    if let Ok(IpAddr::V6(ip)) = text.parse()
        && ip.to_string() != text
    {
        told.push(format!(
            "{field}: IPv6 address {text:?} should be in RFC 5952 canonical format (\"{ip}\")"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(spec: &Value) -> String {
        of(&serde_json::from_value(json!({ "spec": spec })).unwrap()).join("; ")
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let headless = |field: &str, value: Value| {
            told(&json!({ "type": "ClusterIP", "clusterIP": "None", field: value }))
        };
        for (field, value) in [
            ("loadBalancerIP", json!("192.0.2.1")),
            ("externalIPs", json!(["192.0.2.1"])),
            ("sessionAffinity", json!("ClientIP")),
        ] {
            assert!(headless(field, value).contains("ignored for headless"), "{field}");
        }
        let name = told(&json!({ "type": "ClusterIP", "externalName": "example.com" }));
        assert!(name.contains("externalName is ignored"), "{name}");
        let ips = told(&json!({ "type": "ExternalName", "externalIPs": ["192.0.2.1"] }));
        assert_eq!(ips, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
        assert_eq!(told(&json!({ "type": "ClusterIP", "ports": [{ "port": 1 }] })), "");
    }

    #[test]
    fn what_is_to_go_is_told() {
        let spec = json!({ "externalIPs": ["192.0.2.1"], "trafficDistribution": "PreferClose" });
        let all = told(&spec);
        assert!(all.contains("externalIPs is deprecated"), "{all}");
        assert!(all.contains("PreferSameZone"), "{all}");
    }

    #[test]
    fn an_address_in_another_spelling_is_told() {
        let all = told(&json!({
            "externalIPs": ["2001:db8:0:0::1"],
            "loadBalancerSourceRanges": ["2001:DB8::/64", "2001:db8::/64"],
        }));
        assert!(all.contains("spec.externalIPs[0]: IPv6 address"), "{all}");
        assert!(all.contains("spec.loadBalancerSourceRanges[0]: IPv6 CIDR value"), "{all}");
        assert!(!all.contains("Ranges[1]"), "{all}");
    }
}
