use serde_json::json;

use super::{REGION, Site, and, refused};
use crate::state::Verb;

#[test]
fn a_health_check_gets_defaults() {
    let mut site = Site::new();
    let made = site.get(&format!("{REGION}/healthChecks/hc"));
    assert_eq!(made["checkIntervalSec"], 5);
    assert_eq!(made["unhealthyThreshold"], 2);
    let http = json!({"port": 80, "requestPath": "/", "proxyHeader": "NONE"});
    assert_eq!(made["httpHealthCheck"], http);
    site.insert("global/healthChecks/tcp", json!({"type": "TCP"})).unwrap();
    let made = site.get("global/healthChecks/tcp");
    assert_eq!(made["tcpHealthCheck"], json!({"port": 80, "proxyHeader": "NONE"}));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut site = Site::new();
    let path = format!("{REGION}/healthChecks/a");
    let body =
        json!({"type": "HTTP", "httpHealthCheck": {"port": 10256, "requestPath": "/healthz"}});
    for (more, text) in [
        (json!({"tcpHealthCheck": {"port": 80}}), "does not fit"),
        (json!({"type": "TCP"}), "does not fit"),
        (json!({"httpHealthCheck": {"port": 0}}), "httpHealthCheck.port"),
        (json!({"httpHealthCheck": {"port": 65536}}), "httpHealthCheck.port"),
        (json!({"httpHealthCheck": {"port": 80, "portName": "x"}}), "named or a serving port"),
        (json!({"httpHealthCheck": {"requestPath": "healthz"}}), "start with '/'"),
        (json!({"healthyThreshold": 0}), "healthyThreshold"),
        (json!({"unhealthyThreshold": 11}), "unhealthyThreshold"),
        (json!({"checkIntervalSec": 3, "timeoutSec": 4}), "less than or equal"),
        (json!({"checkIntervalSec": 301}), "checkIntervalSec"),
        (json!({"type": "INVALID"}), "Unknown type"),
    ] {
        refused(site.insert(&path, and(body.clone(), more)), 400, "invalid", text);
    }
    refused(site.insert(&path, json!({})), 400, "required", "type");
    refused(site.insert(&path, json!({"type": "GRPC"})), 400, "required", "grpcHealthCheck.port");
}

#[test]
fn a_patch_merges_the_block_and_a_put_replaces_it() {
    let mut site = Site::new();
    let path = format!("{REGION}/healthChecks/hc");
    let port = json!({"httpHealthCheck": {"port": 10256}, "checkIntervalSec": 8});
    site.write(Verb::Patch, &path, port).unwrap();
    site.write(Verb::Patch, &path, json!({"httpHealthCheck": {"requestPath": "/a"}})).unwrap();
    let made = site.get(&path);
    assert_eq!(
        (&made["httpHealthCheck"]["port"], &made["checkIntervalSec"]),
        (&json!(10256), &json!(8))
    );
    site.write(Verb::Update, &path, json!({"type": "HTTP"})).unwrap();
    let made = site.get(&path);
    assert_eq!(
        (&made["httpHealthCheck"]["port"], &made["checkIntervalSec"]),
        (&json!(80), &json!(5))
    );
    refused(site.write(Verb::Update, &path, json!({})), 400, "required", "type");
}
