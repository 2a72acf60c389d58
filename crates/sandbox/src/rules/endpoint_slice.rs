//! `EndpointSlices`.

use super::{Checked, default, found};
use crate::{invalid::Cause, meta};
use serde_json::{Value, json};
use std::net::IpAddr;

const IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

pub(crate) fn create(object: &mut Value) -> Checked {
    fill(object);
    found(check(object))
}

pub(crate) fn update(object: &mut Value, old: &Value) -> Checked {
    fill(object);
    if object["addressType"] != old["addressType"] {
        let kind = &object["addressType"];
        return Err(vec![Cause::invalid("addressType", kind, "field is immutable")]);
    }
    found(check(object))
}

fn fill(object: &mut Value) {
    default(object, "endpoints", json!([]));
    for endpoint in object["endpoints"].as_array_mut().into_iter().flatten() {
        default(endpoint, "conditions", json!({}));
    }
    for port in object.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        default(port, "name", "");
        default(port, "protocol", "TCP");
    }
}

fn check(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let kind = meta::text(object, &["addressType"]);
    let known = ["FQDN", "IPv4", "IPv6"];
    if kind.is_empty() {
        causes.push(Cause::required("addressType", ""));
    } else if !known.contains(&kind) {
        causes.push(Cause::unsupported("addressType", kind, &known));
    }
    for (i, endpoint) in object["endpoints"].as_array().into_iter().flatten().enumerate() {
        let field = format!("endpoints[{i}].addresses");
        if meta::strings(endpoint, &["addresses"]).next().is_none() {
            causes.push(Cause::required(&field, "must contain at least 1 address"));
        }
        for (j, address) in meta::strings(endpoint, &["addresses"]).enumerate() {
            let field = format!("{field}[{j}]");
            let parsed = address.parse::<IpAddr>().ok();
            if kind != "FQDN" && parsed.is_none() {
                causes.push(Cause::invalid(field, address, IP));
            } else if kind == "IPv4" && !parsed.is_some_and(|ip| ip.is_ipv4()) {
                causes.push(Cause::invalid(field, address, "must be a valid IPv4 address"));
            } else if kind == "IPv6" && !parsed.is_some_and(|ip| ip.is_ipv6()) {
                causes.push(Cause::invalid(field, address, "must be a valid IPv6 address"));
            }
        }
    }
    for (i, port) in object["ports"].as_array().into_iter().flatten().enumerate() {
        let protocol = meta::text(port, &["protocol"]);
        let known = ["SCTP", "TCP", "UDP"];
        if !known.contains(&protocol) {
            causes.push(Cause::unsupported(format!("ports[{i}].protocol"), protocol, &known));
        }
    }
    causes
}
