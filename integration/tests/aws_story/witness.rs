//! What the account and the API tell of a Service.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Service;
use seaway_integration::mock_aws::{Balancer, Call, Inventory, TargetGroup};
use seaway_integration::{SLOW, condition, hostname, until_within};

use crate::site::{Site, instance};

impl Site {
    /// Waits until all that a new Service asks for is there, and returns its hostname.
    pub(crate) async fn converges(&self, name: &str) -> String {
        until_within(SLOW, &format!("{name} is provisioned and shows a hostname"), async || {
            let service = self.cluster.service(name).await?;
            let is = condition(&service, "seaway.dev/Provisioned")?;
            (is.status == "True").then(|| hostname(&service))?
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
        self.cluster.is_gone_within(SLOW, name).await;
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
