//! The validator: what does not fit Google's document is refused by the field that is wrong.

use serde_json::{Value, json};

use crate::client::{
    GLOBAL, REGIONAL, Site, backend_service, firewall, forwarding_rule, health_check,
};

const ZONAL: &str = "projects/seaway/zones/europe-west1-b";

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[tokio::test]
async fn a_wrong_body_is_refused_by_its_field() {
    let site = Site::open().await;
    let rule = || forwarding_rule("a", "a", 80);
    let service = || backend_service("a", "a");
    let rules = &format!("{REGIONAL}/forwardingRules");
    let services = &format!("{REGIONAL}/backendServices");
    let checks = &format!("{REGIONAL}/healthChecks");
    let firewalls = &format!("{GLOBAL}/firewalls");
    let addresses = &format!("{REGIONAL}/addresses");
    let groups = &format!("{ZONAL}/instanceGroups");
    let cases: Vec<(&str, Value, &str)> = vec![
        (rules, with(rule(), "colour", json!("red")), "\"colour\" at 'resource'"),
        (rules, with(rule(), "ports", json!("80")), "'resource.ports'"),
        (rules, with(rule(), "ports", json!([80])), "'resource.ports[0]'"),
        (rules, with(rule(), "ports", json!([null])), "'resource.ports[0]'"),
        (rules, with(rule(), "IPProtocol", json!("tcp")), "'resource.IPProtocol'"),
        (rules, with(rule(), "allPorts", json!("true")), "'resource.allPorts'"),
        (rules, with(rule(), "networkTier", json!("GOLD")), "'resource.networkTier'"),
        (rules, with(rule(), "name", json!("Upper")), "'resource.name'"),
        (rules, with(rule(), "name", json!("a-")), "'resource.name'"),
        (rules, with(rule(), "name", json!("a".repeat(64))), "'resource.name'"),
        (rules, with(rule(), "name", Value::Null), "'resource.name'"),
        (rules, with(rule(), "id", json!("12")), "'resource.id'"),
        (rules, with(rule(), "selfLink", json!("http://a")), "'resource.selfLink'"),
        (rules, with(rule(), "labels", json!({"a": 1})), "'resource.labels.a'"),
        (rules, with(rule(), "fingerprint", json!("not base64!")), "'resource.fingerprint'"),
        (services, with(service(), "timeoutSec", json!("30")), "'resource.timeoutSec'"),
        (services, with(service(), "timeoutSec", json!(1.5)), "'resource.timeoutSec'"),
        (services, with(service(), "backends", json!({})), "'resource.backends'"),
        (
            services,
            with(service(), "backends", json!([{"group": "g", "balancingMode": "BEST"}])),
            "'resource.backends[0].balancingMode'",
        ),
        (
            services,
            with(service(), "connectionDraining", json!({"drainingTimeoutSec": 3_000_000_000_u32})),
            "'resource.connectionDraining.drainingTimeoutSec'",
        ),
        (
            checks,
            with(health_check("a"), "httpHealthCheck", json!({"prot": 80})),
            "\"prot\" at 'resource.httpHealthCheck'",
        ),
        (checks, with(health_check("a"), "type", json!("PING")), "'resource.type'"),
        (
            firewalls,
            with(firewall("a"), "allowed", json!([{"IPProtocol": 6}])),
            "'resource.allowed[0].IPProtocol'",
        ),
        (firewalls, with(firewall("a"), "direction", json!("UP")), "'resource.direction'"),
        (firewalls, with(firewall("a"), "sourceRanges", json!([[]])), "'resource.sourceRanges[0]'"),
        (addresses, json!({"address": "10.0.0.9"}), "'resource.name'"),
        (addresses, json!({"name": "a", "status": "RESERVED"}), "'resource.status'"),
        (addresses, json!({"name": "a", "prefixLength": "96"}), "'resource.prefixLength'"),
        (groups, json!({"name": "a", "size": 3}), "'resource.size'"),
        (
            groups,
            json!({"name": "a", "namedPorts": [{"port": true}]}),
            "'resource.namedPorts[0].port'",
        ),
    ];
    for (path, body, field) in cases {
        let (status, _, message) = site.refused("POST", path, body.clone()).await;
        assert_eq!(status, 400, "{body}: {message}");
        assert!(message.contains(field), "{body}: {message}");
    }
    assert!(site.gce.list("forwardingRules").is_empty());
    site.close();
}

