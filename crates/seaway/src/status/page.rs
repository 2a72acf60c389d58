use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::jiff::Timestamp;
use seaway_controller::{Inspection, ServiceView, Stage, maker};
use serde::Serialize;

use super::path::{Path, paths};
use super::read::{Around, last_seen};
use super::why::why;
use crate::live::Unseen;

/// How many Events are shown.
const EVENTS: usize = 8;

/// One Service, from spec to load balancer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub namespace: String,
    pub name: String,
    /// `spec.type`
    pub kind: String,
    /// What says which provider it is: the class, the annotation, or neither.
    pub asked: String,
    /// The provider that makes the load balancer, or is to.
    pub provider: Option<String>,
    pub stage: Option<Stage>,
    /// Which load balancer of the provider it is.
    pub key: Option<String>,
    pub addresses: Vec<String>,
    /// The answer to "why is it pending?".
    pub why: String,
    pub conditions: Vec<Condition>,
    pub ports: Vec<Path>,
    pub last_error: Option<Fault>,
    pub events: Vec<Told>,
    /// Why the controller's own view is not on this page.
    pub unseen: Option<String>,
    /// What of the cluster could not be read.
    pub missing: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Condition {
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
    pub since: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Fault {
    pub error: String,
    /// How often in a row.
    pub attempts: u32,
}

/// An Event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    pub when: Option<String>,
    pub kind: String,
    pub reason: String,
    pub message: String,
    pub count: i32,
}

impl Page {
    pub(super) fn new(around: &Around, seen: &Result<Inspection, Unseen>) -> Self {
        let service = &around.service;
        let spec = service.spec.clone().unwrap_or_default();
        let found = seen.as_ref().ok();
        let view = found.and_then(|found| found.services.first());
        let ports = paths(around, view);
        let trouble = view.and_then(|view| view.trouble.as_ref());
        let kind = spec.type_.clone().unwrap_or_else(|| "ClusterIP".to_owned());
        Self {
            namespace: service.metadata.namespace.clone().unwrap_or_default(),
            name: service.metadata.name.clone().unwrap_or_default(),
            why: why(service, found, view, &ports),
            provider: provider(service, view),
            asked: asked(service),
            kind,
            stage: view.map(|view| view.stage),
            key: view.and_then(|view| view.key.as_ref()).map(ToString::to_string),
            addresses: addresses(service),
            conditions: conditions(service),
            ports,
            last_error: trouble
                .map(|it| Fault { error: it.error.to_string(), attempts: it.attempts }),
            events: events(around),
            unseen: seen.as_ref().err().map(ToString::to_string),
            missing: around.missing.clone(),
        }
    }
}

/// What says which provider it is.
fn asked(service: &Service) -> String {
    let annotation = seaway_intent::annotation::PROVIDER;
    let annotated = service.metadata.annotations.as_ref().and_then(|all| all.get(annotation));
    match (spec(service).load_balancer_class, annotated) {
        (Some(class), _) => format!("class {class}"),
        (None, Some(name)) => format!("annotation {annotation}: {name}"),
        (None, None) => "no class".to_owned(),
    }
}

/// The provider that makes the load balancer, or is to, as far as it can be told.
pub(super) fn provider(service: &Service, view: Option<&ServiceView>) -> Option<String> {
    let known = view.and_then(|view| view.provider.clone());
    let told = || read(service).as_ref().and_then(maker).map(str::to_owned);
    let class = || {
        let class = service.spec.as_ref()?.load_balancer_class.as_ref()?;
        Some(class.strip_prefix(seaway_intent::annotation::PREFIX)?.to_owned())
    };
    let annotated = || {
        let annotations = service.metadata.annotations.as_ref()?;
        annotations.get(seaway_intent::annotation::PROVIDER).cloned()
    };
    known.or_else(told).or_else(class).or_else(annotated)
}

/// The Service as the rules read it.
pub(super) fn read(service: &Service) -> Option<seaway_intent::Service> {
    serde_json::from_value(serde_json::to_value(service).ok()?).ok()
}

/// The addresses in the status.
pub(super) fn addresses(service: &Service) -> Vec<String> {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|status| status.ingress.as_ref()).into_iter().flatten();
    ingress.filter_map(|entry| entry.ip.clone().or_else(|| entry.hostname.clone())).collect()
}

/// The ports of a Service.
pub(super) fn spec(service: &Service) -> ServiceSpec {
    service.spec.clone().unwrap_or_default()
}

/// The conditions in the status.
pub(super) fn conditions(service: &Service) -> Vec<Condition> {
    let all = service.status.as_ref().and_then(|status| status.conditions.as_ref());
    all.into_iter()
        .flatten()
        .map(|condition| Condition {
            kind: condition.type_.clone(),
            status: condition.status.clone(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            since: Some(age(condition.last_transition_time.0)),
        })
        .collect()
}

fn events(around: &Around) -> Vec<Told> {
    let late = around.events.len().saturating_sub(EVENTS);
    let last = around.events.iter().skip(late);
    last.map(|event| Told {
        when: last_seen(event).map(age),
        kind: event.type_.clone().unwrap_or_default(),
        reason: event.reason.clone().unwrap_or_default(),
        message: event.message.clone().unwrap_or_default(),
        count: event.count.unwrap_or(1),
    })
    .collect()
}

/// How long ago, in the biggest unit that says something.
fn age(then: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
