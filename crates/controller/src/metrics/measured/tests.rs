use seaway_core::drive;
use seaway_intent::Selection;
use serde_json::{Value, json};

use super::*;
use crate::Metrics;
use crate::cluster::Cluster;
use crate::object::Seen;
use crate::roster::paper::Paper;
use crate::roster::{Roster, Stance};

fn of(subject: Subject, labels: &'static [(&'static str, &'static str)], value: u64) -> Reading {
    Reading { of: subject, labels, value }
}

/// What a provider might measure: of all that there is, of one Service, and of its targets.
fn measures() -> Vec<Measure> {
    let service = || Subject::Service("u".into());
    let target = |node: &str| Subject::Target("u".into(), node.into());
    vec![
        Measure {
            name: "plane_connections",
            help: "TCP connections that there are",
            unit: None,
            kind: MeasureKind::Gauge,
            readings: vec![of(Subject::Provider, &[], 3)],
        },
        Measure {
            name: "refused",
            help: "What was not served, by reason",
            unit: None,
            kind: MeasureKind::Counter,
            readings: vec![
                of(service(), &[("reason", "source")], 7),
                of(service(), &[("reason", "limit")], 0),
            ],
        },
        Measure {
            name: "traffic",
            help: "What was carried",
            unit: Some("bytes"),
            kind: MeasureKind::Counter,
            readings: vec![
                of(target("a"), &[("direction", "in")], u64::MAX),
                of(target("b"), &[], 1),
            ],
        },
        Measure {
            name: "never",
            help: "What nobody has",
            unit: None,
            kind: MeasureKind::Counter,
            readings: vec![of(Subject::Service("gone".into()), &[], 1)],
        },
    ]
}

fn service(uid: &str, name: &str, patch: &Value) -> Seen<seaway_intent::Service> {
    let mut service = json!({
        "metadata": { "namespace": "default", "name": name, "uid": uid },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80, "nodePort": 30080 }] },
    });
    for (key, value) in patch.as_object().into_iter().flatten() {
        service["metadata"][key] = value.clone();
    }
    Seen { version: 1, object: serde_json::from_value(service).unwrap() }
}

/// Metrics that ask a provider, and the roster that tells them the names.
fn asked(measures: Vec<Measure>) -> (Metrics, Roster) {
    let driver = drive(Paper { measures, ..Paper::default() });
    let drivers = BTreeMap::from([("pa-per", driver)]);
    let selection =
        Selection { served: ["pa-per".to_owned()].into(), default: Some("pa-per".to_owned()) };
    let roster = Roster::new(drivers.clone(), selection, Stance::Leads);
    let metrics = Metrics::default();
    metrics.measure(drivers, roster.names());
    (metrics, roster)
}

/// The lines about what the provider measures.
fn lines(metrics: &Metrics) -> Vec<String> {
    let text = metrics.encode();
    assert!(text.ends_with("# EOF\n"));
    text.lines().filter(|line| line.contains("pa_per")).map(str::to_owned).collect()
}

#[test]
fn what_a_provider_measures_is_shown_under_the_names_of_services() {
    let (metrics, mut roster) = asked(measures());
    roster.apply(service("u", "web", &json!({})), &Cluster::default());
    assert_eq!(
        lines(&metrics),
        [
            "# HELP seaway_pa_per_plane_connections TCP connections that there are.",
            "# TYPE seaway_pa_per_plane_connections gauge",
            "seaway_pa_per_plane_connections 3",
            "# HELP seaway_pa_per_refused What was not served, by reason.",
            "# TYPE seaway_pa_per_refused counter",
            "seaway_pa_per_refused_total{namespace=\"default\",service=\"web\",reason=\"source\"} 7",
            "seaway_pa_per_refused_total{namespace=\"default\",service=\"web\",reason=\"limit\"} 0",
            "# HELP seaway_pa_per_traffic_bytes What was carried.",
            "# TYPE seaway_pa_per_traffic_bytes counter",
            "# UNIT seaway_pa_per_traffic_bytes bytes",
            "seaway_pa_per_traffic_bytes_total{namespace=\"default\",service=\"web\",node=\"a\",\
             direction=\"in\"} 18446744073709551615",
            "seaway_pa_per_traffic_bytes_total{namespace=\"default\",service=\"web\",node=\"b\"} 1",
        ]
    );
}

#[test]
fn what_is_left_of_a_service_that_is_no_more_is_not_shown() {
    let (metrics, mut roster) = asked(measures());
    let shown = |metrics: &Metrics| lines(metrics).iter().any(|line| line.contains("service="));
    assert!(!shown(&metrics), "nobody has told of it yet");
    let cluster = Cluster::default();
    roster.apply(service("u", "web", &json!({})), &cluster);
    assert!(shown(&metrics));
    // Its finalizer was taken away by force, and another one has its name by now.
    roster.apply(service("v", "web", &json!({})), &cluster);
    assert!(!shown(&metrics), "{:?}", lines(&metrics));
}

#[test]
fn a_provider_that_measures_nothing_adds_nothing() {
    let (metrics, _) = asked(Vec::new());
    assert_eq!(lines(&metrics), Vec::<String>::new());
}
