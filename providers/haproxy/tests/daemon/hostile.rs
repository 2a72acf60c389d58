//! A Service is what somebody in the cluster wrote: nothing in it may become a directive.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};
use seaway_box::{Check, Daemon, Entry, Port, Site, Target, Tuning};
use seaway_core::{Affinity, NodeName, Protocol, ProxyProtocol, ServiceRef, SourceRanges};
use seaway_provider_haproxy::Haproxy;

use crate::rig::config;

/// What HAProxy's parser gives a meaning to, in words and alone.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "",
        " ",
        "\n",
        "\r\n",
        "\0",
        "\u{85}",
        "\u{2028}",
        "#",
        "\\",
        "\"",
        "'",
        "$",
        "${HOME}",
        "%[env(X)]",
        ";",
        "{",
        "}",
        "/",
        "_",
        ":",
        "..",
        "<<",
        "web",
        "web_80",
        "\nglobal\n  user root\n",
        "\n  server x 10.0.0.1:1",
        "\\\n",
        "é",
        "🦀",
        "\u{202e}",
        " if TRUE",
        "*",
        "@",
        "[::]",
    ]);
    let piece = prop_oneof![nasty.prop_map(str::to_owned), any::<String>(), "[a-z0-9-]{1,20}"];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn entry(
    number: u8,
    (namespace, name, uid): (String, String, String),
    nodes: &[String],
    odd: bool,
) -> Entry {
    let ip = IpAddr::from(Ipv4Addr::new(127, 60, 0, number));
    let target = Target { address: ip, out: odd };
    Entry {
        service: ServiceRef { namespace, name, uid: uid.into() },
        addresses: vec![ip, "::1".parse().unwrap()],
        ports: (1..3)
            .map(|port| Port {
                port: 20_000 + 10 * u16::from(number) + port,
                protocol: Protocol::Tcp,
                node_port: 30_000,
            })
            .collect(),
        targets: nodes.iter().map(|node| (NodeName::from(node.as_str()), target)).collect(),
        sources: SourceRanges::Only(["10.0.0.0/8".parse().unwrap()].into()),
        affinity: odd.then_some(Affinity { timeout: Duration::from_hours(3) }),
        check: if odd { Check::Http(30_001) } else { Check::Connect },
        tuning: Tuning {
            proxy_protocol: Some(if odd { ProxyProtocol::V1 } else { ProxyProtocol::V2 }),
            max_connections: Some(10),
            idle_timeout: Some(Duration::from_millis(1)),
            connect_timeout: Some(Duration::from_hours(24)),
        },
    }
}

fn site() -> impl Strategy<Value = Site> {
    let service = (hostile(), hostile(), hostile());
    let services = prop::collection::vec(service, 1..4);
    let nodes = prop::collection::vec(hostile(), 0..4);
    (services, nodes, any::<bool>()).prop_map(|(services, nodes, odd)| {
        let mut site = Site::empty("te\nst".into());
        let names: Vec<NodeName> = nodes.iter().map(|node| node.as_str().into()).collect();
        site.numbers = site.numbers.with(&names.iter().collect::<BTreeSet<_>>());
        for (number, service) in (1..).zip(services) {
            let entry = entry(number, service, &nodes, odd);
            site.entries.insert(entry.service.uid.clone(), entry);
        }
        site
    })
}

fn written(haproxy: &Haproxy, site: &Site) -> String {
    let mut text = String::new();
    let rendered = haproxy.render(site);
    rendered.write(&rendered.frame(), &mut text);
    text
}

/// The same with names that nobody could object to: what is written may differ in names only.
fn tame(site: &Site) -> Site {
    let mut tame = Site::empty("test".into());
    let nodes: BTreeMap<_, _> = site
        .entries
        .values()
        .flat_map(|entry| entry.targets.keys())
        .map(|node| (node.clone(), NodeName::from(format!("node-{}", site.numbers.of(node)))))
        .collect();
    tame.numbers = tame.numbers.with(&nodes.values().collect());
    for (number, (_, entry)) in site.entries.iter().enumerate() {
        let mut entry = entry.clone();
        let name = format!("web-{number:03}");
        entry.service = ServiceRef { namespace: "ns".to_owned(), uid: name.as_str().into(), name };
        let targets = entry.targets.iter().map(|(node, target)| (nodes[node].clone(), *target));
        entry.targets = targets.collect();
        tame.entries.insert(entry.service.uid.clone(), entry);
    }
    tame
}

/// The words of a line without those that hold names.
fn shape(line: &str) -> Vec<&str> {
    let words: Vec<_> = line.split(' ').collect();
    let named = |word: &&&str| {
        let starts = ["seaway_", "abns@", "seaway-"].iter().any(|start| word.starts_with(start));
        starts || word.contains("/states/seaway_")
    };
    let is_server = words.get(2) == Some(&"server");
    let words = words.iter().filter(|word| !named(word)).copied().enumerate();
    // The third and the fifth word of a server are its name and its number.
    words.filter(|(at, _)| !is_server || !(*at == 3 || *at == 6)).map(|(_, word)| word).collect()
}

#[test]
fn no_name_changes_what_is_written_but_names() {
    let folder = tempfile::tempdir().unwrap();
    let haproxy = Haproxy::new(config(&folder, ""));
    let mut runner = TestRunner::new(Runs { failure_persistence: None, ..Runs::default() });
    let held = runner.run(&site(), |site| {
        let text = written(&haproxy, &site);
        let tame = written(&haproxy, &tame(&site));
        let allowed = |c: char| c == '\n' || (' '..='~').contains(&c);
        prop_assert!(text.chars().all(allowed), "{text}");
        let mut shapes: Vec<_> = text.lines().map(shape).collect();
        let mut tame: Vec<_> = tame.lines().map(shape).collect();
        // Nodes are in the order of their names.
        shapes.sort();
        tame.sort();
        prop_assert_eq!(shapes, tame);
        let mut names = BTreeSet::new();
        for line in text.lines().filter(|line| line.starts_with("frontend")) {
            prop_assert!(names.insert(line.to_owned()), "two have one name: {line}");
        }
        Ok(())
    });
    held.unwrap();
}

#[test]
fn the_daemons_own_parser_takes_whatever_services_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder, "");
    let haproxy = Haproxy::new(config.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let runs =
        Runs { cases: 40, failure_persistence: None, max_shrink_iters: 20, ..Runs::default() };
    let held = TestRunner::new(runs).run(&site(), |site| {
        std::fs::write(config.file(), written(&haproxy, &site)).unwrap();
        let checked = runtime.block_on(haproxy.check(&config.file()));
        prop_assert!(checked.is_ok(), "{checked:?}");
        Ok(())
    });
    held.unwrap();
}
