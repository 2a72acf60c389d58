//! The objects in the cluster, as a user or another controller writes and reads them.

use k8s_openapi::api::core::v1::{Event, Node, Service};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::Lab;

impl Lab {
    /// Makes the node `node-<number>` with these labels.
    pub(crate) async fn put_node(&self, number: u8, labels: &Value) {
        let name = format!("node-{number}");
        let node: Node =
            serde_json::from_value(json!({ "metadata": { "name": name, "labels": labels },
            "spec": { "providerID": format!("toy:///{name}") } }))
            .unwrap();
        let api: Api<Node> = Api::all(self.client.clone());
        api.create(&PostParams::default(), &node).await.unwrap();
        let address = format!("192.0.2.{number}");
        let status =
            json!({ "status": { "addresses": [{ "type": "InternalIP", "address": address }] } });
        api.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    }

    pub(crate) async fn patch_node(&self, name: &str, patch: Value) {
        let api: Api<Node> = Api::all(self.client.clone());
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) async fn patch_node_status(&self, name: &str, patch: Value) {
        let api: Api<Node> = Api::all(self.client.clone());
        api.patch_status(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) async fn delete_node(&self, name: &str) {
        let api: Api<Node> = Api::all(self.client.clone());
        api.delete(name, &DeleteParams::default()).await.unwrap();
    }

    pub(crate) fn services(&self) -> Api<Service> {
        Api::default_namespaced(self.client.clone())
    }

    /// Makes a Service of type LoadBalancer with one TCP port, changed by `patch`.
    pub(crate) async fn put(&self, name: &str, patch: &Value) {
        let mut service = json!({
            "metadata": { "name": name },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        });
        for part in ["metadata", "spec"] {
            for (field, value) in patch[part].as_object().into_iter().flatten() {
                service[part][field] = value.clone();
            }
        }
        let service = serde_json::from_value(service).unwrap();
        self.services().create(&PostParams::default(), &service).await.unwrap();
    }

    pub(crate) async fn patch(&self, name: &str, patch: Value) {
        let params = PatchParams::default();
        self.services().patch(name, &params, &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) async fn annotate(&self, name: &str, key: &str, value: Option<&str>) {
        self.patch(name, json!({ "metadata": { "annotations": { key: value } } })).await;
    }

    pub(crate) async fn patch_status(&self, name: &str, patch: Value) {
        let params = PatchParams::default();
        self.services().patch_status(name, &params, &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) async fn delete(&self, name: &str) {
        self.services().delete(name, &DeleteParams::default()).await.unwrap();
    }

    pub(crate) async fn get(&self, name: &str) -> Option<Value> {
        let service = self.services().get_opt(name).await.unwrap()?;
        Some(serde_json::to_value(service).unwrap())
    }

    /// The addresses or names that the status shows.
    pub(crate) async fn shown(&self, name: &str) -> Vec<String> {
        let Some(service) = self.get(name).await else { return Vec::new() };
        let ingress = service["status"]["loadBalancer"]["ingress"].as_array().cloned();
        let text = |entry: &Value| {
            let place = entry["ip"].as_str().or_else(|| entry["hostname"].as_str());
            place.unwrap_or_default().to_owned()
        };
        ingress.unwrap_or_default().iter().map(text).collect()
    }

    /// Waits until the status shows something, and returns it.
    pub(crate) async fn address(&self, name: &str) -> String {
        self.until("an address", async || self.shown(name).await.into_iter().next()).await
    }

    /// Status, reason and message of a condition.
    pub(crate) async fn condition(
        &self,
        name: &str,
        kind: &str,
    ) -> Option<(String, String, String)> {
        let service = self.get(name).await?;
        let all = service["status"]["conditions"].as_array()?.clone();
        let it = all.into_iter().find(|condition| condition["type"] == kind)?;
        let text = |field: &str| it[field].as_str().unwrap_or_default().to_owned();
        Some((text("status"), text("reason"), text("message")))
    }

    /// Waits until a condition has this status and reason, and returns its message.
    pub(crate) async fn says(&self, name: &str, kind: &str, expected: &str) -> String {
        self.until(&format!("{kind} {expected}"), async || {
            let (status, reason, message) = self.condition(name, kind).await?;
            (format!("{status} {reason}") == expected).then_some(message)
        })
        .await
    }

    /// The Events of a Service with this reason: their messages.
    pub(crate) async fn events(&self, name: &str, reason: &str) -> Vec<String> {
        let api: Api<Event> = Api::default_namespaced(self.client.clone());
        let all = api.list(&ListParams::default()).await.unwrap().items.into_iter();
        let about = |event: &Event| {
            event.involved_object.name.as_deref() == Some(name)
                && event.reason.as_deref() == Some(reason)
        };
        all.filter(about).filter_map(|event| event.message).collect()
    }

    /// Waits for an Event with this reason whose message contains `part`.
    pub(crate) async fn told(&self, name: &str, reason: &str, part: &str) {
        self.until(&format!("an Event {reason} with {part:?}"), async || {
            let events = self.events(name, reason).await;
            events.iter().any(|message| message.contains(part)).then_some(())
        })
        .await;
    }
}
