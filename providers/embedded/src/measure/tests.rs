use std::collections::BTreeSet;
use std::sync::Arc;

use seaway_core::MeasureKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;
use crate::dataplane::{Balancer, HealthCheck, Probe, TargetCounts};

/// A value that nothing has by chance.
const MARK: u64 = 4711;

fn target() -> TargetState {
    serde_json::from_value(json!({ "address": "127.0.0.1", "draining": false, "up": true,
        "trouble": null, "open": 0, "served": 0, "failed": 0 }))
    .unwrap()
}

fn balancer(counts: Counts, targets: &[(&str, TargetState)]) -> BalancerState {
    let targets = targets.iter().map(|(node, target)| ((*node).to_owned(), target.clone()));
    let probe = Probe::Http { port: 10_256, path: "/healthz".to_owned() };
    let health = HealthCheck { probe, ..HealthCheck::default() };
    let applied = Arc::new(Balancer { health, ..Balancer::default() });
    BalancerState { applied, targets: targets.collect(), counts }
}

fn sum(states: impl IntoIterator<Item = BalancerState>) -> Sum {
    let mut sum = Sum::default();
    states.into_iter().for_each(|state| sum.add(state));
    sum
}

fn plane() -> PlaneState {
    PlaneState { connections: 1, max_connections: 2, flows: 3, max_flows: u64::MAX }
}

/// What is told of the Service `u` with this sum, line by line.
fn told(sum: Sum, floors: &mut Floors) -> Vec<String> {
    let measures = written(&plane(), BTreeMap::from([("u".into(), sum)]), floors);
    let lines = measures.iter().flat_map(|measure| {
        measure.readings.iter().map(|reading| {
            let of = match &reading.of {
                Subject::Provider => String::new(),
                Subject::Service(uid) => format!("{uid}: "),
                Subject::Target(uid, node) => format!("{uid} at {node}: "),
            };
            let labels = reading.labels.iter().map(|(_, value)| format!(" {value}"));
            let labels: String = labels.collect();
            format!("{of}{}{labels} = {}", measure.name, reading.value)
        })
    });
    lines.collect()
}

/// The lines that are told of targets.
fn told_of_targets(sum: Sum, floors: &mut Floors) -> Vec<String> {
    told(sum, floors).into_iter().filter(|line| line.starts_with("u at ")).collect()
}

/// The numbers of `all` that are not the value of just one row of the table.
fn forgotten<C, T>(all: &C, metrics: &[Metric<T>], state: impl Fn(C) -> T) -> Vec<String>
where
    C: Serialize + DeserializeOwned,
{
    let all = serde_json::to_value(all).unwrap();
    let numbers = all.as_object().unwrap().iter().filter(|(_, value)| value.is_u64());
    let mut forgotten = Vec::new();
    for (name, _) in numbers {
        let mut marked = all.clone();
        marked[name] = MARK.into();
        let state = state(serde_json::from_value(marked).unwrap());
        let rows = metrics.iter().flat_map(|metric| metric.rows);
        if rows.filter(|(_, read)| read(&state) == MARK).count() != 1 {
            forgotten.push(name.clone());
        }
    }
    forgotten
}

#[test]
fn no_counter_is_forgotten() {
    const NONE: [&str; 0] = [];
    let counts = Counts::default();
    assert_eq!(forgotten(&counts, SERVICE, |counts| Sum { counts, ..Sum::default() }), NONE);
    assert_eq!(forgotten(&plane(), PLANE, |plane| plane), NONE);
    // The reasons of the failures are told, and make up the whole.
    assert_eq!(forgotten(&target(), TARGET, |target| target), ["failed"]);
    // Bytes are told per Service: two more series for each target would be too many.
    let counts = TargetCounts::default();
    let state = |counts| TargetState { counts, ..target() };
    assert_eq!(forgotten(&counts, TARGET, state), ["bytes_in", "bytes_out"]);
}

#[test]
fn names_are_unique_and_keep_to_the_rules() {
    fn of<T>(metrics: &[Metric<T>]) -> impl Iterator<Item = (&'static str, &'static str)> {
        metrics.iter().map(|metric| (metric.name, metric.help))
    }
    let all: Vec<_> = of(PLANE).chain(of(SERVICE)).chain(of(TARGET)).collect();
    let names: BTreeSet<_> = all.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), all.len(), "a name is there twice");
    for (name, help) in all {
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert!(!name.ends_with("_total") && !name.ends_with("_bytes"), "{name}");
        assert!(!help.ends_with('.') && help.starts_with(|c: char| c.is_uppercase()), "{help}");
    }
}

#[test]
fn what_is_open_now_may_go_down_and_all_else_counts() {
    let gauges =
        |name: &str| name.ends_with("_open") || name.starts_with("plane_") || name == "targets";
    let service = SERVICE.iter().map(|metric| (metric.name, metric.kind));
    let target = TARGET.iter().map(|metric| (metric.name, metric.kind));
    let plane = PLANE.iter().map(|metric| (metric.name, metric.kind));
    for (name, kind) in service.chain(target).chain(plane) {
        assert_eq!(kind == MeasureKind::Gauge, gauges(name), "{name}");
    }
}

