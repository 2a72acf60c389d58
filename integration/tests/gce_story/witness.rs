//! What the project and the API tell of a Service.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::google::{CLUSTER, KINDS, writes};
use seaway_integration::{SLOW, addresses, condition, until_within};
use seaway_mock_gce::MockGce;
use serde_json::{Value, json};

use crate::site::Site;

/// All that load balancers are made of, by what it is called.
pub(crate) type Inventory = BTreeMap<String, Value>;

pub(crate) fn inventory(gce: &MockGce) -> Inventory {
    let all = KINDS.into_iter().flat_map(|kind| gce.list(kind));
    all.map(|thing| (text(&thing, "selfLink").to_owned(), thing)).collect()
}

impl Site {
    /// Waits until all that a new Service asks for is there, and returns its addresses.
    pub(crate) async fn converges(&self, name: &str) -> Vec<IpAddr> {
        until_within(SLOW, &format!("{name} is provisioned and shows an address"), async || {
            let service = self.cluster.service(name).await?;
            let is = condition(&service, "seaway.dev/Provisioned")?;
            let shown = addresses(&service);
            (is.status == "True" && !shown.is_empty()).then_some(shown)
        })
        .await
    }

    /// Changes the spec of a Service, waits until it is so, and returns its addresses.
    pub(crate) async fn follows(&self, name: &str, spec: Value) -> Vec<IpAddr> {
        addresses(&self.cluster.follows(name, json!({ "spec": spec })).await)
    }

    /// Waits until the project is as asked.
    pub(crate) async fn shows(&self, what: &str, is: impl Fn() -> bool) {
        until_within(SLOW, what, async || is().then_some(())).await;
    }

    /// Waits until a Service, which was the last one, is gone, and nothing is left of what Seaway made.
    pub(crate) async fn is_gone(&self, name: &str) {
        self.cluster.is_gone_within(SLOW, name).await;
        assert_eq!(inventory(&self.gce), self.before);
    }

    /// The things of a kind that are a Service's.
    pub(crate) fn things(&self, kind: &str, service: &str) -> Vec<Value> {
        let (mut all, service) = (self.gce.list(kind), format!("default/{service}"));
        all.retain(|it| mark(it) == Some((CLUSTER.to_owned(), Some(service.clone()))));
        all
    }

    /// The forwarding rules of a Service: the id of each, and its ports.
    pub(crate) fn rules(&self, service: &str) -> BTreeMap<String, Vec<String>> {
        let rules = self.things("forwardingRules", service).into_iter();
        rules.map(|rule| (text(&rule, "id").to_owned(), texts(&rule["ports"]))).collect()
    }

    /// What clients get through to: a forwarding rule takes it, and the firewall lets it in.
    pub(crate) fn open(&self, service: &str) -> BTreeSet<(IpAddr, String)> {
        let firewalls = self.things("firewalls", service);
        let mut open = BTreeSet::new();
        for rule in self.things("forwardingRules", service) {
            let ip = address(text(&rule, "IPAddress"));
            let protocol = text(&rule, "IPProtocol").to_lowercase();
            for port in texts(&rule["ports"]) {
                let lets_in = |it: &Value| {
                    let to = texts(&it["destinationRanges"]);
                    let allowed = it["allowed"].as_array().into_iter().flatten();
                    let mut allowed = allowed.filter(|it| it["IPProtocol"] == *protocol);
                    to.iter().any(|range| address(range) == ip)
                        && allowed.any(|it| texts(&it["ports"]).iter().any(|it| has(it, &port)))
                };
                if firewalls.iter().any(lets_in) {
                    open.insert((ip, format!("{protocol}:{port}")));
                }
            }
        }
        open
    }

    /// The instances in our groups, by zone. Each zone has one group here.
    pub(crate) fn groups(&self) -> BTreeMap<String, Vec<String>> {
        let mut groups = BTreeMap::new();
        for group in self.gce.list("instanceGroups") {
            if mark(&group) != Some((CLUSTER.to_owned(), None)) {
                continue;
            }
            let path = format!("{}/listInstances", path(text(&group, "selfLink")));
            let (_, answer) = self.gce.ask("POST", &path, json!({}));
            let members = answer["items"].as_array().into_iter().flatten();
            let mut names: Vec<_> =
                members.map(|it| last(text(it, "instance")).to_owned()).collect();
            names.sort();
            let two = groups.insert(last(text(&group, "zone")).to_owned(), names);
            assert_eq!(two, None, "two groups of {}", group["zone"]);
        }
        groups
    }

    /// The calls since the last reset that changed something, or were to, and how often.
    pub(crate) fn writes(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.gce.calls().iter().filter(|call| writes(call)) {
            let method = call.method.trim_start_matches("compute.").to_owned();
            *counts.entry(method).or_default() += 1;
        }
        counts
    }

    /// How often a method was called since the last reset.
    pub(crate) fn calls_of(&self, method: &str) -> usize {
        self.gce.counts().get(method).copied().unwrap_or_default()
    }
}

/// The cluster and the Service in the mark of a thing.
pub(crate) fn mark(thing: &Value) -> Option<(String, Option<String>)> {
    let mark: Value = serde_json::from_str(thing["description"].as_str()?).ok()?;
    let service = mark["seaway.dev/service"].as_str().map(str::to_owned);
    Some((mark["seaway.dev/cluster"].as_str()?.to_owned(), service))
}

pub(crate) fn text<'a>(thing: &'a Value, field: &str) -> &'a str {
    thing[field].as_str().unwrap_or_default()
}

pub(crate) fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// The last part of a link.
pub(crate) fn last(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or_default()
}

/// A link without what is before the project.
pub(crate) fn path(link: &str) -> &str {
    link.split_once("/compute/v1/").map_or(link, |(_, path)| path)
}

/// Whether a port is in a range of a firewall rule, `80` or `80-85`.
fn has(range: &str, port: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().unwrap();
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    (number(first)..=number(last)).contains(&number(port))
}

fn address(range: &str) -> IpAddr {
    range.split('/').next().unwrap().parse().unwrap()
}

/// What the status of a Service shows: each address, and its mode.
pub(crate) fn shown(service: &Service) -> Vec<(String, String)> {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|status| status.ingress.as_ref()).into_iter().flatten();
    ingress.map(|it| (it.ip.clone().unwrap(), it.ip_mode.clone().unwrap())).collect()
}
