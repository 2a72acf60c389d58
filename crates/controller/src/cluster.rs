use std::collections::{BTreeMap, BTreeSet};

use seaway_core::Nodes;
use seaway_intent::annotation::SLICE_SERVICE;
use seaway_intent::{EndpointSlice, Node};

use crate::object::Seen;
use crate::watch::Change;

/// The labels of nodes, by name.
pub(crate) type Labels = BTreeMap<String, BTreeMap<String, String>>;

/// What a change of the nodes changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeChange {
    /// A target came, went or is another than before.
    pub(crate) targets: bool,
    /// A target has other labels.
    pub(crate) labels: bool,
}

/// A Service by namespace and name.
pub(crate) type ServiceName = (String, String);

/// The Nodes and EndpointSlices of the cluster, as far as they matter.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    nodes: BTreeMap<String, seaway_core::Node>,
    targets: Nodes,
    /// The labels of those nodes.
    labels: Labels,
    slices: BTreeMap<ServiceName, BTreeMap<String, EndpointSlice>>,
}

impl Cluster {
    /// The nodes that may be targets.
    pub(crate) fn targets(&self) -> Nodes {
        self.targets.clone()
    }

    /// The labels of the nodes that may be targets.
    pub(crate) const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The slices of a Service.
    pub(crate) fn slices(&self, service: &ServiceName) -> Vec<&EndpointSlice> {
        self.slices.get(service).into_iter().flat_map(BTreeMap::values).collect()
    }

    /// Folds a change of the Nodes. A heartbeat does not matter, nor does a node that becomes ready or
    /// not (KEP-3458).
    pub(crate) fn fold_nodes(&mut self, change: Change<Seen<Node>>) -> NodeChange {
        let mut changed = NodeChange::default();
        match change {
            Change::Applied(node) => self.put_node(node.object, &mut changed),
            Change::Deleted(node) => self.take_node(&node.object.metadata.name, &mut changed),
            Change::Restarted(nodes) => {
                let there: BTreeSet<_> =
                    nodes.iter().map(|node| node.object.metadata.name.clone()).collect();
                let gone: Vec<_> =
                    self.nodes.keys().filter(|name| !there.contains(*name)).cloned().collect();
                for name in gone {
                    self.take_node(&name, &mut changed);
                }
                for node in nodes {
                    self.put_node(node.object, &mut changed);
                }
            }
        }
        if changed.targets {
            self.targets = self.nodes.values().cloned().collect();
        }
        changed
    }

    fn put_node(&mut self, node: Node, changed: &mut NodeChange) {
        let Some(target) = seaway_intent::target(&node) else {
            return self.take_node(&node.metadata.name, changed);
        };
        let name = node.metadata.name;
        if self.nodes.get(&name) != Some(&target) {
            self.nodes.insert(name.clone(), target);
            changed.targets = true;
        }
        if self.labels.get(&name) != Some(&node.metadata.labels) {
            self.labels.insert(name, node.metadata.labels);
            changed.labels = true;
        }
    }

    fn take_node(&mut self, name: &str, changed: &mut NodeChange) {
        self.labels.remove(name);
        changed.targets |= self.nodes.remove(name).is_some();
    }

    /// Folds a change of the EndpointSlices, and returns the Services that it touches.
    pub(crate) fn fold_slices(
        &mut self,
        change: Change<Seen<EndpointSlice>>,
    ) -> BTreeSet<ServiceName> {
        match change {
            Change::Applied(slice) => self.put(slice.object).into_iter().collect(),
            Change::Deleted(slice) => self.take(&slice.object).into_iter().collect(),
            Change::Restarted(slices) => {
                let mut touched: BTreeSet<_> =
                    std::mem::take(&mut self.slices).into_keys().collect();
                touched.extend(slices.into_iter().filter_map(|slice| self.put(slice.object)));
                touched
            }
        }
    }

    fn put(&mut self, slice: EndpointSlice) -> Option<ServiceName> {
        let service = service_of(&slice)?;
        let known = self.slices.entry(service.clone()).or_default();
        let name = slice.metadata.name.clone();
        let changed = known.get(&name).map(|old| &old.endpoints) != Some(&slice.endpoints);
        known.insert(name, slice);
        changed.then_some(service)
    }

    fn take(&mut self, slice: &EndpointSlice) -> Option<ServiceName> {
        let service = service_of(slice)?;
        let known = self.slices.get_mut(&service)?;
        known.remove(&slice.metadata.name)?;
        if known.is_empty() {
            self.slices.remove(&service);
        }
        Some(service)
    }
}

fn service_of(slice: &EndpointSlice) -> Option<ServiceName> {
    let name = slice.metadata.labels.get(SLICE_SERVICE)?;
    Some((slice.metadata.namespace.clone(), name.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn node(name: &str, extra: &Value) -> Seen<Node> {
        let mut node = json!({ "metadata": { "name": name }, "status": { "addresses": [
            { "type": "InternalIP", "address": "10.0.0.1" }] } });
        for (key, value) in extra.as_object().unwrap() {
            node[key] = value.clone();
        }
        Seen { version: 1, object: serde_json::from_value(node).unwrap() }
    }

    #[test]
    fn only_what_changes_a_target_matters() {
        let mut cluster = Cluster::default();
        let plain = || node("n", &json!({}));
        assert!(cluster.fold_nodes(Change::Applied(plain())).targets);
        assert!(!cluster.fold_nodes(Change::Applied(plain())).targets, "a heartbeat");
        let tainted = node("n", &json!({ "spec": { "taints": [{ "key": "example.com/busy" }] } }));
        assert!(
            !cluster.fold_nodes(Change::Applied(tainted)).targets,
            "a taint that says nothing to us"
        );
        let machine = node("n", &json!({ "spec": { "providerID": "cloud://1" } }));
        assert!(cluster.fold_nodes(Change::Applied(machine)).targets, "a machine");
        assert!(cluster.fold_nodes(Change::Deleted(plain())).targets);
        assert!(!cluster.fold_nodes(Change::Deleted(plain())).targets, "a second time");
        assert!(cluster.targets().is_empty());
    }

    #[test]
    fn a_restart_forgets_what_is_gone() {
        let mut cluster = Cluster::default();
        cluster.fold_nodes(Change::Restarted(vec![node("a", &json!({})), node("b", &json!({}))]));
        assert!(cluster.fold_nodes(Change::Restarted(vec![node("b", &json!({}))])).targets);
        assert_eq!(cluster.targets().len(), 1);
        assert!(!cluster.fold_nodes(Change::Restarted(vec![node("b", &json!({}))])).targets);
    }

    #[test]
    fn a_slice_touches_its_service_when_its_endpoints_change() {
        let slice = |ready: bool| Seen {
            version: 1,
            object: serde_json::from_value(json!({
                "metadata": { "namespace": "default", "name": "web-x",
                              "labels": { SLICE_SERVICE: "web" } },
                "endpoints": [{ "nodeName": "n", "conditions": { "ready": ready } }],
            }))
            .unwrap(),
        };
        let mut cluster = Cluster::default();
        let web = BTreeSet::from([("default".to_owned(), "web".to_owned())]);
        assert_eq!(cluster.fold_slices(Change::Applied(slice(true))), web);
        assert!(cluster.fold_slices(Change::Applied(slice(true))).is_empty());
        assert_eq!(cluster.fold_slices(Change::Applied(slice(false))), web);
        assert_eq!(cluster.fold_slices(Change::Deleted(slice(false))), web);
        assert!(cluster.slices(web.first().unwrap()).is_empty());
    }
}
