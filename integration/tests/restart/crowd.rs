use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::Service;
use kube::api::ListParams;
use seaway_integration::{Cluster, addresses, service, until, visit};
use serde_json::json;

/// Services, and the address that each had when it came.
pub(crate) struct Crowd(BTreeMap<String, IpAddr>);

impl Crowd {
    /// Creates so many, and waits until each is served. Their names rise while they come, or fall, so
    /// that no order of a list is that of their creation.
    pub(crate) async fn gather(cluster: &Cluster, count: usize) -> Self {
        for number in 0..count {
            let name = format!("s-{:03}", (number * 77) % count);
            cluster.create(&service(&name, "echo", json!({}))).await;
        }
        let crowd = until(&format!("{count} addresses"), async || {
            let shown = listed(cluster).await;
            (shown.len() == count).then_some(Self(shown))
        })
        .await;
        crowd.all_serve().await;
        crowd
    }

    /// Takes one out, and returns its name.
    pub(crate) fn pop(&mut self) -> String {
        self.0.pop_first().unwrap().0
    }

    /// Where they are served.
    pub(crate) fn places(&self) -> impl Iterator<Item = SocketAddr> {
        self.0.values().map(|ip| SocketAddr::new(*ip, 80))
    }

    /// Waits until all of them answer.
    pub(crate) async fn all_serve(&self) {
        for at in self.places() {
            until(&format!("{at} answers"), async || visit(at).await.ok()).await;
        }
    }

    /// The address that each has now.
    pub(crate) async fn addresses(&self, cluster: &Cluster) -> BTreeMap<String, IpAddr> {
        let mut shown = listed(cluster).await;
        shown.retain(|name, _| self.0.contains_key(name));
        shown
    }

    /// Those that are not where they were.
    pub(crate) fn changed(&self, now: &BTreeMap<String, IpAddr>) -> Vec<String> {
        let moved = self.0.iter().filter(|(name, ip)| now.get(*name) != Some(*ip));
        moved.map(|(name, ip)| format!("{name}: {ip} -> {:?}", now.get(name))).collect()
    }
}

/// The first address of each Service that has one.
async fn listed(cluster: &Cluster) -> BTreeMap<String, IpAddr> {
    let services = cluster.api::<Service>().list(&ListParams::default()).await.unwrap();
    services
        .items
        .iter()
        .filter_map(|service| Some((service.metadata.name.clone()?, *addresses(service).first()?)))
        .collect()
}