#[tokio::test]
async fn a_wrong_request_is_refused_by_its_parameter() {
    let site = Site::open().await;
    let rules = format!("{REGIONAL}/forwardingRules");
    let check = async |method: &str, path: String, status: u16, word: &str| {
        let refused = site.refused(method, &path, Value::Null).await;
        assert_eq!(refused.0, status, "{path}: {refused:?}");
        assert!(refused.2.contains(word), "{path}: {refused:?}");
    };
    check("GET", format!("{rules}?maxresults=3"), 400, "'maxresults'").await;
    check("GET", format!("{rules}?maxResults=many"), 400, "'maxResults'").await;
    check("GET", format!("{rules}?maxResults=-1"), 400, "'maxResults'").await;
    check("GET", format!("{rules}?maxResults=501"), 400, "'maxResults'").await;
    check("GET", format!("{rules}?maxResults=1&maxResults=2"), 400, "'maxResults'").await;
    check("GET", format!("{rules}?pageToken=%21"), 400, "'pageToken'").await;
    check("GET", format!("{rules}?filter=name%20like%20a"), 400, "'filter'").await;
    check("GET", format!("{rules}?orderBy=colour"), 400, "'orderBy'").await;
    check("GET", format!("{rules}?requestId=12"), 400, "'requestId'").await;
    check("DELETE", format!("{rules}/a?requestId=12"), 400, "'requestId'").await;
    let zero = "00000000-0000-0000-0000-000000000000";
    check("DELETE", format!("{rules}/a?requestId={zero}"), 400, "'requestId'").await;
    check("GET", format!("{rules}?prettyPrint=perhaps"), 400, "'prettyPrint'").await;
    check("GET", "projects/P_/regions/europe-west1/addresses".into(), 400, "'project'").await;
    check("GET", "projects/seaway/regions/Europe/addresses".into(), 400, "'region'").await;
    check("GET", "projects/seaway/regions/mars-north1/addresses".into(), 400, "'region'").await;
    check("GET", "projects/seaway/zones/europe-west1-x/instances".into(), 400, "'zone'").await;
    check("PUT", format!("{rules}/a"), 404, "PUT").await;
    check("GET", "projects/seaway/global/rockets".into(), 404, "rockets").await;
    check("GET", format!("{rules}/a/"), 404, "forwardingRules").await;
    check("POST", rules.clone(), 400, "'resource'").await;
    check("GET", format!("{rules}/a"), 404, "was not found").await;
    let (status, reason, _) = site.refused("DELETE", &format!("{rules}/a"), json!({"a": 1})).await;
    assert_eq!((status, reason.as_str()), (400, "invalid"));
    site.close();
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let site = Site::open().await;
    let path = format!("{REGIONAL}/forwardingRules");
    for body in ["{", "[]", "\"a\"", "{\"name\": \"a\",}", "\u{0}"] {
        let (status, answer) = site.try_call("POST", &path, body).await.unwrap();
        assert_eq!(status, 400, "{body}: {answer}");
        assert_eq!(answer["error"]["errors"][0]["reason"], "parseError");
    }
    site.close();
}

#[tokio::test]
async fn right_requests_are_taken() {
    let site = Site::open().await;
    let query = "%24alt=json&%24apiVersion=2026-09-01&prettyPrint=false&pageToken=&filter=";
    let reads = [
        format!("{REGIONAL}/forwardingRules?$alt=json&$apiVersion=2026-09-01&pageToken="),
        format!("{REGIONAL}/addresses?{query}&maxResults=0"),
        format!("{GLOBAL}/firewalls?alt=json&maxResults=500&orderBy=name"),
        format!("{REGIONAL}/subnetworks/default?prettyPrint=true"),
        format!("{GLOBAL}/networks"),
        "projects/seaway/zones".to_owned(),
        "projects/seaway/aggregated/instanceGroups?includeAllScopes=true".to_owned(),
        "projects/example.com:seaway/global/firewalls".to_owned(),
    ];
    for path in reads {
        let (status, answer) = site.read(&path).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    let writes = [
        ("healthChecks", health_check("a")),
        ("healthChecks", with(health_check("b"), "description", Value::Null)),
        ("backendServices", backend_service("a", "a")),
        ("forwardingRules", forwarding_rule("a", "a", 80)),
        ("forwardingRules", with(forwarding_rule("b", "a", 81), "description", json!("{\"a\":1}"))),
        ("addresses", json!({"name": "a"})),
    ];
    for (collection, body) in writes {
        site.change("POST", &format!("{REGIONAL}/{collection}?$alt=json"), body).await;
    }
    site.change("POST", &format!("{GLOBAL}/firewalls"), firewall("a")).await;
    site.change("POST", &format!("{ZONAL}/instanceGroups"), json!({"name": "a"})).await;
    site.close();
}
