//! Binding Pods to nodes.

use super::Cluster;
use crate::{
    kind::{Kind, Resource},
    meta,
    status::Status,
    store::{Key, lock},
};
use jiff::Timestamp;
use serde_json::json;

impl Cluster {
    /// Gives a Pod its node, once.
    pub(crate) fn bind(&self, key: &Key, node: &str, dry_run: bool) -> Result<(), Status> {
        let kind = Kind::of(Resource::Pods);
        let mut state = lock(&self.state);
        let Some(current) = state.store.get(Resource::Pods, key).cloned() else {
            return Err(Status::not_found(kind, &key.name));
        };
        let bound = meta::text(current.value(), &["spec", "nodeName"]);
        if !bound.is_empty() {
            let why = format!("pod {} is already assigned to node \"{bound}\"", key.name);
            return Err(Status::conflict(kind, &key.name, &why));
        }
        if meta::is_deleting(current.value()) {
            let why = format!("pod {} is being deleted, cannot be assigned to a host", key.name);
            return Err(Status::conflict(kind, &key.name, &why));
        }
        let mut object = current.value().clone();
        object["spec"]["nodeName"] = node.into();
        let now = meta::moment(Timestamp::now());
        let scheduled = json!({
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": now,
        });
        let conditions = &mut object["status"]["conditions"];
        if let Some(conditions) = conditions.as_array_mut() {
            conditions.retain(|condition| condition["type"] != "PodScheduled");
            conditions.push(scheduled);
        } else {
            *conditions = json!([scheduled]);
        }
        meta::prune(&mut object);
        if !dry_run {
            state.store.put(Resource::Pods, key.clone(), object);
        }
        Ok(())
    }
}
