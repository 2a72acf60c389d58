//! What is there, as the world tells it, past the provider.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use seaway_core::{Address, Affinity, Mark, Protocol, ServiceUid, SourceRanges, TrafficPolicy};
use seaway_mock_gce::MockGce;
use seaway_testkit::{Front, Served, Thing, cluster_id};
use serde_json::{Value, json};

const KINDS: [&str; 6] = [
    "addresses",
    "backendServices",
    "firewalls",
    "forwardingRules",
    "healthChecks",
    "instanceGroups",
];

/// Everything that there is.
///
/// Which ports share a forwarding rule, and whether an address had to be reserved for several, is a
/// matter of how a Service came to be as it is. So of ours each port counts that a rule leads on, and
/// a rule or an address only where it does nothing.
pub(crate) fn things(mock: &MockGce) -> Vec<Thing> {
    let of = |kind: &'static str| {
        let all = mock.list(kind).into_iter();
        all.flat_map(move |it| {
            let (mark, state) = (mark(&it), lasting(kind, &it));
            let roles = roles(mock, kind, &it, mark.as_ref());
            roles.into_iter().map(move |role| Thing::new(role, mark.clone(), &state))
        })
    };
    KINDS.into_iter().flat_map(of).collect()
}

/// What a thing is for: two of one owner with the same role are one too many.
fn roles(mock: &MockGce, kind: &str, it: &Value, mark: Option<&Mark>) -> Vec<String> {
    let text = |field: &str| it[field].as_str().unwrap_or_default();
    let ours = mark.is_some_and(|mark| mark.cluster == cluster_id());
    match kind {
        "forwardingRules" if ours => {
            let firewalls = mock.list("firewalls");
            let ports =
                ports(it).into_iter().filter(|port| !admitted(&firewalls, it, *port).is_empty());
            let family = if address(it).is_ipv4() { "IPv4" } else { "IPv6" };
            let (scheme, protocol) = (text("loadBalancingScheme"), text("IPProtocol"));
            let roles: Vec<_> =
                ports.map(|port| format!("{scheme} {family} port {port}/{protocol}")).collect();
            if roles.is_empty() { vec![format!("idle rule {}", text("name"))] } else { roles }
        }
        "addresses" if ours && it["users"].as_array().is_some_and(|users| !users.is_empty()) => {
            vec![]
        }
        "instanceGroups" => {
            let zone = text("zone").rsplit('/').next().unwrap_or_default();
            vec![format!("group {} in {zone}", text("name"))]
        }
        // The family and the like are in the name, after what tells the owner.
        _ => vec![format!("{kind} {}", text("name"))],
    }
}

/// What does not change of its own accord, as the users of an address do.
fn lasting(kind: &str, it: &Value) -> String {
    let mut it = it.clone();
    if kind == "addresses" {
        it.as_object_mut().unwrap().retain(|key, _| key != "users" && key != "status");
    }
    it.to_string()
}

fn mark(it: &Value) -> Option<Mark> {
    let mark: Value = serde_json::from_str(it["description"].as_str()?).ok()?;
    let uid = mark["seaway.dev/service-uid"].as_str().map(ServiceUid::from);
    Some(Mark { cluster: mark["seaway.dev/cluster"].as_str()?.into(), service: uid })
}

/// What clients of a Service meet: what a forwarding rule leads to, and a firewall rule lets through.
pub(crate) fn served(mock: &MockGce, uid: &ServiceUid) -> Option<Served> {
    let mine = Some(Mark::of(cluster_id(), uid.clone()));
    let rules = mock.list("forwardingRules").into_iter().filter(|it| mark(it) == mine);
    let firewalls = mock.list("firewalls");
    let mut served = None;
    for rule in rules {
        let served: &mut Served = served.get_or_insert_default();
        let ip = address(&rule);
        let service = named(mock, &rule["backendService"]);
        for port in ports(&rule) {
            let sources = admitted(&firewalls, &rule, port);
            if sources.is_empty() {
                continue;
            }
            served.addresses.insert(Address::Ip(ip));
            let tcp = rule["IPProtocol"] == "TCP";
            let protocol = if tcp { Protocol::Tcp } else { Protocol::Udp };
            let front = served.fronts.entry((port, protocol)).or_default();
            add(mock, front, &service, sources);
        }
    }
    served
}

