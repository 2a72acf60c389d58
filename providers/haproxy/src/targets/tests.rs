use std::collections::BTreeSet;

use seaway_box::{Check, Entry, Port, Tuning};
use seaway_core::{NodeName, Protocol, ServiceRef, SourceRanges};

use super::*;

#[test]
fn a_node_is_as_bad_as_its_worst_port_and_says_why() {
    let mut site = Site::empty("test".into());
    let nodes = ["a", "b", "c", "d"].map(NodeName::from);
    site.numbers = site.numbers.with(&nodes.iter().collect::<BTreeSet<_>>());
    let port = |port| Port { port, protocol: Protocol::Tcp, node_port: 30_000 };
    let target = seaway_box::Target { address: "10.0.0.1".parse().unwrap(), out: false };
    let entry = Entry {
        service: ServiceRef { namespace: "ns".to_owned(), name: "web".to_owned(), uid: "1".into() },
        addresses: vec!["192.0.2.1".parse().unwrap()],
        ports: vec![port(80), port(443)],
        targets: nodes.iter().map(|node| (node.clone(), target)).collect(),
        sources: SourceRanges::Anyone,
        affinity: None,
        check: Check::Connect,
        tuning: Tuning::default(),
    };
    let names = Names::of(&entry);
    let (http, https) = (names.port(port(80)), names.port(port(443)));
    site.entries.insert("1".into(), entry);
    let row = |backend: &str, server: &str, op: u8, admin: u8, check: u8| {
        format!("4 {backend} 1 {server} 10.0.0.1 {op} {admin} 1 1 9 {check} 2 6 0 0 1 - 30000\n")
            .replace(" - ", " 1 - ")
    };
    let states = [
        row(&http, "a:1", 2, 0, 6),
        row(&https, "a:1", 0, 0, 8),
        row(&http, "b:2", 2, 0, 6),
        row(&https, "b:2", 0, 1, 6),
        row(&http, "c:3", 2, 0, 6),
        row(&https, "c:3", 2, 0, 6),
        row(&http, "d:4", 2, 0, 6),
    ];
    let said = Words::from([(format!("{https}/a:1"), "refused".to_owned())]);
    let states = states.concat();
    let judged = judge(&site, &health(&states), &said);
    let told: Vec<_> = judged[&"1".into()]
        .iter()
        .map(|target| (target.node.as_str(), target.health, target.reason.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("a", Health::Unhealthy, Some("refused")),
            ("b", Health::Draining, None),
            ("c", Health::Healthy, None),
            ("d", Health::Unknown, None),
        ]
    );
}
