use super::annotation;
use crate::world::Crash;
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt as _;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// The label of the nodes that the world brings to life.
pub(crate) const SIMULATED: &str = "sandbox.seaway.dev/simulated";
/// The annotation that crashes a simulated node.
pub(crate) const CRASH: &str = "sandbox.seaway.dev/crash";
/// The autoscaler says with it that it will delete the node; kube-proxy then fails its check.
const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";

/// What is read of a Node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeView {
    pub(crate) uid: String,
    pub(crate) simulated: bool,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) provider_id: Option<String>,
    pub(crate) address: Option<Ipv4Addr>,
    pub(crate) ready: Readiness,
    /// Neither cordoned nor tainted against new pods.
    pub(crate) open_for_pods: bool,
    pub(crate) to_be_deleted: bool,
    pub(crate) crash: Option<Crash>,
}

/// The Ready condition of a node or pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Absent,
    True,
    False,
    Unknown,
}

impl Readiness {
    pub(super) fn parse(status: Option<&str>) -> Self {
        match status {
            None => Self::Absent,
            Some("True") => Self::True,
            Some("False") => Self::False,
            Some(_) => Self::Unknown,
        }
    }
}

impl From<&Node> for NodeView {
    fn from(node: &Node) -> Self {
        let spec = node.spec.as_ref();
        let status = node.status.as_ref();
        let taints = spec.and_then(|s| s.taints.as_deref()).unwrap_or_default();
        let conditions = status.and_then(|s| s.conditions.as_deref()).unwrap_or_default();
        let addresses = status.and_then(|s| s.addresses.as_deref()).unwrap_or_default();
        Self {
            uid: node.uid().unwrap_or_default(),
            simulated: node.labels().get(SIMULATED).is_some_and(|v| v != "false"),
            labels: node.labels().clone(),
            provider_id: spec.and_then(|s| s.provider_id.clone()),
            address: addresses
                .iter()
                .find(|a| a.type_ == "InternalIP")
                .and_then(|a| a.address.parse().ok()),
            ready: Readiness::parse(
                conditions.iter().find(|c| c.type_ == "Ready").map(|c| c.status.as_str()),
            ),
            open_for_pods: !spec.and_then(|s| s.unschedulable).unwrap_or(false)
                && !taints.iter().any(|t| t.effect == "NoSchedule" || t.effect == "NoExecute"),
            to_be_deleted: taints.iter().any(|t| t.key == TO_BE_DELETED),
            crash: match annotation(node, CRASH) {
                None | Some("false") => None,
                Some("blackhole") => Some(Crash::Blackhole),
                Some(_) => Some(Crash::Reset),
            },
        }
    }
}
