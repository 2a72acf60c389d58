//! Whatever a caller sends, it is answered.

use serde_json::{Value, json};

use crate::client::{REGIONAL, Site, backend_service, firewall, forwarding_rule, health_check};

const DOCUMENT: &str = include_str!("../../src/discovery/compute.v1.trimmed.json");

/// Values of the right type that may make no sense.
fn values(document: &Value, node: &Value, depth: usize) -> Vec<Value> {
    if let Some(name) = node["$ref"].as_str() {
        return values(document, &document["schemas"][name], depth);
    }
    let known = node["enum"].as_array().cloned().unwrap_or_default();
    match node["type"].as_str() {
        Some("string") if !known.is_empty() => known,
        Some("string") => {
            ["", "x", "a", "::/0", "0.0.0.0/0", "80-", "9-1", "99999", "//", "zones/z", "é"]
                .map(Value::from)
                .into()
        }
        Some("integer") => [0, -1, 1, 65536, i32::MAX, i32::MIN].map(Value::from).into(),
        Some("number") => vec![json!(0.0), json!(-1.5)],
        Some("boolean") => vec![json!(true), json!(false)],
        Some("array") if depth > 0 => {
            let inner = values(document, &node["items"], depth - 1);
            let alone = inner.iter().map(|value| json!([value]));
            alone.chain([json!([]), json!(inner)]).collect()
        }
        Some("object") if depth > 0 => {
            let mut all = vec![json!({})];
            for (name, field) in node["properties"].as_object().into_iter().flatten() {
                let inner = values(document, field, depth - 1);
                all.extend(inner.into_iter().map(|value| json!({name: value})));
            }
            all
        }
        _ => vec![json!({"x": 1}), Value::Null],
    }
}

/// What an insert into a collection takes.
fn sensible(path: &str) -> Value {
    match path.rsplit('/').next() {
        Some("healthChecks") => health_check("b"),
        Some("backendServices") => backend_service("b", "a"),
        Some("forwardingRules") => forwarding_rule("b", "a", 80),
        Some("firewalls") => firewall("b"),
        Some("networkEndpointGroups") => json!({
            "name": "b",
            "networkEndpointType": "GCE_VM_IP",
            "network": "projects/seaway/global/networks/default",
            "subnetwork": format!("{REGIONAL}/subnetworks/default"),
        }),
        Some("addresses" | "instanceGroups" | "targetPools") => json!({"name": "b"}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_answered() {
    let site = Site::open().await;
    site.gce.add_instance("europe-west1-b", "a", "default");
    let zone = "projects/seaway/zones/europe-west1-b";
    site.change("POST", &format!("{zone}/instanceGroups"), json!({"name": "a"})).await;
    let groups = format!("{zone}/networkEndpointGroups");
    let mut group = sensible(&groups);
    group["name"] = "a".into();
    site.change("POST", &groups, group).await;
    site.change("POST", "projects/seaway/global/firewalls", firewall("a")).await;
    for (collection, body) in [
        ("addresses", json!({"name": "a"})),
        ("targetPools", json!({"name": "a"})),
        ("healthChecks", health_check("a")),
        ("backendServices", backend_service("a", "a")),
        ("forwardingRules", forwarding_rule("a", "a", 80)),
    ] {
        site.change("POST", &format!("{REGIONAL}/{collection}"), body).await;
    }
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let (mut asked, mut taken) = (0, 0);
    let mut methods = document["methods"].as_array().unwrap().clone();
    // What is there is deleted when nothing else needs it any longer.
    methods.sort_by_key(|method| method["httpMethod"] == "DELETE");
    for method in &methods {
        let (http, path) = (method["httpMethod"].as_str(), method["flatPath"].as_str());
        let path: Vec<&str> = path.unwrap().split('/').collect();
        let path = path.iter().map(|word| match *word {
            "{project}" => "seaway",
            "{region}" => "europe-west1",
            "{zone}" => "europe-west1-b",
            word if word.starts_with('{') => "a",
            word => word,
        });
        let path = path.collect::<Vec<_>>().join("/");
        let request = &method["request"];
        let schema = &document["schemas"][request["$ref"].as_str().unwrap_or_default()];
        let fields = schema["properties"].as_object().into_iter().flatten();
        let mut bodies = vec![Value::Null, json!({}), json!({"name": "a"})];
        for (name, field) in fields.filter(|(_, field)| field["outputOnly"] != true) {
            for value in values(&document, field, 3) {
                // A field that makes no sense, in a body that otherwise does.
                let mut body = site.gce.get(&path).unwrap_or_else(|| sensible(&path));
                body[name] = value;
                bodies.push(body);
            }
        }
        for mut body in bodies {
            // Whoever changes a thing says which version of it.
            if let Some(thing) = site.gce.get(&path)
                && body.get("fingerprint").is_some()
            {
                body["fingerprint"] = thing["fingerprint"].clone();
            }
            let (status, answer) = site.gce.ask(http.unwrap(), &path, body.clone());
            assert!((200..500).contains(&status) || status == 501, "{path} {body}: {answer}");
            asked += 1;
            taken += usize::from(status == 200);
            if http == Some("POST") {
                let _ = site.gce.ask("DELETE", &format!("{path}/b"), Value::Null);
            }
        }
    }
    assert!(asked > 5000 && taken > 500, "{taken} of {asked} were taken");
    site.close();
}

#[tokio::test]
async fn paths_that_make_no_sense_are_answered() {
    let site = Site::open().await;
    for path in ["", "?", "%", "%ff%fe", "projects", "projects//global/firewalls", "a?b=%zz&&==&b"]
    {
        let (status, _) = site.read(path).await;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    let long = "a/".repeat(2000);
    assert_eq!(site.read(&long).await.0, 404);
    site.close();
}
