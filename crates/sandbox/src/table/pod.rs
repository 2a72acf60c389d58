//! Rows of Pods.

use super::{AGE, Column, NAME, age, age::since, name, or_none, text, wide};
use crate::meta;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) static COLUMNS: &[Column] = &[
    NAME,
    text("Ready"),
    text("Status"),
    text("Restarts"),
    AGE,
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

pub(crate) fn cells(object: &Value, now: Timestamp) -> Vec<Value> {
    let list = |path: &[&str]| meta::at(object, path).as_array().cloned().unwrap_or_default();
    let containers = list(&["spec", "containers"]).len();
    let statuses = list(&["status", "containerStatuses"]);
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let restarts: i64 = statuses.iter().filter_map(|status| status["restartCount"].as_i64()).sum();
    let last = statuses
        .iter()
        .map(|status| meta::text(status, &["lastState", "terminated", "finishedAt"]))
        .max()
        .filter(|last| !last.is_empty() && restarts > 0);
    let restarts = match last {
        Some(last) => format!("{restarts} ({} ago)", since(last, now)),
        None => restarts.to_string(),
    };
    let ip = meta::at(object, &["status", "podIPs"])[0]["ip"]
        .as_str()
        .unwrap_or_else(|| meta::text(object, &["status", "podIP"]));
    let gates = list(&["spec", "readinessGates"]);
    let conditions = list(&["status", "conditions"]);
    let open = gates.iter().filter(|gate| {
        conditions.iter().any(|condition| {
            condition["type"] == gate["conditionType"] && condition["status"] == "True"
        })
    });
    let shown_gates =
        if gates.is_empty() { String::new() } else { format!("{}/{}", open.count(), gates.len()) };
    vec![
        name(object),
        format!("{ready}/{containers}").into(),
        status(object, &statuses, &conditions).into(),
        restarts.into(),
        age(object, now),
        or_none(ip),
        or_none(meta::text(object, &["spec", "nodeName"])),
        or_none(meta::text(object, &["status", "nominatedNodeName"])),
        or_none(&shown_gates),
    ]
}

fn status(object: &Value, statuses: &[Value], conditions: &[Value]) -> String {
    let phase = meta::text(object, &["status", "phase"]);
    let own = meta::text(object, &["status", "reason"]);
    let mut shown = if own.is_empty() { phase } else { own }.to_owned();
    let gated = |condition: &Value| {
        condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated"
    };
    if conditions.iter().any(gated) {
        shown = "SchedulingGated".into();
    }
    for status in statuses.iter().rev() {
        let waiting = meta::text(status, &["state", "waiting", "reason"]);
        let terminated = meta::at(status, &["state", "terminated"]);
        let reason = meta::text(terminated, &["reason"]);
        if !waiting.is_empty() {
            waiting.clone_into(&mut shown);
        } else if !reason.is_empty() {
            reason.clone_into(&mut shown);
        } else if let Some(code) = terminated["exitCode"].as_i64() {
            shown = match terminated["signal"].as_i64() {
                Some(signal) if signal != 0 => format!("Signal:{signal}"),
                Some(_) | None => format!("ExitCode:{code}"),
            };
        }
    }
    if meta::is_deleting(object) {
        return if own == "NodeLost" { "Unknown".into() } else { "Terminating".into() };
    }
    shown
}