#[test]
fn all_reasons_of_a_service_are_there_from_the_start() {
    let told = told(sum([balancer(Counts::default(), &[])]), &mut Floors::default());
    let rows: usize = SERVICE.iter().map(|metric| metric.rows.len()).sum();
    assert_eq!(told.iter().filter(|line| line.starts_with("u: ")).count(), rows);
    assert!(told.contains(&"u: refused limit = 0".to_owned()), "{told:?}");
    let plane: Vec<_> = told.iter().filter(|line| line.starts_with("plane")).collect();
    assert_eq!(
        plane,
        ["plane_connections = 1", "plane_connections_limit = 2", "plane_flows = 3"],
        "where there is no limit, none is told"
    );
}

#[test]
fn a_target_that_nobody_checks_is_not_told_to_be_healthy() {
    let mut state = balancer(Counts::default(), &[("n", target())]);
    state.applied = Arc::default();
    let told = told(sum([state]), &mut Floors::default());
    for line in ["u: targets healthy = 0", "u: targets unknown = 1"] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:?}");
    }
}

#[test]
fn of_a_target_is_told_what_has_happened_to_it() {
    let dead = TargetState {
        failed: 3,
        up: false,
        counts: TargetCounts { connect_refused: 3, ..TargetCounts::default() },
        ..target()
    };
    let busy = TargetState { served: 9, ..target() };
    let leaving = TargetState { draining: true, ..target() };
    let state = balancer(
        Counts::default(),
        &[("busy", busy), ("dead", dead), ("idle", target()), ("leaving", leaving)],
    );
    let all = told(sum([state.clone()]), &mut Floors::default());
    for line in ["u: targets healthy = 2", "u: targets unhealthy = 1", "u: targets draining = 1"] {
        assert!(all.iter().any(|told| told == line), "{line}: {all:?}");
    }
    assert_eq!(
        told_of_targets(sum([state]), &mut Floors::default()),
        [
            "u at busy: target_open = 0",
            "u at dead: target_open = 0",
            "u at busy: target_served = 9",
            "u at dead: target_served = 0",
            "u at dead: target_failures refused = 3",
        ]
    );
}

#[test]
fn a_target_that_leaves_takes_its_series_along_and_begins_anew() {
    let floors = &mut Floors::default();
    let served = |served| ("n", TargetState { served, ..target() });
    let accepted = |accepted| Counts { accepted, ..Counts::default() };
    let mut told = |state| told(sum([state]), floors);
    let has = |lines: &[String], line: &str| lines.iter().any(|told| told == line);
    assert!(has(&told(balancer(accepted(5), &[served(5)])), "u at n: target_served = 5"));
    let without = told(balancer(accepted(5), &[]));
    assert!(!without.iter().any(|line| line.starts_with("u at n")), "{without:?}");
    assert!(has(&without, "u: connections_accepted = 5"));
    assert!(has(&told(balancer(accepted(6), &[served(1)])), "u at n: target_served = 1"));
}

#[test]
fn a_port_that_is_closed_takes_nothing_back() {
    let floors = &mut Floors::default();
    let mut served = |served, open| {
        let target = TargetState { open, served, ..target() };
        told_of_targets(sum([balancer(Counts::default(), &[("n", target)])]), floors)
    };
    served(150, 2);
    assert_eq!(served(50, 1), ["u at n: target_open = 1", "u at n: target_served = 150"]);
    assert_eq!(served(51, 0), ["u at n: target_open = 0", "u at n: target_served = 151"]);
}

#[test]
fn a_service_that_moves_is_the_sum_of_both_places_and_loses_nothing() {
    let floors = &mut Floors::default();
    let state = |accepted, served| {
        let counts = Counts { accepted, connections_open: 1, ..Counts::default() };
        balancer(counts, &[("n", TargetState { served, ..target() })])
    };
    let mut told = |states: Vec<BalancerState>| told(sum(states), floors);
    let has = |lines: &[String], parts: [&str; 3]| {
        let missing = parts.iter().find(|part| !lines.iter().any(|line| line == *part));
        assert_eq!(missing, None, "{lines:?}");
    };
    let (accepted, open, served) =
        ("u: connections_accepted", "u: connections_open", "u at n: target_served");
    let line = |what: &str, value: u64| format!("{what} = {value}");
    let mut check = |states, values: [u64; 3]| {
        let lines = [line(accepted, values[0]), line(open, values[1]), line(served, values[2])];
        has(&told(states), [&lines[0], &lines[1], &lines[2]]);
    };
    check(vec![state(10, 8)], [10, 1, 8]);
    check(vec![state(12, 9), state(1, 1)], [13, 2, 10]);
    check(vec![state(3, 2)], [13, 1, 10]);
    check(vec![state(4, 4)], [14, 1, 12]);
}

#[test]
fn every_metric_is_explained_to_users() {
    fn names<T>(metrics: &[Metric<T>]) -> impl Iterator<Item = String> {
        metrics.iter().map(|metric| {
            let unit = metric.unit.map(|unit| format!("_{unit}")).unwrap_or_default();
            let total = if metric.kind == MeasureKind::Counter { "_total" } else { "" };
            format!("`{}{unit}{total}`", metric.name)
        })
    }
    let text = include_str!("../../../../docs/operate.md");
    for name in names(PLANE).chain(names(SERVICE)).chain(names(TARGET)) {
        assert!(text.contains(&name), "docs/operate.md does not speak of {name}");
    }
    let labels = SERVICE.iter().flat_map(|metric| metric.rows).map(|(labels, _)| *labels);
    let labels = labels.chain(TARGET.iter().flat_map(|metric| metric.rows).map(|row| row.0));
    for (label, value) in labels.flatten() {
        let (label, value) = (format!("`{label}`"), format!("`{value}`"));
        assert!(text.contains(&label) && text.contains(&value), "{label}: {value}");
    }
}
