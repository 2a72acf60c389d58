use super::{Readiness, annotation};
use crate::world::protocol::Protocol;
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::ResourceExt as _;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// The annotation that takes a pod out of the endpoints while it says `false`.
const READY: &str = "sandbox.seaway.dev/ready";

/// What is read of a Pod.
#[allow(clippy::struct_excessive_bools, reason = "each is a field of the API's, not a state")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodView {
    pub(crate) uid: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) node: Option<String>,
    pub(crate) ip: Option<Ipv4Addr>,
    pub(crate) ready: Readiness,
    /// What the annotation wishes.
    pub(crate) wants_ready: bool,
    /// Nothing will run any more: Succeeded or Failed.
    pub(crate) finished: bool,
    /// The grace period in seconds, once the pod is being deleted.
    pub(crate) deleting: Option<u64>,
    pub(crate) host_network: bool,
    pub(crate) containers: Vec<ContainerView>,
    /// No other scheduler is named and no gate holds the pod.
    pub(crate) schedulable: bool,
    pub(crate) node_selector: BTreeMap<String, String>,
}

/// What is read of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContainerView {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) ports: Vec<ContainerPortView>,
}

/// A port on which a container listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContainerPortView {
    pub(crate) name: Option<String>,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
}

impl From<&Pod> for PodView {
    fn from(pod: &Pod) -> Self {
        let spec = pod.spec.as_ref();
        let status = pod.status.as_ref();
        let conditions = status.and_then(|s| s.conditions.as_deref()).unwrap_or_default();
        let phase = status.and_then(|s| s.phase.as_deref());
        let scheduler = spec.and_then(|s| s.scheduler_name.as_deref());
        let gates = spec.and_then(|s| s.scheduling_gates.as_deref()).unwrap_or_default();
        let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(30);
        Self {
            uid: pod.uid().unwrap_or_default(),
            labels: pod.labels().clone(),
            node: spec.and_then(|s| s.node_name.clone()).filter(|n| !n.is_empty()),
            ip: status.and_then(|s| s.pod_ip.as_deref()).and_then(|ip| ip.parse().ok()),
            ready: Readiness::parse(
                conditions.iter().find(|c| c.type_ == "Ready").map(|c| c.status.as_str()),
            ),
            wants_ready: annotation(pod, READY) != Some("false"),
            finished: matches!(phase, Some("Succeeded" | "Failed")),
            deleting: (pod.metadata.deletion_timestamp.as_ref())
                .map(|_| u64::try_from(grace).unwrap_or(0)),
            host_network: spec.and_then(|s| s.host_network).unwrap_or(false),
            containers: spec
                .map(|s| s.containers.iter().map(Into::into).collect())
                .unwrap_or_default(),
            schedulable: matches!(scheduler, None | Some("" | "default-scheduler"))
                && gates.is_empty(),
            node_selector: spec.and_then(|s| s.node_selector.clone()).unwrap_or_default(),
        }
    }
}

impl From<&Container> for ContainerView {
    fn from(container: &Container) -> Self {
        let ports = container.ports.as_deref().unwrap_or_default();
        Self {
            name: container.name.clone(),
            image: container.image.clone().unwrap_or_default(),
            ports: ports
                .iter()
                .filter_map(|p| {
                    Some(ContainerPortView {
                        name: p.name.clone(),
                        protocol: Protocol::parse(p.protocol.as_deref())?,
                        port: u16::try_from(p.container_port).ok()?,
                    })
                })
                .collect(),
        }
    }
}
