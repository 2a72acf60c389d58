//! The objects that a plan is made from: those of the cluster, those of manifests, or both.

use kube::api::ListParams;
use kube::{Api, Client};
use seaway_intent::object::Service;
use seaway_intent::{EndpointSlice, Node};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::object::{NodeObject, Seen, ServiceObject, SliceObject, Watched};

/// The objects that a plan is made from.
#[derive(Debug, Default)]
pub struct Fetched {
    pub(crate) services: Vec<Seen<Service>>,
    pub(crate) nodes: Vec<Seen<Node>>,
    pub(crate) slices: Vec<Seen<EndpointSlice>>,
}

impl Fetched {
    /// Takes in one object of a manifest in place of the one by the same name. False if it is of a
    /// kind that no plan depends on.
    ///
    /// # Errors
    /// If it is a Service, Node or EndpointSlice that can't be decoded.
    pub fn overlay(&mut self, object: Value) -> Result<bool, serde_json::Error> {
        fn put<T>(all: &mut Vec<Seen<T>>, new: Seen<T>, same: impl Fn(&T, &T) -> bool) {
            all.retain(|old| !same(&old.object, &new.object));
            all.push(new);
        }
        match object["kind"].as_str() {
            Some("Service") => {
                let mut new = serde_json::from_value::<ServiceObject>(object)?.read();
                let meta = &mut new.object.metadata;
                if meta.namespace.is_empty() {
                    "default".clone_into(&mut meta.namespace);
                }
                let name = |service: &Service| {
                    (service.metadata.namespace.clone(), service.metadata.name.clone())
                };
                let old = self.services.iter().find(|s| name(&s.object) == name(&new.object));
                if let Some(old) = old {
                    // What the manifest does not say stays as it is in the cluster.
                    new.object.metadata.uid.clone_from(&old.object.metadata.uid);
                    new.object.metadata.created = old.object.metadata.created;
                    new.object.metadata.finalizers.clone_from(&old.object.metadata.finalizers);
                    new.object.status = old.object.status.clone();
                    for port in &mut new.object.spec.ports {
                        let same = old.object.spec.ports.iter().find(|other| {
                            (other.port, &other.protocol) == (port.port, &port.protocol)
                        });
                        if port.node_port == 0 {
                            port.node_port = same.map_or(0, |other| other.node_port);
                        }
                    }
                    if new.object.spec.health_check_node_port == 0 {
                        let old = old.object.spec.health_check_node_port;
                        new.object.spec.health_check_node_port = old;
                    }
                } else if new.object.metadata.uid.is_empty() {
                    new.object.metadata.uid =
                        format!("new:{}/{}", name(&new.object).0, name(&new.object).1);
                }
                put(&mut self.services, new, |a, b| name(a) == name(b));
            }
            Some("Node") => {
                let new = serde_json::from_value::<NodeObject>(object)?.read();
                put(&mut self.nodes, new, |a, b| a.metadata.name == b.metadata.name);
            }
            Some("EndpointSlice") => {
                let new = serde_json::from_value::<SliceObject>(object)?.read();
                put(&mut self.slices, new, |a, b| {
                    (&a.metadata.namespace, &a.metadata.name)
                        == (&b.metadata.namespace, &b.metadata.name)
                });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Gives a NodePort to every port that has none, as the API server would, and one for health checks
    /// to every Service that is to have it; returns how many were given: a plan from a manifest alone
    /// has to assume some.
    pub fn assume_node_ports(&mut self) -> usize {
        let services = self.services.iter_mut().map(|service| &mut service.object.spec);
        let missing = services.filter(|spec| spec.kind == "LoadBalancer").flat_map(|spec| {
            let local = spec.external_traffic_policy.as_deref() == Some("Local");
            let health = local.then_some(&mut spec.health_check_node_port);
            let all = spec.ports.iter_mut().map(|port| &mut port.node_port).chain(health);
            all.filter(|node_port| **node_port == 0)
        });
        missing.zip(30_000..).map(|(node_port, given)| *node_port = given).count()
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// How many Services there are.
    pub fn services(&self) -> usize {
        self.services.len()
    }
}

/// Lists what a plan depends on.
///
/// # Errors
/// If the API server can't be reached, or refuses.
pub async fn fetch(client: &Client) -> Result<Fetched, kube::Error> {
    Ok(Fetched {
        services: list::<ServiceObject>(client).await?,
        nodes: list::<NodeObject>(client).await?,
        slices: list::<SliceObject>(client).await?,
    })
}

/// Everything of a kind, as far as it is read.
pub(crate) async fn list<K>(client: &Client) -> Result<Vec<K::Read>, kube::Error>
where
    K: Watched + Clone + DeserializeOwned + std::fmt::Debug,
{
    let listed = Api::<K>::all(client.clone()).list(&ListParams::default()).await?;
    Ok(listed.items.into_iter().map(Watched::read).collect())
}
