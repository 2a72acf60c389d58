use std::collections::BTreeMap;
use std::fmt::Debug;

use futures::stream::select;
use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::{Event as KubeEvent, Node, Service};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use serde::de::DeserializeOwned;

use super::narrator::Narrator;
use super::table::Row;

/// The type of the Services that are followed.
const BALANCED: &str = "LoadBalancer";

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
    Service(Box<Service>, How),
    Node(Box<Node>, How),
    Event(Box<KubeEvent>, How),
}

/// In which way it changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It was there when the watch began.
    Listed,
    /// It was made or changed.
    Applied,
    /// It is gone.
    Deleted,
}

/// The changes of one kind.
fn changes<K>(client: &Client) -> impl Stream<Item = (Box<K>, How)> + Send + use<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    watcher(Api::all(client.clone()), watcher::Config::default()).default_backoff().filter_map(
        async |event| match event.ok()? {
            watcher::Event::Apply(object) => Some((Box::new(object), How::Applied)),
            watcher::Event::InitApply(object) => Some((Box::new(object), How::Listed)),
            watcher::Event::Delete(object) => Some((Box::new(object), How::Deleted)),
            watcher::Event::Init | watcher::Event::InitDone => None,
        },
    )
}

impl Follower {
    pub(super) fn new(narrator: Narrator) -> Self {
        Self { narrator, services: BTreeMap::new(), nodes: BTreeMap::new() }
    }

    /// All that happens in the cluster.
    pub(super) fn news(client: &Client) -> impl Stream<Item = News> + Send + use<> {
        let services = changes(client).map(|(service, how)| News::Service(service, how));
        let nodes = changes(client).map(|(node, how)| News::Node(node, how));
        let events = changes(client).map(|(event, how)| News::Event(event, how));
        select(services, select(nodes, events)).boxed()
    }

    /// Tells what is new in it.
    pub(super) fn tell(&mut self, news: News) {
        match news {
            News::Service(service, How::Listed | How::Applied) => self.tell_service(&service),
            News::Service(service, How::Deleted) => {
                let name = name(&service);
                if self.services.remove(&name).is_some_and(|told| told.kind == BALANCED) {
                    self.narrator.say("Service", &format!("{name} is gone"));
                }
            }
            News::Node(node, How::Deleted) => {
                self.nodes.remove(&node.name_any());
                self.narrator.say("Node", &format!("{} is gone", node.name_any()));
            }
            News::Node(node, how) => self.tell_node(&node, how),
            News::Event(_, How::Deleted) => {}
            News::Event(event, How::Listed | How::Applied) => {
                let of = event.involved_object;
                if of.kind.as_deref() == Some("Service") {
                    let text =
                        [of.name, event.reason, event.message].map(Option::unwrap_or_default);
                    let [name, reason, message] = text;
                    self.narrator.say("Event", &format!("{name} {reason}: {message}"));
                }
            }
        }
    }

    /// The Services of type LoadBalancer, for the table.
    pub(super) fn rows(&self) -> Vec<Row> {
        let balanced = self.services.iter().filter(|(_, told)| told.kind == BALANCED);
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
        if now.kind != BALANCED && old.kind != BALANCED {
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

    fn tell_node(&mut self, node: &Node, how: How) {
        let name = node.name_any();
        let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready = conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
        let state = match ready.map(|condition| condition.status.as_str()) {
            Some("True") => "Ready",
            Some("False") => "NotReady",
            _ => "Unknown",
        };
        let old = self.nodes.insert(name.clone(), state.to_owned());
        if how == How::Applied && old.as_deref() != Some(state) {
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
