use std::sync::Arc;

use seaway_core::{
    Address, Capabilities, LbSpec, Mark, Moment, Node, Port, Protocol, ServiceUid, SourceRanges,
    TrafficPolicy,
};

use super::cloud::{Balancer, Cloud, Pool, dns_name};
use super::{ById, SCHEME};
use crate::{Bench, Fault, Front, ManualClock, Served, Thing, cluster_id};

/// A world with such a cloud in it.
#[derive(Debug)]
pub struct Desk {
    /// The cloud.
    pub cloud: Arc<Cloud>,
}

impl Bench for Desk {
    type Provider = ById;

    async fn open(clock: Arc<ManualClock>) -> Self {
        Self { cloud: Arc::new(Cloud::new(clock)) }
    }

    async fn provider(&self) -> ById {
        ById::new(cluster_id(), Arc::clone(&self.cloud))
    }

    async fn inventory(&self) -> Vec<Thing> {
        let all = self.cloud.inventory();
        let mut things = Vec::new();
        for balancer in all.balancers.values() {
            things.push(Thing::new("balancer", Some(balancer.tag.clone()), balancer));
        }
        for pool in all.pools.values() {
            let role = format!("pool for {}/{}", pool.port.0, pool.port.1);
            things.push(Thing::new(role, Some(pool.tag.clone()), pool));
        }
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let all = self.cloud.inventory();
        let mark = Mark::of(cluster_id(), uid.clone());
        let mut mine = all.balancers.iter().filter(|(_, it)| it.tag == mark);
        let (id, balancer) = mine.next()?;
        let fronts = balancer.listeners.values().map(|pool| {
            let pool = &all.pools[pool];
            let front = Front {
                targets: pool.targets.clone(),
                admits: Some(balancer.admits.clone()),
                affinity: None,
                health: Some(pool.health),
            };
            (pool.port, front)
        });
        // The name leads nowhere before.
        let active = self.cloud.is_active(balancer);
        let addresses = active.then(|| Address::Hostname(dns_name(*id)));
        Some(Served { addresses: addresses.into_iter().collect(), fronts: fronts.collect() })
    }

    async fn plant_foreign(&self) {
        let tag = Mark::of("another".into(), "uid-a".into());
        let shared = Mark::shared("another".into());
        self.cloud.tamper(|all| {
            let balancer = Balancer {
                kept: false,
                token: "another-uid-a".to_owned(),
                tag: tag.clone(),
                created: Moment::default(),
                admits: SourceRanges::Anyone,
                listeners: [(80, 1002)].into(),
            };
            let pool = Pool {
                token: "another-uid-a-80-TCP".to_owned(),
                tag: shared,
                port: (80, Protocol::Tcp),
                health: TrafficPolicy::Cluster,
                targets: ["i-node-1:30080".to_owned()].into(),
            };
            all.balancers.insert(1001, balancer);
            all.pools.insert(1002, pool);
        });
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.cloud.inject(fault);
        true
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.settings.insert(SCHEME.to_owned(), "bad".to_owned());
        Some(spec)
    }

    fn target(&self, _: &Capabilities, node: &Node, port: &Port) -> String {
        format!("i-{}:{}", node.name, port.node_port.unwrap_or_default())
    }
}
