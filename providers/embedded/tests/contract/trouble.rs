//! What stands in the way, and what becomes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use seaway_core::{Address, ErrorKind, Key, Protocol, Provider, Readiness};
use seaway_provider_embedded::connect;
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench, ManualClock, uid};

use crate::witness::{ask, is_open, somebody};
use crate::world::{FOREIGN, Restarted, config};

#[tokio::test]
async fn a_port_that_somebody_else_has_is_a_conflict_that_names_it() {
    let mut rig = Rig::<Restarted>::open().await;
    let at = SocketAddr::new(rig.bench.pool[0], rig.bench.base + FOREIGN);
    rig.put(rig.bench.spec("a").port(80).port(FOREIGN).requested(at.ip()));
    let key = Key::own(uid("a"));
    let report = rig.pass(&key).await;
    let member = &report.members[&uid("a")];
    let error = member.error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains(&at.to_string()), "{error}");
    assert_eq!(member.readiness, Readiness::Gone);
    // All of its ports, or none.
    assert!(!is_open(SocketAddr::new(at.ip(), rig.bench.base + 80), Protocol::Tcp));
    rig.check_foreign().await.unwrap();

    rig.bench.foreign_leaves();
    let report = rig.pass(&key).await;
    assert_eq!(
        report.members[&uid("a")].readiness,
        Readiness::Ready(vec![Address::Ip(at.ip())]),
        "{report:?}"
    );
    assert!(ask(somebody(), at, Protocol::Tcp).await.is_some());
}

#[tokio::test]
async fn a_service_that_can_not_change_keeps_serving_as_it_was() {
    let mut rig = Rig::<Restarted>::open().await;
    let plain = rig.bench.spec("a").port(80).requested(rig.bench.pool[0]);
    rig.put(plain.clone());
    rig.converge().await.unwrap();
    let (published, served) = (rig.published("a"), rig.served("a").await);
    rig.put(plain.clone().port(FOREIGN));
    let report = rig.pass(&Key::own(uid("a"))).await;
    let member = &report.members[&uid("a")];
    assert_eq!(member.error.as_ref().unwrap().kind(), ErrorKind::Conflict);
    assert_eq!(member.readiness, Readiness::Ready(published));
    assert_eq!(rig.served("a").await, served);
    rig.put(plain);
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

/// What it had it keeps, although nothing listens there until somebody else is gone.
#[tokio::test]
async fn a_service_that_can_not_listen_after_a_restart_keeps_its_address() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.put(rig.bench.spec("a").port(80));
    rig.converge().await.unwrap();
    let before = rig.published("a");
    assert_eq!(before, [Address::Ip(rig.bench.pool[0])]);
    // It asks for a port more while nobody runs, and that is taken.
    rig.put(rig.bench.spec("a").port(80).port(FOREIGN));
    rig.restart().await;
    rig.put(rig.bench.spec("A").port(80));
    let other = rig.pass(&Key::own(uid("A"))).await;
    assert_eq!(
        other.members[&uid("A")].readiness,
        Readiness::Ready(vec![Address::Ip(rig.bench.pool[1])])
    );
    let report = rig.pass(&Key::own(uid("a"))).await;
    assert_eq!(report.members[&uid("a")].readiness, Readiness::Gone);
    assert_eq!(rig.published("a"), before);
    rig.put(rig.bench.spec("a").port(80));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a"), before);
}

#[tokio::test]
async fn without_nodes_the_port_is_open_and_clients_are_turned_away() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.set_nodes([]);
    rig.put(rig.bench.spec("a").port(80).udp(53));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let at = SocketAddr::new(rig.bench.pool[0], rig.bench.base + 80);
    assert!(is_open(at, Protocol::Tcp));
    assert_eq!(ask(somebody(), at, Protocol::Tcp).await, None);
    rig.set_nodes([1]);
    rig.converge().await.unwrap();
    let node = rig.bench.node(1).addresses[0];
    let answer = ask(somebody(), at, Protocol::Tcp).await;
    assert_eq!(answer, Some(SocketAddr::new(node, 30_080).to_string()));
}

#[tokio::test]
async fn an_address_that_is_not_here_is_told_with_the_command_that_adds_it() {
    // RFC 5737: an address for documentation, on no machine.
    let provider = connect(config(&["192.0.2.1"])).unwrap();
    let driver = seaway_core::drive(provider);
    let cx = seaway_core::Context::new(Arc::new(ManualClock::default()));
    let spec = seaway_testkit::spec("a").port(8080).build();
    let members = [(uid("a"), seaway_core::Member::present(spec))].into();
    let goal = seaway_core::Goal { members, ..seaway_core::Goal::default() };
    let report = driver.reconcile(&cx, &Key::own(uid("a")), &goal).await;
    let error = report.members[&uid("a")].error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("192.0.2.1:8080"), "{error}");
    #[cfg(target_os = "linux")]
    assert!(error.message().contains("sudo ip addr add 192.0.2.1/32 dev lo"), "{error}");
}

#[tokio::test]
async fn the_capabilities_are_those_of_the_data_plane_and_the_pool() {
    let provider = connect(config(&["192.0.2.1"])).unwrap();
    let able = provider.capabilities();
    assert_eq!(able.families, [seaway_core::Family::IPv4].into());
    let document = include_str!("../../../../docs/annotations.md");
    let (_, section) = document.split_once("\n## Annotations of `embedded`\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let written: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let declared = able.settings.iter().map(|one| format!("| `{}` | {} |", one.key, one.doc));
    assert_eq!(written, declared.collect::<Vec<_>>());
    let refused = |spec: seaway_testkit::SpecBuilder, part: &str| {
        let error = able.check("embedded", &spec.build()).unwrap_err();
        assert!(error.kind().is_user_error() && error.message().contains(part), "{error}");
    };
    refused(seaway_testkit::spec("a").port_of(3868, Protocol::Sctp), "3868/SCTP");
    refused(seaway_testkit::spec("a").port(80).families([seaway_core::Family::IPv6]), "IPv6");
}
