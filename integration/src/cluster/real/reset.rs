use std::fmt::Debug;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Event, Namespace, Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::account::NAMESPACE;
use crate::until::until;

const SIMULATED: &str = "sandbox.seaway.dev/simulated";
/// The labels that a machine gives to its Node, and those that the cluster adds, in their order.
const OWN_LABELS: [&str; 7] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    SIMULATED,
    "topology.kubernetes.io/zone",
];
/// What the cluster notes on every Node, a moment after it came.
const OWN_ANNOTATION: &str = "node.alpha.kubernetes.io/ttl";

/// Takes away what earlier stories have left, and has the nodes `node-1` to `node-N` as new.
pub(super) async fn reset(client: &Client, nodes: usize) {
    // Those first who would make the others again.
    clear(&Api::<Deployment>::default_namespaced(client.clone())).await;
    clear(&Api::<StatefulSet>::default_namespaced(client.clone())).await;
    clear(&Api::<DaemonSet>::default_namespaced(client.clone())).await;
    clear(&Api::<ReplicaSet>::default_namespaced(client.clone())).await;
    clear(&Api::<Service>::default_namespaced(client.clone())).await;
    clear(&Api::<Pod>::default_namespaced(client.clone())).await;
    clear(&Api::<EndpointSlice>::default_namespaced(client.clone())).await;
    clear(&Api::<Namespace>::all(client.clone())).await;
    renew(&Api::all(client.clone()), nodes).await;
    clear(&Api::<Event>::default_namespaced(client.clone())).await;
}

/// Deletes all objects of a kind that no cluster is without, whoever holds them, and waits until they
/// are gone.
async fn clear<K>(api: &Api<K>)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let at_once = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    let kind = K::kind(&()).into_owned();
    until(&format!("no {kind} of earlier stories is left"), async || {
        let mut left = api.list(&ListParams::default()).await.unwrap().items;
        left.retain(|object| !is_of_the_cluster(&kind, &object.name_any()));
        for object in &left {
            let name = object.name_any();
            if !object.finalizers().is_empty() {
                // It may go at any moment.
                let _ = api.patch_metadata(&name, &PatchParams::default(), &free).await;
            }
            if object.meta().deletion_timestamp.is_none() || kind == "Pod" {
                let _ = api.delete(&name, &at_once).await;
            }
        }
        left.is_empty().then_some(())
    })
    .await;
}

fn is_of_the_cluster(kind: &str, name: &str) -> bool {
    match kind {
        "Service" | "EndpointSlice" => name == "kubernetes",
        "Namespace" => name == "default" || name == NAMESPACE || name.starts_with("kube-"),
        _ => false,
    }
}

/// Has exactly these nodes, without a trace of what was done to them. A machine whose Node goes and
/// comes back works on, so that this takes no boot.
async fn renew(api: &Api<Node>, count: usize) {
    let wanted: Vec<_> = (1..=count).map(|number| format!("node-{number}")).collect();
    let there = api.list(&ListParams::default()).await.unwrap().items;
    let mut kept = Vec::new();
    for node in there {
        let name = node.name_any();
        if wanted.contains(&name) && is_as_new(&node) {
            kept.push(name);
        } else {
            api.delete(&name, &DeleteParams::default()).await.unwrap();
        }
    }
    for name in wanted.iter().filter(|name| !kept.contains(name)) {
        let node = json!({ "metadata": { "name": name, "labels": { SIMULATED: "true" } } });
        let node = serde_json::from_value(node).unwrap();
        api.create(&PostParams::default(), &node).await.unwrap();
    }
    until(&format!("{count} nodes are as new"), async || {
        let nodes = api.list(&ListParams::default()).await.unwrap().items;
        (nodes.len() == count && nodes.iter().all(is_as_new)).then_some(())
    })
    .await;
}

/// Whether a Node is Ready, and shows nothing but what its machine has written.
fn is_as_new(node: &Node) -> bool {
    let spec = node.spec.clone().unwrap_or_default();
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|c| c.type_ == "Ready" && c.status == "True")
        && spec.taints.is_none_or(|taints| taints.is_empty())
        && !spec.unschedulable.unwrap_or(false)
        && node.labels().keys().eq(OWN_LABELS)
        && node.annotations().keys().eq([OWN_ANNOTATION])
        && node.meta().deletion_timestamp.is_none()
}
