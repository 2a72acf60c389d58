//! The contract and the interruptions of a provider whose targets are the nodes themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::{Address, LbSpec, Mark, ServiceUid, SourceRanges, TrafficPolicy};
use seaway_testkit::faults::Call;
use seaway_testkit::rig::Rig;
use seaway_testkit::toys::by_node::cloud::{Body, Cloud, Resource};
use seaway_testkit::toys::by_node::{ByNode, TIER};
use seaway_testkit::{Bench, Fault, Front, ManualClock, Served, Thing, cluster_id, spec, uid};

struct Desk {
    cloud: Arc<Cloud>,
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

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Desk>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Desk>().await;
}

fn rules(rig: &Rig<Desk>) -> BTreeMap<String, Resource> {
    let mut all = rig.bench.cloud.resources();
    all.retain(|_, resource| matches!(resource.body, Body::Rule { .. }));
    all
}

/// Ports come and go one at a time, and no rule of another port is ever deleted.
#[tokio::test]
async fn adding_a_port_touches_no_other_rule() {
    let mut rig = Rig::<Desk>::open().await;
    let mut wanted = spec("a").port(8000);
    rig.put(wanted.clone());
    rig.converge().await.unwrap();
    for port in 8001..8007 {
        let before = rules(&rig);
        wanted = wanted.port(port);
        rig.put(wanted.clone());
        rig.converge().await.unwrap();
        rig.verify().await.unwrap();
        let after = rules(&rig);
        assert!(
            before.iter().all(|rule| after.get(rule.0) == Some(rule.1)),
            "{before:?} {after:?}"
        );
    }
}

/// A change of nodes costs one call for all Services together.
#[tokio::test]
async fn a_change_of_nodes_is_one_call_for_all_services() {
    let mut rig = Rig::<Desk>::open().await;
    for name in ["a", "b", "c"] {
        rig.put(spec(name).port(80));
    }
    rig.converge().await.unwrap();
    rig.set_nodes([1, 2, 3, 4]);
    let before = rig.script.writes();
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.script.writes(), before + 1, "{:?}", rig.script.calls());
}

/// A thing of that name that is not ours is neither taken nor changed; the user is told.
#[tokio::test]
async fn a_foreign_thing_of_our_name_is_a_conflict() {
    let mut rig = Rig::<Desk>::open().await;
    let name = format!("testkit-{}-address", uid("a"));
    let theirs = Resource {
        body: Body::Address(None),
        refers: BTreeSet::new(),
        description: "another/uid-a".to_owned(),
    };
    rig.bench.cloud.plant(&name, theirs.clone());
    rig.put(spec("a").port(80));
    let why = rig.converge().await.unwrap_err();
    assert!(why.contains("is not ours"), "{why}");
    assert_eq!(rig.bench.cloud.resources().get(&name), Some(&theirs));
    assert!(rig.script.calls().contains(&Call::Apply(format!("insert {name}"))));
}
