use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Cluster;
use crate::until::until;

impl Cluster {
    /// The objects of a kind in the namespace `default`.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::default_namespaced(self.client())
    }

    /// Creates an object.
    pub async fn create<K>(&self, object: &K) -> K
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + DeserializeOwned
            + Serialize,
    {
        self.api::<K>().create(&PostParams::default(), object).await.unwrap()
    }

    /// Asks for the deletion of an object.
    pub async fn delete<K>(&self, name: &str)
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + DeserializeOwned,
    {
        self.api::<K>().delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// A Service, if it is there.
    pub async fn service(&self, name: &str) -> Option<Service> {
        self.api().get_opt(name).await.unwrap()
    }

    /// Merges `patch` into a Service.
    pub async fn patch(&self, name: &str, patch: Value) -> Service {
        let params = PatchParams::default();
        self.api().patch(name, &params, &Patch::Merge(patch)).await.unwrap()
    }

    /// Merges `spec` into the spec of a Service.
    pub async fn patch_spec(&self, name: &str, spec: Value) -> Service {
        self.patch(name, json!({ "spec": spec })).await
    }

    /// Creates a pod, and waits until it is Ready.
    pub async fn starts(&self, pod: &Pod) {
        self.create(pod).await;
        let name = pod.metadata.name.as_deref().unwrap();
        until(&format!("pod {name} is ready"), async || {
            let pod = self.api::<Pod>().get(name).await.ok()?;
            let mut conditions = pod.status?.conditions?.into_iter();
            conditions.any(|c| c.type_ == "Ready" && c.status == "True").then_some(())
        })
        .await;
    }

    /// Waits until a pod is gone.
    pub async fn ends(&self, pod: &str) {
        let pods = self.api::<Pod>();
        let gone = async || pods.get_opt(pod).await.unwrap().is_none().then_some(());
        until(&format!("pod {pod} is gone"), gone).await;
    }

    /// Waits until so many nodes are Ready.
    pub async fn nodes_are_ready(&self, count: usize) {
        let nodes = Api::<Node>::all(self.client());
        until(&format!("{count} nodes are ready"), async || {
            let nodes = nodes.list(&kube::api::ListParams::default()).await.unwrap();
            let ready = nodes.items.iter().filter(|node| {
                let conditions = node.status.as_ref().and_then(|s| s.conditions.as_ref());
                let mut conditions = conditions.into_iter().flatten();
                conditions.any(|c| c.type_ == "Ready" && c.status == "True")
            });
            (ready.count() == count).then_some(())
        })
        .await;
    }

    /// Annotates a Node.
    pub async fn annotate_node(&self, name: &str, key: &str, value: &str) {
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { key: value } } }));
        let nodes = Api::<Node>::all(self.client());
        nodes.patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Labels a Node, or takes the label off.
    pub async fn label_node(&self, name: &str, key: &str, value: Option<&str>) {
        let patch = Patch::Merge(json!({ "metadata": { "labels": { key: value } } }));
        let nodes = Api::<Node>::all(self.client());
        nodes.patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Creates a Node that a machine of the simulation is to stand for.
    pub async fn create_node(&self, name: &str) {
        self.simulate(json!({ "metadata": { "name": name } })).await;
    }

    /// The same for an instance of a cloud. A provider id can be set once: a Node has its own from the
    /// start.
    pub async fn create_instance(&self, name: &str, zone: &str, provider_id: &str) {
        let labels = json!({ "topology.kubernetes.io/zone": zone });
        let spec = json!({ "providerID": provider_id });
        self.simulate(json!({ "metadata": { "name": name, "labels": labels }, "spec": spec }))
            .await;
    }

    async fn simulate(&self, mut node: Value) {
        node["metadata"]["labels"]["sandbox.seaway.dev/simulated"] = json!("true");
        let node: Node = serde_json::from_value(node).unwrap();
        Api::all(self.client()).create(&PostParams::default(), &node).await.unwrap();
    }

    /// Deletes a Node.
    pub async fn delete_node(&self, name: &str) {
        let nodes = Api::<Node>::all(self.client());
        nodes.delete(name, &DeleteParams::default()).await.unwrap();
    }
}
