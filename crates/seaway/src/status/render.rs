use super::page::Page;
use super::path::{Path, at};

/// A page for people.
pub(super) fn page(page: &Page) -> Vec<String> {
    let mut lines = vec![
        field("Service", &format!("{}/{}", page.namespace, page.name)),
        field("type", &asked(page)),
        field("stage", &stage(page)),
        field("address", &or(&page.addresses.join(", "), "none")),
        field("pending?", &page.why),
    ];
    if let Some(fault) = &page.last_error {
        lines.push(field("last error", &format!("{} ({} in a row)", fault.error, fault.attempts)));
    }
    lines.push(String::new());
    lines.push("Conditions".to_owned());
    if page.conditions.is_empty() {
        lines.push("  none".to_owned());
    }
    for it in &page.conditions {
        let since = it.since.as_deref().unwrap_or_default();
        lines.push(format!(
            "  {:<24} {:<6} {:<20} {since:>5}  {}",
            it.kind, it.status, it.reason, it.message
        ));
    }
    for path in &page.ports {
        lines.push(String::new());
        lines.extend(way(path, &page.addresses));
    }
    lines.push(String::new());
    lines.push("Events".to_owned());
    if page.events.is_empty() {
        lines.push("  none".to_owned());
    }
    for it in &page.events {
        let when = it.when.as_deref().unwrap_or_default();
        let times = if it.count > 1 { format!(" (x{})", it.count) } else { String::new() };
        lines.push(format!("  {when:>5}  {:<8} {:<24} {}{times}", it.kind, it.reason, it.message));
    }
    if page.unseen.is_some() || !page.missing.is_empty() {
        lines.push(String::new());
    }
    lines.extend(page.missing.iter().map(|what| format!("# {what}")));
    if let Some(why) = &page.unseen {
        lines.push(format!(
            "# {why}: the stage, the health of the nodes and the last error are not known"
        ));
    }
    lines
}

fn field(name: &str, text: &str) -> String {
    format!("{name:<11} {text}")
}

fn or(text: &str, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text.to_owned() }
}

fn asked(page: &Page) -> String {
    let provider = page.provider.as_deref().unwrap_or("none that is known");
    format!("{}, {} -> provider {provider}", page.kind, page.asked)
}

fn stage(page: &Page) -> String {
    let Some(stage) = page.stage else {
        let known = page.unseen.is_none();
        let word =
            if known { "none: the controller has nothing to do with it" } else { "not known" };
        return word.to_owned();
    };
    let word = serde_json::to_value(stage).ok();
    let word = word.as_ref().and_then(|it| it.as_str()).unwrap_or_default().to_owned();
    match &page.key {
        Some(key) => format!("{word}, as {key}"),
        None => word,
    }
}

/// The way of a packet, from left to right and from top to bottom.
fn way(path: &Path, addresses: &[String]) -> Vec<String> {
    let name = path.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let mut lines = vec![format!("Port {}{name}", path.port)];
    let (port, _) = path.port.split_once('/').unwrap_or((&path.port, ""));
    let port: i32 = port.parse().unwrap_or_default();
    let listens: Vec<_> = addresses.iter().map(|ip| at(ip, port)).collect();
    lines.push(format!("  clients connect to   {}", or(&listens.join(", "), "no address yet")));
    let number = path.node_port;
    if path.nodes.is_empty() {
        lines.push("  -> node              none that may be a target".to_owned());
    }
    for hop in &path.nodes {
        let place = match (hop.address.as_deref(), number) {
            (Some(ip), Some(number)) => at(ip, number),
            (Some(ip), None) => format!("{ip}, no nodePort"),
            (None, _) => "no address".to_owned(),
        };
        let word = match (hop.health.as_deref(), hop.reason.as_deref()) {
            (Some(health), Some(reason)) => format!("{health}: {reason}"),
            (Some(word), None) | (None, Some(word)) => word.to_owned(),
            (None, None) => "health not known".to_owned(),
        };
        lines.push(format!("  -> node              {place:<22} {:<16} {word}", hop.node));
    }
    lines.push(format!("  -> cluster IP        {}", or(&path.cluster.join(", "), "none")));
    if path.pods.is_empty() {
        lines.push("  -> pod               none: nothing that the selector finds".to_owned());
    }
    for pod in &path.pods {
        let name = pod.name.as_deref().unwrap_or("-");
        let node = pod.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
        let ready = if pod.ready { "ready" } else { "not ready" };
        lines.push(format!("  -> pod               {:<22} {name:<16} {ready}{node}", pod.address));
    }
    lines
}
