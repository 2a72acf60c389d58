use std::collections::BTreeSet;
use std::sync::Arc;

use seaway_core::{Address, LbSpec, Mark, ServiceUid, SourceRanges, TrafficPolicy};

use super::cloud::{Body, Cloud, Resource};
use super::{ByNode, TIER};
use crate::{Bench, Fault, Front, ManualClock, Served, Thing, cluster_id};

/// A world with such a cloud in it.
#[derive(Debug)]
pub struct Desk {
    /// The cloud.
    pub cloud: Arc<Cloud>,
}

fn mark(description: &str) -> Option<Mark> {
    let (cluster, owner) = description.split_once('/')?;
    let service = (owner != "*").then(|| owner.into());
    Some(Mark { cluster: cluster.into(), service })
}

/// The part of a name after the cluster and the Service.
fn role(name: &str, mark: Option<&Mark>) -> String {
    let owner = mark.and_then(|mark| mark.service.as_ref()).map_or("", ServiceUid::as_str);
    name.replace(owner, "").replace("testkit-", "")
}

impl Bench for Desk {
    type Provider = ByNode;

    async fn open(clock: Arc<ManualClock>) -> Self {
        Self { cloud: Arc::new(Cloud::new(clock)) }
    }

    async fn provider(&self) -> ByNode {
        ByNode::new(cluster_id(), Arc::clone(&self.cloud))
    }

    async fn inventory(&self) -> Vec<Thing> {
        let resources = self.cloud.resources().into_iter();
        resources
            .map(|(name, resource)| {
                let mark = mark(&resource.description);
                Thing::new(role(&name, mark.as_ref()), mark, (&name, &resource))
            })
            .collect()
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let all = self.cloud.resources();
        let mark = Mark::of(cluster_id(), uid.clone()).to_string();
        let mine: Vec<_> = all.values().filter(|it| it.description == mark).collect();
        let targets: BTreeSet<String> = match all.get("testkit-group").map(|it| &it.body) {
            Some(Body::Group(nodes)) => nodes.iter().map(ToString::to_string).collect(),
            _ => BTreeSet::new(),
        };
        let mut served = Served::default();
        let (mut keeps, mut health) = (None, TrafficPolicy::Cluster);
        // No rule of the firewall means that nobody is let in.
        let mut admits = SourceRanges::Only(BTreeSet::new());
        let mut ports = BTreeSet::new();
        for resource in &mine {
            match &resource.body {
                Body::Address(ip) => served.addresses.extend(ip.map(Address::Ip)),
                Body::Backend { affinity, health: told } => (keeps, health) = (*affinity, *told),
                Body::Rule { protocol, ports: some } => {
                    ports.extend(some.iter().map(|port| (*port, *protocol)));
                }
                Body::Firewall(ranges) => admits = ranges.clone(),
                Body::Group(_) | Body::Check => {}
            }
        }
        let front =
            Front { targets, admits: Some(admits), affinity: Some(keeps), health: Some(health) };
        served.fronts = ports.into_iter().map(|port| (port, front.clone())).collect();
        (!mine.is_empty()).then_some(served)
    }

    async fn plant_foreign(&self) {
        let resource = |body, description: &str| Resource {
            body,
            refers: BTreeSet::new(),
            description: description.to_owned(),
        };
        self.cloud.plant("another-group", resource(Body::Group(BTreeSet::new()), "another/*"));
        self.cloud.plant("another-uid-a-address", resource(Body::Address(None), "another/uid-a"));
        self.cloud.plant("testkit-uid-b-old", resource(Body::Check, "made by hand"));
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.cloud.inject(fault);
        true
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.settings.insert(TIER.to_owned(), "tin".to_owned());
        Some(spec)
    }
}
