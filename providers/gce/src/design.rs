//! What a load balancer is to be. Pure.

mod face;
mod ground;

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{ClusterId, ErrorKind, LbSpec, Protocol, ProviderError, TrafficPolicy, Warning};

pub(crate) use self::face::{Face, Source};
pub(crate) use self::ground::{Shared, shared};
use crate::api::{BackendService, HealthCheck, Scheme};
use crate::config::Settled;
use crate::limits::INTERNAL_NODES;
use crate::mark::Mark;
use crate::names::{self, Names};
use crate::observe::{Ground, Observed};
use crate::settings::{self, Settings};

/// How long connections to a node that was taken out may go on.
const DRAIN_SECONDS: u32 = 30;

/// What holds for all load balancers.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The configuration.
    pub config: Settled,
    /// The cluster.
    pub cluster: ClusterId,
}

/// What a Service is to have.
#[derive(Debug)]
pub(crate) struct Design {
    /// The health check of its own.
    pub check: Option<HealthCheck>,
    /// Its backend services.
    pub services: Vec<BackendService>,
    /// Its addresses, one for each family.
    pub faces: Vec<Face>,
    /// What its user should know.
    pub warnings: Vec<Warning>,
}

/// Why a Service can't have what it asks for.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What its user is told.
    pub error: ProviderError,
    /// It may have come to be since it was looked for last.
    pub look: bool,
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Self {
        Self { error, look: false }
    }
}

/// What `spec` asks for.
pub(crate) fn design(
    rules: &Rules,
    spec: &LbSpec,
    nodes: &Shared,
    seen: &Observed,
    ground: &Ground,
) -> Result<Design, Refusal> {
    let settings = settings::read(spec, &rules.config)?;
    let names = Names::of(&rules.cluster, &spec.service);
    let mut warnings = settings.warnings.clone();
    let mut faces = Vec::new();
    let mut left = None;
    for family in &spec.families {
        match face::face(rules, (spec, &settings), *family, &names, (seen, ground)) {
            Ok(face) => faces.push(face),
            // The other family can be served all the same.
            Err(refusal) if refusal.error.kind() == ErrorKind::Unsupported => {
                warnings.push(Warning::new("FamilyNotServed", refusal.error.message()));
                left = Some(refusal);
            }
            Err(refusal) => return Err(refusal),
        }
    }
    if faces.is_empty()
        && let Some(refusal) = left
    {
        return Err(refusal);
    }
    for face in faces.iter().filter(|face| face.sources.is_empty()) {
        let message = format!(
            "spec.loadBalancerSourceRanges has no {} prefix: nobody can connect by {}",
            face.family, face.family
        );
        warnings.push(Warning::new("NoSourceRange", message));
    }
    warnings.extend(of_nodes(nodes, settings.scheme));
    let check = own_check(rules, spec, &names);
    let services = spec
        .protocols()
        .into_iter()
        .map(|protocol| service(rules, spec, &settings, &names, ground, check.as_ref(), protocol));
    Ok(Design { services: services.collect(), check, faces, warnings })
}

/// What a user should know of the nodes.
fn of_nodes(Shared { groups, left_out }: &Shared, scheme: Scheme) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(first) = left_out.first() {
        let message = match left_out.len() - 1 {
            0 => format!("a node gets no traffic: {first}"),
            more => format!("{} nodes get no traffic: {first}, and {more} more", more + 1),
        };
        warnings.push(Warning::new("NodesLeftOut", message));
    }
    let nodes: usize = groups.values().map(BTreeSet::len).sum();
    if scheme == Scheme::Internal && nodes > INTERNAL_NODES {
        let message = format!(
            "Google distributes the connections of an internal load balancer to {INTERNAL_NODES} \
             instances of its backends at most; there are {nodes}"
        );
        warnings.push(Warning::new("NodesLeftOut", message));
    }
    warnings
}

/// The health check that a Service has for itself: with `externalTrafficPolicy: Local` nodes answer
/// for it alone.
fn own_check(rules: &Rules, spec: &LbSpec, names: &Names) -> Option<HealthCheck> {
    match spec.traffic_policy {
        TrafficPolicy::Cluster => None,
        TrafficPolicy::Local { health_check_node_port } => Some(HealthCheck {
            name: names.health_check(),
            description: Mark::of(&rules.cluster, &spec.service).text(),
            port: health_check_node_port,
            path: "/healthz".to_owned(),
            // A pod that moves is to be noticed soon: two checks, and not the three of all nodes.
            interval_seconds: 3,
            timeout_seconds: 1,
            healthy: 1,
            unhealthy: 2,
        }),
    }
}

/// The health check that asks kube-proxy on every node.
pub(crate) fn shared_check(rules: &Rules) -> HealthCheck {
    HealthCheck {
        name: names::shared_check(&rules.cluster),
        description: Mark::shared(&rules.cluster).text(),
        port: rules.config.health_check_port,
        path: "/healthz".to_owned(),
        interval_seconds: 8,
        timeout_seconds: 1,
        healthy: 1,
        unhealthy: 3,
    }
}

fn service(
    rules: &Rules,
    spec: &LbSpec,
    settings: &Settings,
    names: &Names,
    ground: &Ground,
    check: Option<&HealthCheck>,
    protocol: Protocol,
) -> BackendService {
    BackendService {
        name: names.backend_service(settings.scheme, protocol),
        description: Mark::of(&rules.cluster, &spec.service).text(),
        scheme: settings.scheme,
        protocol,
        groups: ground.groups.keys().cloned().collect(),
        health_check: check
            .map_or_else(|| names::shared_check(&rules.cluster), |check| check.name.clone()),
        affinity: settings.affinity,
        // Google drains connections of TCP only.
        drain_seconds: if protocol == Protocol::Tcp { DRAIN_SECONDS } else { 0 },
        weighted: settings.weighted,
    }
}

/// The ports of a Service, by protocol.
fn ports(spec: &LbSpec) -> BTreeMap<Protocol, BTreeSet<u16>> {
    let mut ports = BTreeMap::<_, BTreeSet<u16>>::new();
    for port in &spec.ports {
        ports.entry(port.protocol).or_default().insert(port.port);
    }
    ports
}
