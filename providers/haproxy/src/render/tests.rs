use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use seaway_box::{Check, Target, Tuning};
use seaway_core::{Affinity, NodeName, ProxyProtocol, ServiceRef, SourceRanges};

use super::*;

fn config() -> Config {
    toml::from_str("pool = ['192.0.2.0/24']").unwrap()
}

fn entry(name: &str, addresses: &[&str], ports: &[u16]) -> Entry {
    let port =
        |port: &u16| Port { port: *port, protocol: Protocol::Tcp, node_port: 30_000 + *port };
    Entry {
        service: ServiceRef {
            namespace: "default".to_owned(),
            name: name.to_owned(),
            uid: format!("uid-{name}").into(),
        },
        addresses: addresses.iter().map(|ip| ip.parse().unwrap()).collect(),
        ports: ports.iter().map(port).collect(),
        targets: BTreeMap::new(),
        sources: SourceRanges::Anyone,
        affinity: None,
        check: Check::Connect,
        tuning: Tuning::default(),
    }
}

fn site(mut entries: Vec<Entry>, nodes: &[(&str, &str, bool)]) -> Site {
    let mut site = Site::empty("test".into());
    let names: Vec<NodeName> = nodes.iter().map(|(name, _, _)| (*name).into()).collect();
    site.numbers = site.numbers.with(&names.iter().collect::<BTreeSet<_>>());
    for entry in &mut entries {
        for (name, ip, out) in nodes {
            let address: IpAddr = ip.parse().unwrap();
            entry.targets.insert((*name).into(), Target { address, out: *out });
        }
    }
    site.entries.extend(entries.into_iter().map(|entry| (entry.service.uid.clone(), entry)));
    site
}

fn written(site: &Site) -> String {
    let mut text = String::new();
    let rendered = render(&config(), site);
    rendered.write(&rendered.frame(), &mut text);
    text
}

#[test]
fn a_plain_service() {
    let site = site(
        vec![entry("web", &["192.0.2.1"], &[80])],
        &[("node-1", "10.0.0.1", false), ("node-2", "10.0.0.2", true)],
    );
    insta::assert_snapshot!(written(&site));
}

#[test]
fn a_service_that_asks_for_everything() {
    let mut entry = entry("web", &["192.0.2.1", "2001:db8::1"], &[80, 443]);
    entry.sources = SourceRanges::Only(
        ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"].map(|ip| ip.parse().unwrap()).into(),
    );
    entry.affinity = Some(Affinity { timeout: Duration::from_hours(3) });
    entry.check = Check::Http(31_000);
    entry.tuning = Tuning {
        proxy_protocol: Some(ProxyProtocol::V2),
        max_connections: Some(7),
        idle_timeout: Some(Duration::from_mins(10)),
        connect_timeout: Some(Duration::from_millis(500)),
    };
    let site =
        site(vec![entry], &[("node-1", "10.0.0.1", false), ("node-6", "2001:db8::6", false)]);
    insta::assert_snapshot!(written(&site));
}

#[test]
fn nodes_are_no_part_of_the_frame_and_all_else_is() {
    let frame = |site: &Site| render(&config(), site).frame();
    let one = || entry("web", &["192.0.2.1"], &[80]);
    let base = frame(&site(vec![one()], &[("a", "10.0.0.1", false)]));
    for nodes in [&[] as &[_], &[("b", "10.0.0.2", true)], &[("a", "10.0.0.9", false)]] {
        assert_eq!(frame(&site(vec![one()], nodes)), base, "{nodes:?}");
    }
    let mut moved = one();
    moved.ports[0].node_port = 31_234;
    assert_eq!(frame(&site(vec![moved], &[])), base, "nor is a NodePort");
    let changes: [fn(&mut Entry); 5] = [
        |entry| entry.check = Check::Http(1),
        |entry| entry.tuning.proxy_protocol = Some(ProxyProtocol::V1),
        |entry| entry.sources = SourceRanges::Only(BTreeSet::new()),
        |entry| entry.ports[0].port = 81,
        |entry| entry.affinity = Some(Affinity { timeout: Duration::from_secs(1) }),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = one();
        change(&mut other);
        assert_ne!(frame(&site(vec![other], &[])), base, "change {number}");
    }
}

#[test]
fn lines_are_blamed_on_their_service() {
    let site =
        site(vec![entry("a", &["192.0.2.1"], &[80]), entry("b", &["192.0.2.2"], &[80])], &[]);
    let text = render(&config(), &site);
    let all = written(&site);
    for (number, line) in all.lines().enumerate() {
        let owner = text.owner(number).map(ToString::to_string);
        for name in ["a", "b"] {
            if line.contains(&format!("seaway_default_{name}_")) {
                assert_eq!(owner, Some(format!("uid-{name}")), "{line}");
            }
        }
    }
    assert_eq!(text.owner(0), None);
}

#[test]
fn nobody_else_has_the_name() {
    let names = |namespace: &str, name: &str, uid: &str| {
        let mut entry = entry("x", &["192.0.2.1"], &[80]);
        entry.service =
            ServiceRef { namespace: namespace.to_owned(), name: name.to_owned(), uid: uid.into() };
        Names::of(&entry)
    };
    let same = names("a", "b", "1");
    assert_eq!(same.service(), names("a", "b", "1").service());
    assert_ne!(same.service(), names("a", "b", "2").service());
    assert_eq!(
        names("a b\n", "ü", "1").service().split('_').collect::<Vec<_>>()[..3],
        ["seaway", "a-b-", "-"]
    );
}
