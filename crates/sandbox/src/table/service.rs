//! Rows of Services.

use super::{AGE, Column, NAME, age, name, or_none, text, wide};
use crate::meta;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) static COLUMNS: &[Column] = &[
    NAME,
    text("Type"),
    text("Cluster-IP"),
    text("External-IP"),
    text("Port(s)"),
    AGE,
    wide("Selector"),
];

pub(crate) fn cells(object: &Value, now: Timestamp) -> Vec<Value> {
    let first_ip = meta::strings(object, &["spec", "clusterIPs"]).next().unwrap_or_default();
    vec![
        name(object),
        meta::text(object, &["spec", "type"]).into(),
        or_none(first_ip),
        external(object).into(),
        or_none(&ports(object)),
        age(object, now),
        or_none(&pairs(meta::at(object, &["spec", "selector"]))),
    ]
}

fn external(object: &Value) -> String {
    let own: Vec<&str> = meta::strings(object, &["spec", "externalIPs"]).collect();
    let or = |list: Vec<&str>, absent: &str| {
        if list.is_empty() { absent.to_owned() } else { list.join(",") }
    };
    match meta::text(object, &["spec", "type"]) {
        "LoadBalancer" => {
            let ingress = meta::at(object, &["status", "loadBalancer", "ingress"]);
            let mut shown: Vec<&str> = Vec::new();
            for ingress in ingress.as_array().into_iter().flatten() {
                let ip = meta::text(ingress, &["ip"]);
                let address = if ip.is_empty() { meta::text(ingress, &["hostname"]) } else { ip };
                if !address.is_empty() && !shown.contains(&address) {
                    shown.push(address);
                }
            }
            shown.sort_unstable();
            shown.extend(own);
            or(shown, "<pending>")
        }
        "ExternalName" => meta::text(object, &["spec", "externalName"]).to_owned(),
        _ => or(own, "<none>"),
    }
}

fn ports(object: &Value) -> String {
    let ports = meta::at(object, &["spec", "ports"]).as_array().into_iter().flatten();
    let shown = ports.map(|port| {
        let protocol = meta::text(port, &["protocol"]);
        match port["nodePort"].as_i64() {
            Some(node_port) => format!("{}:{node_port}/{protocol}", port["port"]),
            None => format!("{}/{protocol}", port["port"]),
        }
    });
    shown.collect::<Vec<_>>().join(",")
}

/// `a=b,c=d`, by key.
fn pairs(map: &Value) -> String {
    let pairs = map.as_object().into_iter().flatten();
    let mut shown: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    shown.sort();
    shown.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_load_balancer_is_pending_until_it_has_an_address() {
        let mut service = json!({
            "metadata": { "name": "tomcat", "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": {
                "type": "LoadBalancer",
                "clusterIPs": ["10.96.0.7"],
                "ports": [
                    { "port": 8080, "nodePort": 31002, "protocol": "TCP" },
                    { "port": 53, "protocol": "UDP" },
                ],
                "selector": { "b": "2", "a": "1" },
            },
        });
        let now = "2026-01-01T00:00:09Z".parse().unwrap();
        let row = |service: &Value| {
            let cells = cells(service, now);
            cells.iter().map(|cell| cell.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            row(&service),
            [
                "tomcat",
                "LoadBalancer",
                "10.96.0.7",
                "<pending>",
                "8080:31002/TCP,53/UDP",
                "9s",
                "a=1,b=2"
            ]
        );
        service["status"]["loadBalancer"]["ingress"] =
            json!([{ "ip": "192.0.2.1" }, { "hostname": "lb.example.com" }]);
        assert_eq!(row(&service)[3], "192.0.2.1,lb.example.com");
    }
}
