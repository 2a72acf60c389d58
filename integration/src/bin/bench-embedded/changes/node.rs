use k8s_openapi::api::core::v1::Node as Object;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use seaway_integration::Cluster;
use serde_json::{Value, json};

use super::fleet::Node;

const EXCLUDE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";
const AUTOSCALER_TAINT: &str = "ToBeDeletedByClusterAutoscaler";

/// What happens to a Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is created.
    Come,
    /// It is deleted. Its machine works on.
    Go,
    /// It gets the label that keeps load balancers from it.
    Exclude,
    /// It loses the label.
    Include,
    /// It gets the taint of the autoscaler, which is about to delete it.
    Drain,
    /// It loses the taint.
    Resume,
}

impl Change {
    #[cfg(test)]
    pub(super) const ALL: [Self; 6] =
        [Self::Come, Self::Go, Self::Exclude, Self::Include, Self::Drain, Self::Resume];

    /// Whether new connections go there afterwards.
    pub(super) const fn serves(self) -> bool {
        match self {
            Self::Come | Self::Include | Self::Resume => true,
            Self::Go | Self::Exclude | Self::Drain => false,
        }
    }

    /// Writes it to the cluster.
    pub(super) async fn make(self, cluster: &Cluster, node: &Node) {
        let name = &node.name;
        match self {
            Self::Come => come(cluster, node).await,
            Self::Go => cluster.delete_node(name).await,
            Self::Exclude => cluster.label_node(name, EXCLUDE, Some("true")).await,
            Self::Include => cluster.label_node(name, EXCLUDE, None).await,
            Self::Drain => {
                let taint = json!({ "key": AUTOSCALER_TAINT, "effect": "NoSchedule" });
                taint_with(cluster, name, json!([taint])).await;
            }
            Self::Resume => taint_with(cluster, name, Value::Null).await,
        }
    }
}

/// Registers it, as a kubelet does. Without the label of the sandbox nobody else stands for it.
async fn come(cluster: &Cluster, node: &Node) {
    let nodes = Api::<Object>::all(cluster.client());
    let object = json!({ "metadata": { "name": node.name } });
    let object = serde_json::from_value(object).unwrap();
    nodes.create(&PostParams::default(), &object).await.unwrap();
    let status = json!({ "status": {
        "addresses": [{ "type": "InternalIP", "address": node.ip }],
        "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }],
    } });
    let params = PatchParams::default();
    nodes.patch_status(&node.name, &params, &Patch::Merge(status)).await.unwrap();
}

async fn taint_with(cluster: &Cluster, name: &str, taints: Value) {
    let nodes = Api::<Object>::all(cluster.client());
    let patch = Patch::Merge(json!({ "spec": { "taints": taints } }));
    nodes.patch(name, &PatchParams::default(), &patch).await.unwrap();
}
