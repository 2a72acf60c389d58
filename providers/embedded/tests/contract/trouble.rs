//! What stands in the way, and what becomes of it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::{io, time::Duration};

use seaway_core::{
    Address, Context, ErrorKind, Goal, Health, Key, Member, Protocol, Provider, Readiness,
};
use seaway_provider_embedded::connect;
#[cfg(target_os = "linux")]
use seaway_testkit::namespace::{alone, ip, sysctl};
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
    let cx = Context::new(Arc::new(ManualClock::default()));
    let spec = seaway_testkit::spec("a").port(8080).build();
    let members = [(uid("a"), Member::present(spec))].into();
    let goal = Goal { members, ..Goal::default() };
    let report = driver.reconcile(&cx, &Key::own(uid("a")), &goal).await;
    let error = report.members[&uid("a")].error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("192.0.2.1:8080"), "{error}");
    #[cfg(target_os = "linux")]
    assert!(error.message().contains("sudo ip addr add 192.0.2.1/32 dev lo"), "{error}");
}

/// With the checks of the config as it is without being said: a connection to a TCP port.
#[tokio::test]
async fn a_target_that_nobody_checks_is_unknown() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.put(rig.bench.spec("a").udp(53));
    rig.put(rig.bench.spec("b").udp(53).port(80));
    rig.converge().await.unwrap();
    let cx = Context::new(Arc::new(ManualClock::default()));
    for (name, health) in [("a", Health::Unknown), ("b", Health::Healthy)] {
        let targets = rig.driver().targets(&cx, &Key::own(uid(name))).await.unwrap();
        let found: BTreeSet<_> = targets[&uid(name)].iter().map(|target| target.health).collect();
        assert_eq!(found, [health].into(), "{name}");
    }
}

/// A bind can't tell whether an address is there, with `ip_nonlocal_bind`, nor when it goes.
#[cfg(target_os = "linux")]
#[test]
fn a_service_is_served_while_its_address_is_on_this_machine() {
    let name = "trouble::a_service_is_served_while_its_address_is_on_this_machine";
    alone(name, async || {
        sysctl("net/ipv4/ip_nonlocal_bind", "1");
        comes_and_goes("192.0.2.7").await;
        sysctl("net/ipv4/ip_nonlocal_bind", "0");
        comes_and_goes("192.0.2.8").await;
    });
}

#[cfg(target_os = "linux")]
async fn comes_and_goes(address: &str) {
    let driver = seaway_core::drive(connect(config(&[address])).unwrap());
    let cx = Context::new(Arc::new(ManualClock::default()));
    let spec = seaway_testkit::spec("a").port(8080).build();
    let members = [(uid("a"), Member::present(spec))].into();
    let (goal, key) = (Goal { members, ..Goal::default() }, Key::own(uid("a")));
    let command = format!("ip addr add {address}/32 dev lo");
    let pass = async || driver.reconcile(&cx, &key, &goal).await.members[&uid("a")].clone();
    let stirred = async || {
        // The second between two looks passes at once.
        tokio::time::pause();
        let keys = tokio::time::timeout(Duration::from_mins(1), driver.stirred(&cx)).await.unwrap();
        tokio::time::resume();
        assert_eq!(keys, [key.clone()].into());
    };
    let refused = async || {
        let member = pass().await;
        let error = member.error.expect("an error");
        assert_eq!((error.kind(), member.readiness), (ErrorKind::Unavailable, Readiness::Gone));
        assert!(error.message().contains(&command), "{error}");
    };
    let served = async || {
        let member = pass().await;
        let here = Address::Ip(address.parse().unwrap());
        assert_eq!((member.error, member.readiness), (None, Readiness::Ready(vec![here])));
        // Without nodes, clients are reset, be it before they know that they were accepted.
        let reached = tokio::net::TcpStream::connect((address, 8080)).await;
        let turned_away = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset;
        assert!(reached.as_ref().err().is_none_or(turned_away), "{reached:?}");
    };
    let add = || ip(&format!("address add {address}/32 dev lo"));
    refused().await;
    add();
    stirred().await;
    served().await;
    ip(&format!("address del {address}/32 dev lo"));
    stirred().await;
    refused().await;
    // Whoever goes on where it is missing still does what can be done.
    refused().await;
    add();
    stirred().await;
    served().await;
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
