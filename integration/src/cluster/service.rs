//! What comes of a Service, and what its status shows.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::{Value, json};

use super::Cluster;
use crate::FINALIZER;
use crate::until::{DEADLINE, SLOW, until, until_within};
use crate::visit::{visit, visit_from};

impl Cluster {
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

    /// Sets the source ranges of a Service, and waits until exactly those of these clients are let in
    /// that are said to be.
    pub async fn lets_in(
        &self,
        name: &str,
        at: SocketAddr,
        ranges: Value,
        clients: [(IpAddr, bool); 2],
    ) {
        let mut what = format!("{clients:?} are let in or not, with {ranges}");
        what.truncate(200);
        self.patch_spec(name, json!({ "loadBalancerSourceRanges": ranges })).await;
        until(&what, async || {
            for (client, welcome) in clients {
                if visit_from(client, at).await.is_ok() != welcome {
                    return None;
                }
            }
            Some(())
        })
        .await;
        assert_eq!(self.address(name).await, at.ip(), "the address stays");
    }

    /// Waits for a condition of a Service with this status whose message has all of `parts`.
    pub async fn says(&self, name: &str, kind: &str, status: &str, parts: &[&str]) {
        until_within(SLOW, &format!("{name} says {kind} {status} with {parts:?}"), async || {
            let service = self.service(name).await?;
            let is = condition(&service, kind)?;
            let told = parts.iter().all(|part| is.message.contains(part));
            (is.status == status && told).then_some(())
        })
        .await;
    }

    /// Changes a Service, waits until it is so, and returns it. Services have no generation: the
    /// condition says with a digest which spec it is about.
    pub async fn follows(&self, name: &str, patch: Value) -> Service {
        let said = |service: &Service| {
            let is = condition(service, "seaway.dev/Provisioned");
            is.filter(|is| is.status == "True").map(|is| is.message.clone())
        };
        let before = said(&self.service(name).await.unwrap());
        self.patch(name, patch).await;
        until_within(SLOW, &format!("{name} is as its new spec asks"), async || {
            let service = self.service(name).await?;
            let now = said(&service);
            (now.is_some() && now != before).then_some(service)
        })
        .await
    }

    /// Waits until a Service is gone.
    pub async fn is_gone(&self, name: &str) {
        self.is_gone_within(DEADLINE, name).await;
    }

    /// The same, with a deadline of its own.
    pub async fn is_gone_within(&self, deadline: Duration, name: &str) {
        let gone = async || self.service(name).await.is_none().then_some(());
        until_within(deadline, &format!("{name} is gone"), gone).await;
    }

    /// Waits until Seaway has let go of a Service, and returns it.
    pub async fn is_left(&self, name: &str) -> Service {
        until(&format!("{name} has no finalizer of ours"), async || {
            self.service(name).await.filter(|service| !is_ours(service))
        })
        .await
    }
}

/// The addresses that the status of a Service shows.
pub fn addresses(service: &Service) -> Vec<IpAddr> {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|status| status.ingress.as_ref());
    let texts = ingress.into_iter().flatten().filter_map(|entry| entry.ip.as_ref());
    texts.map(|text| text.parse().unwrap()).collect()
}

/// The hostname that the status of a Service shows.
pub fn hostname(service: &Service) -> Option<String> {
    let status = service.status.as_ref()?.load_balancer.as_ref()?;
    status.ingress.as_ref()?.first()?.hostname.clone()
}

/// The condition of a kind on a Service.
pub fn condition<'a>(service: &'a Service, kind: &str) -> Option<&'a Condition> {
    let conditions = service.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == kind)
}

/// Whether our finalizer is on a Service.
pub fn is_ours(service: &Service) -> bool {
    let finalizers = service.metadata.finalizers.as_ref();
    finalizers.into_iter().flatten().any(|finalizer| finalizer == FINALIZER)
}
