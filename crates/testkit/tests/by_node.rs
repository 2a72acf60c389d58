//! The contract and the interruptions of a provider whose targets are the nodes themselves.

use std::collections::{BTreeMap, BTreeSet};

use seaway_testkit::faults::Call;
use seaway_testkit::rig::Rig;
use seaway_testkit::toys::by_node::Desk;
use seaway_testkit::toys::by_node::cloud::{Body, Resource};
use seaway_testkit::{spec, uid};

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
