//! Which address a Service has, and when it changes.

use std::net::{IpAddr, SocketAddr};

use seaway_core::{Address, ErrorKind, Family, Protocol, ProviderError, Readiness};
use seaway_testkit::faults::Fate;
use seaway_testkit::rig::{Rig, pass};
use seaway_testkit::{Bench, SpecBuilder, uid};

use crate::witness::is_open;
use crate::world::{Forgotten, Restarted};

fn spec(rig: &Rig<Restarted>, name: &str) -> SpecBuilder {
    rig.bench.spec(name).port(80)
}

fn listens(rig: &Rig<Restarted>, ip: IpAddr) -> bool {
    is_open(SocketAddr::new(ip, rig.bench.base + 80), Protocol::Tcp)
}

async fn error_of(rig: &mut Rig<Restarted>, name: &str) -> ProviderError {
    let report = pass(rig, name).await;
    report.members[&uid(name)].error.clone().expect("an error")
}

#[tokio::test]
async fn clients_of_an_old_address_are_served_until_the_status_shows_the_new_one() {
    let mut rig = Rig::<Restarted>::open().await;
    let (old, new) = (rig.bench.pool[1], rig.bench.pool[5]);
    rig.put(spec(&rig, "a").requested(old));
    rig.converge().await.unwrap();
    assert_eq!(rig.published("a"), [Address::Ip(old)]);

    rig.put(spec(&rig, "a").requested(new));
    let report = pass(&mut rig, "a").await;
    assert_eq!(report.members[&uid("a")].readiness, Readiness::Ready(vec![Address::Ip(new)]));
    assert!(listens(&rig, old) && listens(&rig, new));
    assert!(report.look_again.is_some(), "the old one is not forgotten");
    // Nobody gets it meanwhile.
    rig.put(spec(&rig, "b").requested(old));
    assert_eq!(error_of(&mut rig, "b").await.kind(), ErrorKind::Conflict);

    pass(&mut rig, "a").await;
    assert!(!listens(&rig, old) && listens(&rig, new));
    rig.moves = 0;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("b"), [Address::Ip(old)]);
}

/// Wherever a move is cut short, whoever goes on ends it: at the new address, with nothing left at the
/// old one.
#[tokio::test]
async fn a_move_that_is_cut_short_is_ended_by_the_next() {
    cut_moves_short::<Restarted>().await;
    cut_moves_short::<Forgotten>().await;
}

async fn cut_moves_short<B: Bench>() {
    for ahead in 0.. {
        let mut rig = Rig::<B>::open().await;
        rig.put(rig.bench.spec("a").port(80));
        rig.converge().await.unwrap();
        let (new, _) = rig.bench.requestable(Family::IPv4).unwrap();
        rig.put(rig.bench.spec("a").port(80).requested(new));
        rig.script.after(ahead, Fate::Cut);
        let cut = rig.converge_until_cut().await.unwrap();
        if !cut {
            assert!(ahead > 3, "hardly a call was made");
            return;
        }
        rig.restart().await;
        rig.converge().await.unwrap();
        assert_eq!(rig.moves, 1, "call {ahead}");
        rig.moves = 0;
        rig.verify().await.unwrap();
        assert_eq!(rig.published("a"), [Address::Ip(new)]);
    }
}

#[tokio::test]
async fn a_family_that_is_given_up_is_closed_at_once() {
    let mut rig = Rig::<Restarted>::open().await;
    let both = [Family::IPv6, Family::IPv4];
    rig.put(spec(&rig, "a").families(both));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let Some(Address::Ip(first)) = rig.published("a").first().cloned() else { panic!() };
    let addresses = rig.published("a").len();
    assert_eq!(addresses, rig.capabilities().families.len());

    rig.put(spec(&rig, "a").families([Family::IPv4]));
    pass(&mut rig, "a").await;
    assert_eq!(listens(&rig, first), addresses == 1);
    rig.moves = 0;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a").len(), 1);
}

/// The status was written by somebody else, in another order than ours.
#[tokio::test]
async fn the_preferred_family_comes_first_after_a_restart_too() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.put(spec(&rig, "a").families([Family::IPv4, Family::IPv6]));
    rig.converge().await.unwrap();
    let mut before = rig.published("a");
    rig.put(spec(&rig, "a").families([Family::IPv6, Family::IPv4]));
    rig.restart().await;
    rig.converge().await.unwrap();
    before.reverse();
    assert_eq!(rig.published("a"), before);
}

#[tokio::test]
async fn an_address_of_another_service_is_a_conflict_that_names_it() {
    let mut rig = Rig::<Restarted>::open().await;
    rig.put(spec(&rig, "a"));
    rig.converge().await.unwrap();
    let Some(Address::Ip(taken)) = rig.published("a").first().cloned() else { panic!() };
    // Also of one whose address was only claimed.
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.put(spec(&rig, "b").requested(taken));
    let error = error_of(&mut rig, "b").await;
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains(&format!("{taken} is taken by the Service default/a")));

    rig.delete("a");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("b"), [Address::Ip(taken)]);
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so_until_a_service_goes() {
    let mut rig = Rig::<Restarted>::open().await;
    let all = rig.bench.pool.iter().filter(|ip| ip.is_ipv4()).count();
    for n in 0..all {
        rig.put(spec(&rig, &format!("s{n}")));
    }
    rig.converge().await.unwrap();
    rig.put(spec(&rig, "late"));
    let error = error_of(&mut rig, "late").await;
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    for part in ["no IPv4 address is free", "all 8 of", "providers.embedded.pool"] {
        assert!(error.message().contains(part), "{error}");
    }
    let given_back = rig.published("s3");
    rig.delete("s3");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("late"), given_back);
}
