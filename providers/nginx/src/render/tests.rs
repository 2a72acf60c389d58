use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use seaway_box::{Check, Target, Tuning};
use seaway_core::{Affinity, ProxyProtocol, ServiceRef, ServiceUid, SourceRanges};

use super::*;

fn terms() -> Terms {
    let config: Config = toml::from_str("pool = ['192.0.2.1']\nfolder = '/srv/a'").unwrap();
    Terms { frame: "127.0.0.1:7929".parse().unwrap(), ..Terms::of(&config, None) }
}

fn port(port: u16, protocol: Protocol) -> Port {
    Port { port, protocol, node_port: 30_000 + port }
}

fn entry(uid: &str, ports: &[Port], nodes: &[(&str, bool)]) -> Entry {
    let target = |(i, (node, out)): (usize, &(&str, bool))| {
        let address = IpAddr::from([10, 0, 0, u8::try_from(i).unwrap() + 1]);
        ((*node).into(), Target { address, out: *out })
    };
    Entry {
        service: ServiceRef { namespace: "default".into(), name: "web".into(), uid: uid.into() },
        addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        ports: ports.to_vec(),
        targets: nodes.iter().enumerate().map(target).collect(),
        sources: SourceRanges::Anyone,
        affinity: None,
        check: Check::Connect,
        tuning: Tuning::default(),
    }
}

fn site(entries: impl IntoIterator<Item = Entry>) -> Site {
    let mut site = Site::empty("lab".into());
    site.entries = entries.into_iter().map(|entry| (entry.service.uid.clone(), entry)).collect();
    site
}

fn rendered(site: &Site) -> String {
    let mut text = String::new();
    let rendered = terms().render(site);
    rendered.write(&rendered.frame(), &mut text);
    text
}

/// What is written for one Service alone.
fn of(entry: Entry) -> String {
    let text = rendered(&site([entry]));
    text.split_once("# default/web\n").unwrap().1.replace(Digest::of(&"uid").as_str(), "DIGEST")
}

const TCP: &[Port] = &[Port { port: 80, protocol: Protocol::Tcp, node_port: 30_080 }];

#[test]
fn the_config_tells_its_own_frame() {
    let site = site([]);
    let frame = terms().render(&site).frame();
    let expected = format!(
        "# Tells which config the workers have.\nserver {{\n  listen 127.0.0.1:7929;\n  \
         return \"seaway-{frame}\";\n}}\n"
    );
    assert_eq!(rendered(&site), expected);
}

#[test]
fn a_service_has_an_upstream_and_a_server_per_port() {
    let text = of(entry("uid", TCP, &[("a", false), ("b", true)]));
    let expected = "\
upstream seaway_DIGEST_80_tcp {
  random two least_conn;
  server 10.0.0.1:30080 max_fails=1 fail_timeout=2s;
  server 10.0.0.2:30080 max_fails=1 fail_timeout=2s down;
}
server {
  listen 192.0.2.1:80 backlog=4096;
  listen [2001:db8::1]:80 backlog=4096;
  proxy_pass seaway_DIGEST_80_tcp;
  proxy_connect_timeout 1000ms;
  proxy_timeout 600000ms;
  proxy_next_upstream_tries 3;
  proxy_half_close on;
}
";
    assert_eq!(text, expected);
}

#[test]
fn udp_is_bounded_and_has_a_socket_for_each_worker() {
    let site = site([entry("uid", &[port(53, Protocol::Udp)], &[("a", false)])]);
    let text = rendered(&site);
    for line in [
        "limit_conn_zone $server_addr:$server_port:$protocol zone=seaway_sessions:1m;",
        "  listen 192.0.2.1:53 udp reuseport;",
        "  proxy_timeout 30000ms;",
        "  limit_conn seaway_sessions 8192;",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert!(!text.contains("half_close"));
}

#[test]
fn if_all_are_out_all_are_tried() {
    let text = of(entry("uid", TCP, &[("a", true), ("b", true)]));
    assert!(!text.contains("down"), "{text}");
}

#[test]
fn without_nodes_who_connects_is_sent_away() {
    let text = of(entry("uid", TCP, &[]));
    let expected = "\
server {
  listen 192.0.2.1:80 backlog=4096;
  listen [2001:db8::1]:80 backlog=4096;
  deny all;
  return \"\";
}
";
    assert_eq!(text, expected);
}

#[test]
fn source_ranges_let_in_nobody_else() {
    let mut entry = entry("uid", TCP, &[("a", false)]);
    let prefixes = ["10.1.2.3/8", "2001:db8::/32"].map(|prefix| prefix.parse().unwrap());
    entry.sources = SourceRanges::Only(BTreeSet::from(prefixes));
    let text = of(entry.clone());
    assert!(text.contains("  allow 10.0.0.0/8;\n  allow 2001:db8::/32;\n  deny all;\n"), "{text}");
    entry.sources = SourceRanges::Only(BTreeSet::new());
    let text = of(entry);
    assert!(text.contains("  deny all;\n") && !text.contains("allow"), "{text}");
}

