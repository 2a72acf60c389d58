//! The ports of a Service.

use super::super::{is_headless, is_type};
use crate::{invalid::Cause, names};
use k8s_openapi::{
    api::core::v1::{ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
use serde::Serialize;
use std::collections::HashSet;

const RANGE: &str = "must be between 1 and 65535, inclusive";

/// What of a port must not be there twice, as the server shows it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Twin<'a> {
    name: &'static str,
    protocol: Option<&'a str>,
    app_protocol: Option<()>,
    port: i32,
    target_port: i32,
    node_port: i32,
}

impl<'a> Twin<'a> {
    fn of(port: &'a ServicePort) -> Self {
        Self {
            name: "",
            protocol: port.protocol.as_deref(),
            app_protocol: None,
            port: port.port,
            target_port: 0,
            node_port: 0,
        }
    }
}

pub(crate) fn check(spec: &ServiceSpec, causes: &mut Vec<Cause>) {
    let ports = spec.ports.as_deref().unwrap_or_default();
    let mut names = HashSet::new();
    let mut seen = HashSet::new();
    for (i, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{i}]");
        name(port, &at, ports.len() > 1 || is_headless_many(spec, ports), causes);
        if let Some(name) = port.name.as_deref()
            && !names.insert(name)
        {
            causes.push(Cause::duplicate(format!("{at}.name"), name));
        }
        one(port, &at, causes);
        if !seen.insert((&port.protocol, port.port)) {
            causes.push(Cause::duplicate(&at, Twin::of(port)));
        }
        // The server bears one with an ExternalName, where it means nothing.
        if port.node_port.is_some() && is_type(spec, "ClusterIP") {
            let why = "may not be used when `type` is 'ClusterIP'";
            causes.push(Cause::forbidden(format!("{at}.nodePort"), why));
        }
    }
}

fn is_headless_many(spec: &ServiceSpec, ports: &[ServicePort]) -> bool {
    is_headless(spec) && ports.len() > 1
}

fn name(port: &ServicePort, at: &str, required: bool, causes: &mut Vec<Cause>) {
    match port.name.as_deref() {
        None if required => causes.push(Cause::required(format!("{at}.name"), "")),
        None => {}
        Some(name) => {
            if let Err(why) = names::dns_label(name) {
                causes.push(Cause::invalid(format!("{at}.name"), name, &why));
            }
        }
    }
}

fn one(port: &ServicePort, at: &str, causes: &mut Vec<Cause>) {
    if !(1..=65_535).contains(&port.port) {
        causes.push(Cause::invalid(format!("{at}.port"), port.port, RANGE));
    }
    let protocol = port.protocol.as_deref().unwrap_or_default();
    if !["SCTP", "TCP", "UDP"].contains(&protocol) {
        let field = format!("{at}.protocol");
        causes.push(Cause::unsupported(field, protocol, &["SCTP", "TCP", "UDP"]));
    }
    let field = format!("{at}.targetPort");
    match &port.target_port {
        Some(IntOrString::Int(number)) if !(1..=65_535).contains(number) => {
            causes.push(Cause::invalid(field, number, RANGE));
        }
        Some(IntOrString::String(name)) => {
            if let Err(why) = names::port_name(name) {
                causes.push(Cause::invalid(field, name, &why));
            }
        }
        Some(IntOrString::Int(_)) | None => {}
    }
    if let Some(protocol) = port.app_protocol.as_deref()
        && let Err(why) = names::qualified(protocol)
    {
        causes.push(Cause::invalid(format!("{at}.appProtocol"), protocol, &why));
    }
}
