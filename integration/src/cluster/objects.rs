use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Node, Service};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Cluster;
use crate::FINALIZER;
use crate::until::until;
use crate::visit::visit;

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

    /// Waits until the status of a Service shows an address.
    pub async fn address(&self, name: &str) -> IpAddr {
        until(&format!("{name} has an address"), async || {
            addresses(&self.service(name).await?).into_iter().next()
        })
        .await
    }

    /// Waits until a Service answers on its first port, and returns where that is.
    pub async fn serves(&self, name: &str) -> SocketAddr {
        let ip = self.address(name).await;
        let ports = self.service(name).await.unwrap().spec.unwrap().ports.unwrap();
        let at = SocketAddr::new(ip, u16::try_from(ports[0].port).unwrap());
        until(&format!("{name} answers at {at}"), async || visit(at).await.ok()).await;
        at
    }

    /// Waits until a Service is gone.
    pub async fn is_gone(&self, name: &str) {
        let gone = async || self.service(name).await.is_none().then_some(());
        until(&format!("{name} is gone"), gone).await;
    }

    /// Waits until Seaway has let go of a Service, and returns it.
    pub async fn is_left(&self, name: &str) -> Service {
        until(&format!("{name} has no finalizer of ours"), async || {
            self.service(name).await.filter(|service| !is_ours(service))
        })
        .await
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
        let label = json!({ "sandbox.seaway.dev/simulated": "true" });
        let node = json!({ "metadata": { "name": name, "labels": label } });
        let node: Node = serde_json::from_value(node).unwrap();
        Api::all(self.client()).create(&PostParams::default(), &node).await.unwrap();
    }

    /// Deletes a Node.
    pub async fn delete_node(&self, name: &str) {
        let nodes = Api::<Node>::all(self.client());
        nodes.delete(name, &DeleteParams::default()).await.unwrap();
    }
}

/// The addresses that the status of a Service shows.
pub fn addresses(service: &Service) -> Vec<IpAddr> {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|status| status.ingress.as_ref());
    let texts = ingress.into_iter().flatten().filter_map(|entry| entry.ip.as_ref());
    texts.map(|text| text.parse().unwrap()).collect()
}

/// Whether our finalizer is on a Service.
pub fn is_ours(service: &Service) -> bool {
    let finalizers = service.metadata.finalizers.as_ref();
    finalizers.into_iter().flatten().any(|finalizer| finalizer == FINALIZER)
}
