use super::{
    Setting,
    api::code,
    cluster::{Change, Key, NodeView, PodView, Readiness, gather},
    node,
};
use k8s_openapi::{
    api::core::v1::{Binding, ObjectReference, Pod},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, api::PostParams};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

const RETRY: Duration = Duration::from_secs(1);

/// Binds each pod without a node to the least loaded simulated node that takes it.
///
/// Affinities and tolerations are not looked at; resources are not counted.
pub(crate) async fn run(setting: &Setting, mut changes: mpsc::UnboundedReceiver<Change>) {
    setting.cluster.listed().await;
    let mut homes: HashMap<Key, String> = HashMap::new();
    let mut load: BTreeMap<String, usize> = BTreeMap::new();
    let mut waiting: BTreeSet<Key> = BTreeSet::new();
    loop {
        let batch = if waiting.is_empty() {
            gather(&mut changes).await
        } else {
            // A binding may have failed: then there is no change to wake us.
            timeout(RETRY, gather(&mut changes)).await.unwrap_or_else(|_| Some(BTreeSet::new()))
        };
        let Some(batch) = batch else { return };
        for change in batch {
            let Change::Pod(key) = change else { continue };
            let pod = setting.cluster.pods.get(&key);
            let home = pod.as_ref().filter(|p| !p.finished).and_then(|p| p.node.clone());
            settle(&mut homes, &mut load, &key, home);
            let wants = pod.is_some_and(|p| {
                p.node.is_none() && p.schedulable && p.deleting.is_none() && !p.finished
            });
            if wants {
                waiting.insert(key);
            } else {
                waiting.remove(&key);
            }
        }
        let nodes = setting.cluster.nodes.all(None);
        for key in waiting.clone() {
            let Some(pod) = setting.cluster.pods.get(&key).filter(|p| p.node.is_none()) else {
                waiting.remove(&key);
                continue;
            };
            let Some(home) = choose(&nodes, &pod, &load) else { continue };
            if bind(setting, &key, &home).await {
                waiting.remove(&key);
                settle(&mut homes, &mut load, &key, Some(home));
            }
        }
    }
}

/// Notes where a pod lives, so that the load of each node is known without counting.
fn settle(
    homes: &mut HashMap<Key, String>,
    load: &mut BTreeMap<String, usize>,
    key: &Key,
    home: Option<String>,
) {
    if let Some(old) = homes.remove(key) {
        load.entry(old).and_modify(|n| *n -= 1);
    }
    if let Some(home) = home {
        *load.entry(home.clone()).or_default() += 1;
        homes.insert(key.clone(), home);
    }
}

/// The least loaded node that takes the pod; the first by number among equals.
fn choose(
    nodes: &[(Key, Arc<NodeView>)],
    pod: &PodView,
    load: &BTreeMap<String, usize>,
) -> Option<String> {
    nodes
        .iter()
        .filter(|(_, n)| n.simulated && n.open_for_pods && n.ready == Readiness::True)
        .filter(|(_, n)| pod.node_selector.iter().all(|(k, v)| n.labels.get(k) == Some(v)))
        .map(|(key, _)| &*key.name)
        .min_by_key(|name| (load.get(*name).copied().unwrap_or(0), node::number(name), *name))
        .map(str::to_owned)
}

async fn bind(setting: &Setting, key: &Key, home: &str) -> bool {
    let api = Api::<Pod>::namespaced(setting.writer.client(), &key.namespace);
    let binding = Binding {
        metadata: ObjectMeta { name: Some(key.name.to_string()), ..ObjectMeta::default() },
        target: ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Node".to_owned()),
            name: Some(home.to_owned()),
            ..ObjectReference::default()
        },
    };
    let params = PostParams::default();
    let call = api.create_subresource::<_, Value>("binding", &key.name, &params, &binding);
    match setting.writer.once(call).await {
        Ok(_) => true,
        // Gone, or bound by somebody else: the watch will tell.
        Err(error) if matches!(code(&error), Some(404 | 409)) => false,
        Err(error) => {
            tracing::warn!(%error, pod = %key, node = home, "the pod could not be bound");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Node;
    use serde_json::json;

    fn node(name: &str, ready: &str, extra: &Value) -> (Key, Arc<NodeView>) {
        let mut node = json!({
            "metadata": { "name": name, "labels": { "sandbox.seaway.dev/simulated": "true" } },
            "status": { "conditions": [{ "type": "Ready", "status": ready }] },
        });
        node["spec"] = extra.clone();
        let node: Node = serde_json::from_value(node).unwrap();
        (Key::node(name), Arc::new(NodeView::from(&node)))
    }

    #[test]
    fn pods_go_to_the_least_loaded_node_that_takes_them() {
        let nodes = [
            node("node-1", "True", &json!({ "unschedulable": true })),
            node("node-10", "True", &json!({})),
            node("node-2", "True", &json!({})),
            node("node-3", "Unknown", &json!({})),
            node("node-4", "True", &json!({ "taints": [{ "key": "x", "effect": "NoSchedule" }] })),
        ];
        let pod = PodView::from(&Pod::default());
        let mut load = BTreeMap::new();
        assert_eq!(choose(&nodes, &pod, &load).unwrap(), "node-2");
        load.insert("node-2".to_owned(), 1);
        assert_eq!(choose(&nodes, &pod, &load).unwrap(), "node-10");
        assert_eq!(choose(&nodes[..1], &pod, &load), None);
    }
}
