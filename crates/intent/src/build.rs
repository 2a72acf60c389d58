//! A Service to its [`LbSpec`].

mod ports;
mod ranges;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use seaway_core::{
    Affinity, Family, LbSpec, NodeName, NodeSelection, ServiceRef, SettingKey, SourceRanges,
    TrafficPolicy,
};

use crate::controls;
use crate::object::{EndpointSlice, Service, ServiceSpec};
use crate::rejection::Rejection;

/// What is around a Service.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Its slices, if they are known.
    pub slices: Option<&'a [&'a EndpointSlice]>,
    /// The annotations that its provider takes.
    pub keys: &'a [SettingKey],
    /// The labels of the nodes that may be targets.
    pub labels: &'a BTreeMap<String, BTreeMap<String, String>>,
}

/// What `service` asks of its provider.
///
/// # Errors
/// The first thing in the Service that can't be. Whether the provider can do all of it is checked
/// elsewhere ([`seaway_core::Capabilities::check`]).
pub fn build(
    service: &Service,
    Around { slices, keys, labels }: Around<'_>,
) -> Result<LbSpec, Rejection> {
    let spec = &service.spec;
    let annotations = &service.metadata.annotations;
    let traffic_policy = traffic_policy(spec)?;
    let local_nodes = match traffic_policy {
        TrafficPolicy::Local { .. } => slices.map(ready_nodes),
        TrafficPolicy::Cluster => None,
    };
    let mut built = LbSpec {
        service: ServiceRef {
            namespace: service.metadata.namespace.clone(),
            name: service.metadata.name.clone(),
            uid: service.metadata.uid.as_str().into(),
        },
        created: service.metadata.created,
        ports: ports::read(&spec.ports)?,
        families: families(&spec.ip_families)?,
        traffic_policy,
        affinity: affinity(spec)?,
        source_ranges: SourceRanges::Only(BTreeSet::new()),
        requested_address: requested_address(spec)?,
        settings: settings(annotations, keys),
        node_selection: node_selection(annotations, keys, labels)?,
        retain: controls::retain(annotations)?,
        local_nodes,
    };
    match ranges::read(service) {
        Ok(ranges) => {
            built.source_ranges = ranges;
            Ok(built)
        }
        Err((field, value)) => {
            Err(Rejection::SourceRange { field, value, closed: Box::new(built) })
        }
    }
}

fn node_selection(
    annotations: &BTreeMap<String, String>,
    keys: &[SettingKey],
    labels: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Option<NodeSelection>, Rejection> {
    let Some((text, selector)) = controls::node_selector(annotations, keys)? else {
        return Ok(None);
    };
    let selected = labels.iter().filter(|(_, labels)| selector.selects(labels));
    let nodes = selected.map(|(name, _)| name.as_str().into()).collect();
    Ok(Some(NodeSelection { selector: text.to_owned(), nodes }))
}

fn traffic_policy(spec: &ServiceSpec) -> Result<TrafficPolicy, Rejection> {
    match spec.external_traffic_policy.as_deref() {
        None | Some("" | "Cluster") => Ok(TrafficPolicy::Cluster),
        Some("Local") => match u16::try_from(spec.health_check_node_port) {
            Ok(port) if port > 0 => Ok(TrafficPolicy::Local { health_check_node_port: port }),
            _ => Err(Rejection::HealthCheckNodePort { value: spec.health_check_node_port }),
        },
        Some(other) => Err(Rejection::TrafficPolicy { value: other.to_owned() }),
    }
}

/// The order is the preference. A Service from before dual stack has none, and is IPv4.
fn families(names: &[String]) -> Result<Vec<Family>, Rejection> {
    if names.is_empty() {
        return Ok(vec![Family::IPv4]);
    }
    names
        .iter()
        .map(|name| match name.as_str() {
            "IPv4" => Ok(Family::IPv4),
            "IPv6" => Ok(Family::IPv6),
            other => Err(Rejection::Family { value: other.to_owned() }),
        })
        .collect()
}

/// The API server's default timeout is three hours.
fn affinity(spec: &ServiceSpec) -> Result<Option<Affinity>, Rejection> {
    match spec.session_affinity.as_deref() {
        None | Some("" | "None") => Ok(None),
        Some("ClientIP") => {
            let config = spec.session_affinity_config.as_ref();
            let seconds = config
                .and_then(|config| config.client_ip.as_ref()?.timeout_seconds)
                .unwrap_or(10_800);
            match u64::try_from(seconds) {
                Ok(secs @ 1..=86_400) => Ok(Some(Affinity { timeout: Duration::from_secs(secs) })),
                _ => Err(Rejection::AffinityTimeout { value: seconds }),
            }
        }
        Some(other) => Err(Rejection::Affinity { value: other.to_owned() }),
    }
}

fn requested_address(spec: &ServiceSpec) -> Result<Option<IpAddr>, Rejection> {
    match spec.load_balancer_ip.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| Rejection::RequestedAddress { value: text.to_owned() }),
    }
}

fn settings(
    annotations: &BTreeMap<String, String>,
    keys: &[SettingKey],
) -> BTreeMap<String, String> {
    keys.iter()
        .filter_map(|declared| annotations.get_key_value(&declared.key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// An endpoint whose readiness is not known counts as ready, as the API says.
fn ready_nodes(slices: &[&EndpointSlice]) -> BTreeSet<NodeName> {
    slices
        .iter()
        .flat_map(|slice| &slice.endpoints)
        .filter(|endpoint| endpoint.conditions.ready != Some(false))
        .filter_map(|endpoint| endpoint.node_name.as_deref())
        .map(NodeName::from)
        .collect()
}
