use std::collections::BTreeMap;

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::{Event as KubeEvent, Node, Service};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};

use super::narrator::Narrator;
use super::table::Row;

/// What a person would see with `kubectl get -w`, in words.
pub(super) struct Follower {
    narrator: Narrator,
    services: BTreeMap<String, Told>,
    nodes: BTreeMap<String, String>,
}

/// What was told of a Service.
#[derive(Clone, Default, PartialEq, Eq)]
struct Told {
    kind: String,
    ports: Vec<String>,
    address: Option<String>,
    leaving: bool,
}

/// Something that changed in the cluster.
pub(super) enum News {
    Service(watcher::Event<Service>),
    Node(watcher::Event<Node>),
    Event(watcher::Event<KubeEvent>),
}

impl Follower {
    pub(super) fn new(narrator: Narrator) -> Self {
        Self { narrator, services: BTreeMap::new(), nodes: BTreeMap::new() }
    }

    /// All that happens in the cluster.
    pub(super) fn news(client: &Client) -> impl Stream<Item = News> + Send + use<> {
        let config = watcher::Config::default;
        let services = watcher(Api::all(client.clone()), config()).default_backoff();
        let nodes = watcher(Api::all(client.clone()), config()).default_backoff();
        let events = watcher(Api::all(client.clone()), config()).default_backoff();
        futures::stream::select(
            futures::stream::select(
                services.filter_map(async |event| event.ok().map(News::Service)),
                nodes.filter_map(async |event| event.ok().map(News::Node)),
            ),
            events.filter_map(async |event| event.ok().map(News::Event)),
        )
        .boxed()
    }

    /// Tells what is new in it.
    pub(super) fn tell(&mut self, news: News) {
        match news {
            News::Service(watcher::Event::Apply(service) | watcher::Event::InitApply(service)) => {
                self.tell_service(&service);
            }
            News::Service(watcher::Event::Delete(service)) => {
                let name = name(&service);
                if self.services.remove(&name).is_some() {
                    self.narrator.say("Service", &format!("{name} is gone"));
                }
            }
            News::Node(watcher::Event::Apply(node)) => self.tell_node(&node, true),
            News::Node(watcher::Event::InitApply(node)) => self.tell_node(&node, false),
            News::Node(watcher::Event::Delete(node)) => {
                self.nodes.remove(&node.name_any());
                self.narrator.say("Node", &format!("{} is gone", node.name_any()));
            }
            News::Event(watcher::Event::Apply(event) | watcher::Event::InitApply(event)) => {
                let of = event.involved_object;
                if of.kind.as_deref() == Some("Service") {
                    let (reason, message) = (event.reason, event.message);
                    self.narrator.say(
                        "Event",
                        &format!(
                            "{} {}: {}",
                            of.name.unwrap_or_default(),
                            reason.unwrap_or_default(),
                            message.unwrap_or_default()
                        ),
                    );
                }
            }
            _ => {}
        }
    }

    /// The Services of type LoadBalancer, for the table.
    pub(super) fn rows(&self) -> Vec<Row> {
        let balanced = self.services.iter().filter(|(_, told)| told.kind == "LoadBalancer");
        balanced
            .map(|(name, told)| Row {
                service: name.clone(),
                address: match (&told.address, told.leaving) {
                    (_, true) => "leaving".to_owned(),
                    (Some(address), false) => address.clone(),
                    (None, false) => "<pending>".to_owned(),
                },
                ports: told.ports.join(", "),
            })
            .collect()
    }

    /// The nodes, and whether each is Ready.
    pub(super) fn nodes(&self) -> &BTreeMap<String, String> {
        &self.nodes
    }

    fn tell_service(&mut self, service: &Service) {
        let name = name(service);
        let now = told(service);
        let old = self.services.insert(name.clone(), now.clone()).unwrap_or_default();
        if now.kind != "LoadBalancer" && old.kind != "LoadBalancer" {
            return;
        }
        if old.kind != now.kind {
            self.narrator.say("Service", &format!("{name} is of type {}", now.kind));
        }
        if old.ports != now.ports {
            self.narrator.say("NodePort", &format!("{name} {}", now.ports.join(", ")));
        }
        if old.leaving != now.leaving {
            self.narrator.say("Service", &format!("{name} is being deleted"));
        }
        if old.address != now.address {
            let address = now.address.as_deref().unwrap_or("no address");
            self.narrator.say("status", &format!("{name} has {address}"));
        }
    }

    fn tell_node(&mut self, node: &Node, aloud: bool) {
        let name = node.name_any();
        let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready = conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
        let state = match ready.map(|condition| condition.status.as_str()) {
            Some("True") => "Ready",
            Some("False") => "NotReady",
            _ => "Unknown",
        };
        let old = self.nodes.insert(name.clone(), state.to_owned());
        if aloud && old.as_deref() != Some(state) {
            self.narrator.say("Node", &format!("{name} is {state}"));
        }
    }
}

fn name(service: &Service) -> String {
    format!("{}/{}", service.namespace().unwrap_or_default(), service.name_any())
}

fn told(service: &Service) -> Told {
    let spec = service.spec.clone().unwrap_or_default();
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|status| status.ingress.as_ref());
    let places: Vec<_> = ingress
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ip.clone().or_else(|| entry.hostname.clone()))
        .collect();
    Told {
        kind: spec.type_.unwrap_or_default(),
        ports: spec
            .ports
            .unwrap_or_default()
            .iter()
            .map(|port| {
                let protocol = port.protocol.as_deref().unwrap_or("TCP");
                match port.node_port {
                    Some(node_port) => format!("{}:{node_port}/{protocol}", port.port),
                    None => format!("{}/{protocol}", port.port),
                }
            })
            .collect(),
        address: (!places.is_empty()).then(|| places.join(", ")),
        leaving: service.metadata.deletion_timestamp.is_some(),
    }
}
