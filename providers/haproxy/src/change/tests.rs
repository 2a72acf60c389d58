use std::collections::{BTreeMap, BTreeSet};

use seaway_box::{Check, Entry, Port, Target, Tuning};
use seaway_core::{Digest, NodeName, Protocol, ServiceRef, SourceRanges};

use super::*;

fn config() -> Config {
    toml::from_str("pool = ['192.0.2.0/24']").unwrap()
}

fn site(nodes: &[(&str, u8, bool)]) -> Site {
    let mut site = Site::empty("test".into());
    let names: Vec<NodeName> = nodes.iter().map(|(name, _, _)| (*name).into()).collect();
    site.numbers = site.numbers.with(&names.iter().collect::<BTreeSet<_>>());
    let target = |last: u8, out| Target { address: [10, 0, 0, last].into(), out };
    let entry = Entry {
        service: ServiceRef { namespace: "ns".to_owned(), name: "web".to_owned(), uid: "1".into() },
        addresses: vec!["192.0.2.1".parse().unwrap()],
        ports: vec![Port { port: 80, protocol: Protocol::Tcp, node_port: 30_080 }],
        targets: nodes
            .iter()
            .map(|(name, last, out)| ((*name).into(), target(*last, *out)))
            .collect(),
        sources: SourceRanges::Anyone,
        affinity: None,
        check: Check::Connect,
        tuning: Tuning::default(),
    };
    site.entries.insert("1".into(), entry);
    site
}

fn running(nodes: &[(&str, u8, bool)]) -> Running {
    Running::fresh(&site(nodes), &Digest::of(&"frame"))
}

/// The changes, each without its backend; and what is learned of them leaves nothing to do.
fn check(before: &Running, nodes: &[(&str, u8, bool)], expected: &[&str]) {
    let site = site(nodes);
    let mut running = before.clone();
    let made = changes(&config(), &site, &running);
    let told: Vec<_> =
        made.iter().map(|change| change.to_string().replace(&change.backend, "B")).collect();
    assert_eq!(told, expected);
    for change in &made {
        learn(&mut running, change);
    }
    // Who leaves is deleted next, if it has no connections.
    let left = changes(&config(), &site, &running);
    assert!(left.iter().all(|change| change.kind == Kind::Delete), "{left:?}");
    for change in &left {
        learn(&mut running, change);
    }
    assert_eq!(changes(&config(), &site, &running), []);
}

#[test]
fn each_difference_is_a_change_and_a_backend_is_never_without_servers() {
    let one = running(&[("a", 1, false)]);
    check(&one, &[("a", 1, false)], &[]);
    check(&one, &[("a", 2, false)], &["move B/a:1 to 10.0.0.2:30080"]);
    check(&one, &[("a", 1, true)], &["let B/a:1 have no new connections"]);
    check(&running(&[("a", 1, true)]), &[("a", 1, false)], &["let B/a:1 have new connections"]);
    check(
        &one,
        &[("b", 2, false)],
        &["add B/b:1 at 10.0.0.2:30080", "let B/a:1 have no new connections"],
    );
    check(&one, &[], &["let B/a:1 have no new connections"]);
    let none = running(&[]);
    assert_eq!(none.servers, BTreeMap::new());
    check(&none, &[("a", 1, true)], &["add B/a:1 at 10.0.0.1:30080"]);
}

#[test]
fn who_left_is_deleted_once_it_is_idle_and_who_is_out_is_not() {
    let mut left = running(&[("a", 1, true)]);
    check(&left, &[], &[]);
    for server in left.servers.values_mut().flat_map(BTreeMap::values_mut) {
        server.idle = true;
    }
    check(&left, &[("a", 1, true)], &[]);
    check(&left, &[], &["delete B/a:1"]);
}

#[test]
fn the_end_of_the_last_connection_is_no_difference() {
    let left = running(&[("a", 1, true)]);
    let mut idle = left.clone();
    for server in idle.servers.values_mut().flat_map(BTreeMap::values_mut) {
        server.idle = true;
    }
    assert_eq!(left, idle);
}

#[test]
fn backends_of_the_user_are_left_alone() {
    let mut running = running(&[("a", 1, false)]);
    let theirs = running.servers.values().next().unwrap().clone();
    running.servers.insert("theirs".to_owned(), theirs);
    check(&running, &[("a", 1, false)], &[]);
}
