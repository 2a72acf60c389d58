//! What the account and the API tell of a Service.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use seaway_integration::mock_aws::{Balancer, Call, Inventory, TargetGroup};
use seaway_integration::{until, until_within};

use crate::site::{Site, instance};

/// A load balancer is asked for its state each 10 s, and an attempt that failed is made again after 5 s,
/// then 10: the rest is for a machine that does other things.
pub(crate) const SLOW: Duration = Duration::from_secs(90);

impl Site {
    /// Waits until all that a Service asks for now is there, and returns its hostname.
    pub(crate) async fn converges(&self, name: &str) -> String {
        until_within(SLOW, &format!("{name} is provisioned and shows a hostname"), async || {
            let service = self.cluster.service(name).await?;
            let is = condition(&service, "seaway.dev/Provisioned")?;
            let current = is.observed_generation == service.metadata.generation;
            (is.status == "True" && current).then(|| hostname(&service))?
        })
        .await
    }

    /// Waits until the account is as asked.
    pub(crate) async fn shows<T>(
        &self,
        what: &str,
        mut probe: impl FnMut(&Inventory) -> Option<T>,
    ) -> T {
        until_within(SLOW, what, async || probe(&self.aws.inventory().await)).await
    }

    /// Waits until a Service, which was the last one, is gone: nothing is left of what Seaway made then.
    pub(crate) async fn is_gone(&self, name: &str) {
        let gone = async || self.cluster.service(name).await.is_none().then_some(());
        until_within(SLOW, &format!("{name} is gone"), gone).await;
        assert_eq!(self.aws.inventory().await, self.before);
    }

    /// The one load balancer of the account.
    pub(crate) async fn balancer(&self) -> Balancer {
        let mut all = self.aws.inventory().await.balancers;
        assert_eq!(all.len(), 1, "{all:?}");
        all.pop_first().unwrap().1
    }

    /// The calls since the last reset that changed something, or were to.
    pub(crate) fn writes(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.aws.calls().into_iter().filter(Call::writes) {
            *counts.entry(call.action).or_default() += 1;
        }
        counts
    }

    /// Waits for a condition of a Service with this status whose message has all of `parts`.
    pub(crate) async fn says(&self, name: &str, kind: &str, status: &str, parts: &[&str]) {
        until(&format!("{name} says {kind} {status} with {parts:?}"), async || {
            let service = self.cluster.service(name).await?;
            let is = condition(&service, kind)?;
            let told = parts.iter().all(|part| is.message.contains(part));
            (is.status == status && told).then_some(())
        })
        .await;
    }
}

/// Where the listener of a port leads to.
pub(crate) fn behind(now: &Inventory, balancer: &Balancer, port: u16) -> Option<TargetGroup> {
    let listener = balancer.listeners.get(&port)?;
    now.target_groups.values().find(|group| group.arn == listener.target_group).cloned()
}

/// The targets that these nodes are, at this port.
pub(crate) fn at(nodes: &[usize], port: u16) -> BTreeSet<(String, u16)> {
    nodes.iter().map(|number| (instance(*number), port)).collect()
}

/// The NodePorts of a Service, in the order of its ports.
pub(crate) fn node_ports(service: &Service) -> Vec<u16> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref()).into_iter().flatten();
    ports.map(|port| u16::try_from(port.node_port.unwrap()).unwrap()).collect()
}

/// The hostname that the status of a Service shows.
pub(crate) fn hostname(service: &Service) -> Option<String> {
    let status = service.status.as_ref()?.load_balancer.as_ref()?;
    status.ingress.as_ref()?.first()?.hostname.clone()
}

/// The condition of a kind on a Service.
pub(crate) fn condition<'a>(service: &'a Service, kind: &str) -> Option<&'a Condition> {
    let conditions = service.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == kind)
}