#[test]
fn what_annotations_ask_is_written() {
    let mut entry = entry("uid", &[TCP[0], port(53, Protocol::Udp)], &[("a", false)]);
    entry.tuning = Tuning {
        proxy_protocol: Some(ProxyProtocol::V1),
        idle_timeout: Some(Duration::from_secs(9)),
        connect_timeout: Some(Duration::from_millis(50)),
        max_connections: None,
    };
    let text = of(entry);
    assert_eq!(text.matches("  proxy_timeout 9000ms;\n").count(), 2);
    assert_eq!(text.matches("  proxy_connect_timeout 50ms;\n").count(), 2);
    assert_eq!(text.matches("  proxy_protocol on;\n").count(), 1, "on TCP only");
}

#[test]
fn with_affinity_all_ports_share_clients_alike() {
    let ports = [TCP[0], port(81, Protocol::Tcp)];
    let mut entry = entry("uid", &ports, &[("a", false), ("b", true), ("c", false)]);
    entry.affinity = Some(Affinity { timeout: Duration::from_secs(1) });
    let text = of(entry);
    let weights = |port: &str| -> Vec<String> {
        let servers = text.lines().filter(|line| line.contains(&format!(":300{port} ")));
        servers.map(|line| line.replace(port, "PORT")).collect()
    };
    assert_eq!(text.matches("  hash $remote_addr;\n").count(), 2);
    assert!(weights("80").len() > 20);
    assert_eq!(weights("80"), weights("81"));
    assert!(weights("80").iter().any(|line| line.ends_with("down;")));
}

#[test]
fn a_line_is_blamed_on_its_service() {
    let site = site([entry("a", TCP, &[]), entry("b", TCP, &[])]);
    let text = terms().render(&site);
    let mut written = String::new();
    text.write(&text.frame(), &mut written);
    let owners: BTreeMap<_, usize> =
        written.lines().enumerate().fold(BTreeMap::new(), |mut owners, (number, _)| {
            *owners.entry(text.owner(number).map(ServiceUid::as_str)).or_default() += 1;
            owners
        });
    assert_eq!(owners, BTreeMap::from([(None, 5), (Some("a"), 7), (Some("b"), 7)]));
}

/// What config languages take for the end of something, and the rest of Unicode.
fn hostile() -> impl Strategy<Value = String> {
    let nasty =
        ["\n", "\r\n", "\u{85}", "\u{2028}", "\"", "'", "\\", "$", "${", "}", "{", ";", "#"];
    let words = ["default", "include /etc/passwd;", "*/", "\n}", "user root", "\0", " ", "return"];
    let piece = prop_oneof![
        proptest::sample::select(nasty.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Every line is a comment, or one of the directives that we write, whole and well-formed.
fn judge(text: &str) -> Result<(usize, BTreeSet<&str>), String> {
    let (mut open, mut servers, mut upstreams) = (false, 0, BTreeSet::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let safe = |c: char| c.is_ascii_alphanumeric() || " _-./:[]$=\";{}".contains(c);
        let words: Vec<_> = line.split_whitespace().collect();
        let fits = match (words.first().copied(), line.chars().last()) {
            (Some("server"), Some('{')) => {
                servers += 1;
                !std::mem::replace(&mut open, true)
            }
            (Some("upstream"), Some('{')) => {
                upstreams.insert(words[1]) && !std::mem::replace(&mut open, true)
            }
            (Some("}"), Some('}')) => std::mem::replace(&mut open, false),
            (Some("limit_conn_zone"), Some(';')) => !open,
            (
                Some(
                    "listen"
                    | "return"
                    | "random"
                    | "hash"
                    | "server"
                    | "allow"
                    | "deny"
                    | "proxy_pass"
                    | "proxy_connect_timeout"
                    | "proxy_timeout"
                    | "limit_conn"
                    | "proxy_next_upstream_tries"
                    | "proxy_half_close"
                    | "proxy_protocol",
                ),
                Some(';'),
            ) => open,
            _ => false,
        };
        if !fits || !line.chars().all(safe) || line.matches([';', '{', '}']).count() != 1 {
            return Err(format!("{line:?}"));
        }
    }
    if open { Err("a block is not closed".to_owned()) } else { Ok((servers, upstreams)) }
}

proptest! {
    #[test]
    fn no_string_of_a_service_ends_its_line(
        strings in proptest::collection::vec((hostile(), hostile(), hostile(), hostile()), 1..6),
        affinity: bool,
    ) {
        let site = site(strings.iter().map(|(namespace, name, uid, node)| {
            let mut entry = entry(uid, &[TCP[0], port(53, Protocol::Udp)], &[(node, false)]);
            entry.service.namespace.clone_from(namespace);
            entry.service.name.clone_from(name);
            entry.affinity = affinity.then_some(Affinity { timeout: Duration::from_secs(1) });
            entry
        }));
        let text = rendered(&site);
        let (servers, upstreams) = judge(&text).map_err(TestCaseError::fail)?;
        prop_assert_eq!(servers, 1 + 2 * site.entries.len());
        prop_assert_eq!(upstreams.len(), 2 * site.entries.len(), "names collide");
    }
}