/// The ports that a forwarding rule names.
fn ports(rule: &Value) -> Vec<u16> {
    let ports = rule["ports"].as_array().into_iter().flatten();
    ports.map(|port| port.as_str().unwrap().parse().unwrap()).collect()
}

/// Who may come to a port of a forwarding rule.
fn admitted(firewalls: &[Value], rule: &Value, port: u16) -> BTreeSet<IpNet> {
    let (ip, word) = (address(rule), rule["IPProtocol"].as_str().unwrap().to_lowercase());
    let lets = |it: &&Value| leads_to(it, ip) && opens(it, &word, port);
    firewalls.iter().filter(lets).flat_map(|it| prefixes(&it["sourceRanges"])).collect()
}

fn add(mock: &MockGce, front: &mut Front, service: &Value, sources: BTreeSet<IpNet>) {
    let groups = service["backends"].as_array().into_iter().flatten();
    front.targets = groups.flat_map(|backend| members(mock, &backend["group"])).collect();
    let anyone = sources.iter().any(|net| net.prefix_len() == 0);
    let before = front.admits.take();
    front.admits = Some(match (anyone, before) {
        (true, _) | (_, Some(SourceRanges::Anyone)) => SourceRanges::Anyone,
        (false, Some(SourceRanges::Only(before))) => SourceRanges::Only(&before | &sources),
        (false, None) => SourceRanges::Only(sources),
    });
    let keeps = service["sessionAffinity"] == "CLIENT_IP";
    front.affinity = Some(keeps.then_some(Affinity { timeout: Duration::from_hours(3) }));
    let check = named(mock, &service["healthChecks"][0]);
    let port = u16::try_from(check["httpHealthCheck"]["port"].as_u64().unwrap()).unwrap();
    front.health = Some(match port {
        10_256 => TrafficPolicy::Cluster,
        port => TrafficPolicy::Local { health_check_node_port: port },
    });
}

/// The names of the instances in a group.
fn members(mock: &MockGce, group: &Value) -> Vec<String> {
    let path = group.as_str().unwrap().split_once("/compute/v1/").unwrap().1;
    let (_, answer) = mock.ask("POST", &format!("{path}/listInstances"), json!({}));
    let items = answer["items"].as_array().into_iter().flatten();
    let name = |it: &Value| it["instance"].as_str()?.rsplit('/').next().map(str::to_owned);
    items.filter_map(name).collect()
}

/// The thing that a reference names.
fn named(mock: &MockGce, reference: &Value) -> Value {
    mock.get(reference.as_str().unwrap()).unwrap()
}

fn address(rule: &Value) -> IpAddr {
    let text = rule["IPAddress"].as_str().unwrap();
    text.split('/').next().unwrap().parse().unwrap()
}

fn leads_to(firewall: &Value, ip: IpAddr) -> bool {
    prefixes(&firewall["destinationRanges"]).iter().any(|net| net.contains(&ip))
}

fn opens(firewall: &Value, protocol: &str, port: u16) -> bool {
    let allowed = firewall["allowed"].as_array().into_iter().flatten();
    let mut ports = allowed
        .filter(|it| it["IPProtocol"] == protocol)
        .flat_map(|it| it["ports"].as_array().into_iter().flatten());
    ports.any(|range| {
        let range = range.as_str().unwrap();
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        (from.parse().unwrap()..=to.parse().unwrap()).contains(&port)
    })
}

fn prefixes(ranges: &Value) -> Vec<IpNet> {
    let texts = ranges.as_array().into_iter().flatten().filter_map(Value::as_str);
    let prefix =
        |text: &str| text.parse().unwrap_or_else(|_| IpNet::from(text.parse::<IpAddr>().unwrap()));
    texts.map(prefix).collect()
}
