use k8s_openapi::api::core::v1::Service;
use seaway_controller::{ACCEPTED, Inspection, PORTS_ERROR, PROVISIONED, SERVING, Stage};
use seaway_core::Health;
use serde::Serialize;

use super::page::{Fault, addresses, conditions, provider};

/// One Service, in short.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub namespace: String,
    pub name: String,
    pub provider: Option<String>,
    pub stage: Option<Stage>,
    pub addresses: Vec<String>,
    /// `ok`, or what is not.
    pub conditions: String,
    /// Healthy targets; none if it is known of no target whether it is.
    pub healthy: Option<usize>,
    /// All targets.
    pub targets: Option<usize>,
    pub last_error: Option<Fault>,
}

pub(super) fn rows(services: &[Service], found: Option<&Inspection>) -> Vec<Row> {
    let row = |service: &Service| {
        let namespace = service.metadata.namespace.clone().unwrap_or_default();
        let name = service.metadata.name.clone().unwrap_or_default();
        let views = found.map(|found| found.services.as_slice()).unwrap_or_default();
        let view = views.iter().find(|view| view.namespace == namespace && view.name == name);
        let targets = view.map(|view| &view.targets).filter(|targets| !targets.is_empty());
        let healthy = |health: Health| health == Health::Healthy;
        Row {
            provider: provider(service, view),
            stage: view.map(|view| view.stage),
            addresses: addresses(service),
            conditions: short(service),
            healthy: targets
                .filter(|all| all.iter().any(|it| it.health != Health::Unknown))
                .map(|all| all.iter().filter(|it| healthy(it.health)).count()),
            targets: targets.map(Vec::len),
            last_error: view
                .and_then(|view| view.trouble.as_ref())
                .map(|it| Fault { error: it.error.to_string(), attempts: it.attempts }),
            namespace,
            name,
        }
    };
    services.iter().map(row).collect()
}

/// Our conditions in a word, or the reasons of those that are not as they should be.
fn short(service: &Service) -> String {
    let all = conditions(service);
    let ours = [ACCEPTED, PROVISIONED, SERVING, PORTS_ERROR];
    let mut ours = all.iter().filter(|it| ours.contains(&it.kind.as_str())).peekable();
    if ours.peek().is_none() {
        return "-".to_owned();
    }
    let wanted = |kind: &str| if kind == PORTS_ERROR { "False" } else { "True" };
    let bad = ours.filter(|it| it.status != wanted(&it.kind));
    let words: Vec<_> = bad
        .map(|it| format!("{}:{}", it.kind.trim_start_matches("seaway.dev/"), it.reason))
        .collect();
    if words.is_empty() { "ok".to_owned() } else { words.join(",") }
}

const HEAD: [&str; 8] =
    ["NAMESPACE", "NAME", "PROVIDER", "STAGE", "ADDRESS", "CONDITIONS", "TARGETS", "LAST ERROR"];

/// The rows for people, in columns.
pub(super) fn lines(rows: &[Row]) -> Vec<String> {
    let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let cells = rows.iter().map(|row| {
        let stage = row.stage.and_then(|stage| serde_json::to_value(stage).ok());
        let stage = stage.and_then(|word| word.as_str().map(str::to_owned));
        let healthy = row.healthy.map_or_else(|| "?".to_owned(), |healthy| healthy.to_string());
        let targets = row.targets.map(|all| format!("{healthy}/{all}"));
        let error = row.last_error.as_ref().map(|it| format!("{} (x{})", it.error, it.attempts));
        [
            row.namespace.clone(),
            row.name.clone(),
            dash(row.provider.clone().unwrap_or_default()),
            dash(stage.unwrap_or_default()),
            dash(row.addresses.join(",")),
            row.conditions.clone(),
            dash(targets.unwrap_or_default()),
            dash(error.unwrap_or_default()),
        ]
    });
    let all: Vec<_> = [HEAD.map(str::to_owned)].into_iter().chain(cells).collect();
    let width =
        |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 8]| {
        let padded: Vec<_> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use seaway_controller::ServiceView;
    use seaway_core::Target;

    use super::*;

    fn targets(health: &[Health]) -> String {
        let mut service = Service::default();
        service.metadata.namespace = Some("default".to_owned());
        service.metadata.name = Some("web".to_owned());
        let target = |health: &Health| Target {
            node: "node-1".into(),
            address: None,
            health: *health,
            reason: None,
        };
        let view = ServiceView {
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            uid: "u".into(),
            provider: None,
            key: None,
            stage: Stage::Carried,
            readiness: None,
            held_at: Vec::new(),
            trouble: None,
            targets: health.iter().map(target).collect(),
        };
        let found = Inspection { services: vec![view], ..Inspection::default() };
        let row = lines(&rows(&[service], Some(&found))).remove(1);
        row.split_whitespace().nth(6).unwrap().to_owned()
    }

    #[test]
    fn targets_that_nobody_checks_are_not_told_as_unhealthy() {
        use Health::{Draining, Healthy, Unhealthy, Unknown};
        assert_eq!(targets(&[]), "-");
        assert_eq!(targets(&[Healthy, Unhealthy]), "1/2");
        assert_eq!(targets(&[Unhealthy, Draining]), "0/2");
        assert_eq!(targets(&[Unknown, Unknown]), "?/2");
    }
}
