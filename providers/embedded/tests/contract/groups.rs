//! Several Services on one address, an address that is kept, and pools by name, on real sockets.

use std::net::{IpAddr, SocketAddr};

use seaway_core::{Address, ErrorKind, Key, Protocol, Provider, Readiness};
use seaway_provider_embedded::{Config, connect};
use seaway_testkit::faults::Fate;
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench, SpecBuilder, uid};

use crate::witness::is_open;
use crate::world::{Forgotten, Restarted, config};

const GROUP: &str = "seaway.dev/load-balancer-group";

fn member<B: Bench>(rig: &Rig<B>, name: &str) -> SpecBuilder {
    rig.bench.spec(name).setting(GROUP, "web")
}

fn address<B: Bench>(rig: &Rig<B>, name: &str) -> IpAddr {
    match rig.published(name).first() {
        Some(Address::Ip(ip)) => *ip,
        other => panic!("{name} shows {other:?}"),
    }
}

fn listens(rig: &Rig<Restarted>, ip: IpAddr, port: u16) -> bool {
    is_open(SocketAddr::new(ip, rig.bench.base + port), Protocol::Tcp)
}

#[tokio::test]
async fn services_of_a_group_come_and_go_on_one_address() {
    come_and_go::<Restarted>().await;
    come_and_go::<Forgotten>().await;
}

async fn come_and_go<B: Bench>() {
    let mut rig = Rig::<B>::open().await;
    rig.put(rig.bench.spec("other").port(80));
    rig.put(member(&rig, "a").port(80));
    rig.put(member(&rig, "b").port(443).udp(53));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let shared = address(&rig, "a");
    assert_eq!(address(&rig, "b"), shared);
    assert_ne!(address(&rig, "other"), shared);

    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!((address(&rig, "a"), address(&rig, "b")), (shared, shared));

    rig.delete("a");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(address(&rig, "b"), shared);
    rig.delete("b");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.driver().holders().len(), 1, "the address went with the last");
}

#[tokio::test]
async fn a_port_of_an_older_member_is_refused_until_it_is_free() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.put(member(&rig, "a").port(80));
    rig.converge().await.unwrap();
    let shared = address(&rig, "a");
    rig.put(member(&rig, "b").port(80));
    let report = rig.pass(&Key::shared("default/web")).await;
    let error = report.members[&uid("b")].error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let port = rig.bench.base + 80;
    for part in [format!("port {port}/TCP"), "the Service default/a".to_owned()] {
        assert!(error.message().contains(&part), "{error}");
    }
    assert!(report.members[&uid("a")].error.is_none());
    rig.delete("a");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(address(&rig, "b"), shared);
    assert!(listens(&rig, shared, 80));
}

#[tokio::test]
async fn an_older_member_takes_over_a_port_that_a_younger_one_serves_and_gives_it_back() {
    let mut rig = Rig::<Restarted>::open().await;
    let key = Key::shared("default/web");
    rig.put(member(&rig, "a").port(80));
    rig.put(member(&rig, "b").port(443).udp(53));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let shared = address(&rig, "a");
    let published = rig.published("b");
    let one = member(&rig, "a").port(80).port(443);
    // What the older asks for, which port the younger is told of, and whether it has one left.
    for (older, (offset, protocol), left) in
        [(one.clone(), (443, "TCP"), true), (one.udp(53), (53, "UDP"), false)]
    {
        rig.put(older);
        let report = rig.pass(&key).await;
        let told = &report.members[&uid("b")];
        let error = told.error.clone().unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let port = rig.bench.base + offset;
        let taken =
            format!("port {port}/{protocol} of the group is taken by the Service default/a");
        assert!(error.message().contains(&taken), "{error}");
        let ready = Readiness::Ready(published.clone());
        assert_eq!(told.readiness, if left { ready } else { Readiness::Gone });
        assert!(report.steps.iter().all(|step| step.error.is_none()), "no step has come upon it");
        assert!(report.members[&uid("a")].error.is_none());
    }
    rig.put(member(&rig, "a").port(80));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!((address(&rig, "b"), rig.published("b")), (shared, published));
}

#[tokio::test]
async fn a_service_joins_a_group_and_leaves_it() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.put(rig.bench.spec("a").port(80));
    rig.put(member(&rig, "b").port(443));
    rig.converge().await.unwrap();
    let (own, shared) = (address(&rig, "a"), address(&rig, "b"));
    assert_ne!(own, shared);
    rig.put(member(&rig, "a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(address(&rig, "a"), shared);
    assert!(listens(&rig, shared, 80) && !listens(&rig, own, 80));
    rig.put(rig.bench.spec("a").port(80));
    rig.converge().await.unwrap();
    assert_ne!(address(&rig, "a"), shared);
    assert!(!listens(&rig, shared, 80));
}

#[tokio::test]
async fn a_service_that_comes_back_finds_its_address() {
    let mut rig = Rig::<Restarted>::open().await;
    for name in ["a", "b"] {
        rig.put(rig.bench.spec(name).port(80));
    }
    rig.converge().await.unwrap();
    let before = address(&rig, "a");
    rig.delete("a");
    rig.converge().await.unwrap();
    rig.put(rig.bench.spec("c").port(80));
    rig.converge().await.unwrap();
    assert_ne!(address(&rig, "c"), before);
    rig.put(rig.bench.spec("a").port(80));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(address(&rig, "a"), before);
}

#[tokio::test]
async fn pools_that_overlap_are_refused_at_the_start() {
    let pools = |text: &str| {
        let front = [("front".to_owned(), seaway_pool::Ranges::parse(&[text]).unwrap())];
        Config { pools: front.into(), ..config(&["192.0.2.0/28"]) }
    };
    let error = connect(pools("192.0.2.8/29")).unwrap_err().to_string();
    assert!(error.contains("pools.front") && error.contains("192.0.2.0/28"), "{error}");
    let able = connect(pools("2001:db8::/124")).unwrap().capabilities();
    assert_eq!(able.families.len(), 2, "each pool adds its families");
}

/// Wherever the making of a group is cut short, whoever goes on ends it: on one address.
#[tokio::test]
async fn a_group_that_is_cut_short_is_completed_by_the_next() {
    cut_short::<Restarted>().await;
    cut_short::<Forgotten>().await;
}

async fn cut_short<B: Bench>() {
    for ahead in 0.. {
        let mut rig = Rig::<B>::open().await;
        rig.put(member(&rig, "a").port(80));
        rig.put(member(&rig, "b").port(443));
        rig.script.after(ahead, Fate::Cut);
        let cut = rig.converge_until_cut().await.unwrap();
        if !cut {
            assert!(ahead > 3, "hardly a call was made");
            return;
        }
        rig.restart().await;
        rig.converge().await.unwrap();
        rig.verify().await.unwrap();
        assert_eq!(address(&rig, "a"), address(&rig, "b"), "call {ahead}");
    }
}
