use std::collections::BTreeSet;

use seaway_provider_gce::api::{Compute, Fault, InstanceGroup, Thing};
use serde_json::{Value, json};

use crate::server::{done, lines, ok, refusal, talk};
use crate::things::{ROOT, address, backend, check, firewall, rule};

fn group(name: &str) -> String {
    format!("{ROOT}/p/zones/r1-a/instanceGroups/{name}")
}

/// A backend service with more than we have words for.
fn there() -> Value {
    json!({
        "id": "7", "kind": "compute#backendService", "selfLink": "x", "region": "y",
        "creationTimestamp": "2026-01-01T00:00:00", "fingerprint": "-_-_AAAA-_8=",
        "name": "sw-b", "description": "old", "loadBalancingScheme": "EXTERNAL",
        "protocol": "TCP", "sessionAffinity": "CLIENT_IP", "timeoutSec": 30, "port": 80,
        "healthChecks": [format!("{ROOT}/p/regions/r1/healthChecks/old")],
        "backends": [{"group": group("sw-g"), "balancingMode": "CONNECTION", "failover": true},
                     {"group": group("sw-old"), "balancingMode": "CONNECTION"}],
        "logConfig": {"enable": true, "sampleRate": 0.5}, "somethingNew": {"a": [1, 2]},
        "protocolOfTomorrow": "QUIC", "localityLbPolicy": "WEIGHTED_MAGLEV",
        "connectionTrackingPolicy": {"enableStrongAffinity": true, "trackingMode": "PER_SESSION"},
    })
}

#[tokio::test]
async fn an_update_leaves_alone_what_nobody_here_knows() {
    let (gce, server) = talk([ok(&there()), done()]).await;
    gce.update(&Thing::BackendService(backend())).await.unwrap();
    let lines = lines(&server);
    assert_eq!(lines[0], "GET p/regions/r1/backendServices/sw-b");
    assert_eq!(lines[1], "PUT p/regions/r1/backendServices/sw-b");
    let wanted = json!({
        "name": "sw-b", "description": "ours", "loadBalancingScheme": "EXTERNAL",
        "protocol": "TCP", "sessionAffinity": "NONE", "timeoutSec": 30, "port": 80,
        "fingerprint": "-_-_AAAA-_8=", "connectionDraining": {"drainingTimeoutSec": 30},
        "healthChecks": [format!("{ROOT}/p/regions/r1/healthChecks/sw-h")],
        "backends": [{"group": group("sw-g"), "balancingMode": "CONNECTION", "failover": true}],
        "logConfig": {"enable": true, "sampleRate": 0.5}, "somethingNew": {"a": [1, 2]},
        "protocolOfTomorrow": "QUIC",
    });
    assert_eq!(server.seen()[1].body, wanted);
}

#[tokio::test]
async fn the_last_backend_can_be_taken_out() {
    let (gce, server) = talk([ok(&there()), done()]).await;
    let mut empty = backend();
    empty.groups = BTreeSet::new();
    gce.update(&Thing::BackendService(empty)).await.unwrap();
    let sent = &server.seen()[1];
    assert_eq!(sent.method, "PUT", "a PATCH without backends would leave them");
    assert!(sent.body.get("backends").is_none());
}

#[tokio::test]
async fn the_last_tag_can_be_taken_off() {
    let there = json!({
        "id": "7", "name": "sw-f", "direction": "INGRESS", "priority": 1000, "targetTags": ["a"],
        "network": format!("{ROOT}/host/global/networks/net"), "logConfig": {"enable": true},
        "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}],
    });
    let (gce, server) = talk([ok(&there), done()]).await;
    gce.update(&Thing::Firewall(firewall())).await.unwrap();
    let sent = &server.seen()[1];
    assert_eq!(sent.line(), "PUT host/global/firewalls/sw-f");
    assert!(sent.body.get("targetTags").is_none());
    assert_eq!(sent.body["sourceRanges"], json!(["198.51.100.0/24"]));
    assert_eq!(sent.body["logConfig"], json!({"enable": true}));
}

#[tokio::test]
async fn a_health_check_keeps_its_host() {
    let http = json!({"host": "example.org", "port": 80, "requestPath": "/"});
    let there = json!({"id": "7", "name": "sw-h", "type": "HTTP", "httpHealthCheck": http});
    let (gce, server) = talk([ok(&there), done()]).await;
    gce.update(&Thing::HealthCheck(check())).await.unwrap();
    let http = json!({"host": "example.org", "port": 10256, "requestPath": "/healthz"});
    assert_eq!(lines(&server)[1], "PUT p/regions/r1/healthChecks/sw-h");
    assert_eq!(server.seen()[1].body["httpHealthCheck"], http);
}

#[tokio::test]
async fn of_a_rule_only_the_access_from_other_regions_is_changed() {
    let there = json!({"name": "sw-a", "fingerprint": "AAAA", "description": "ours"});
    let (gce, server) = talk([ok(&there), done()]).await;
    gce.update(&Thing::ForwardingRule(rule())).await.unwrap();
    let sent = &server.seen()[1];
    assert_eq!(sent.line(), "PATCH p/regions/r1/forwardingRules/sw-a");
    assert_eq!(sent.body, json!({"allowGlobalAccess": false, "fingerprint": "AAAA"}));
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_read_again() {
    let stale = || refusal(412, "conditionNotMet", "Invalid fingerprint.");
    let (gce, server) =
        talk([ok(&there()), stale(), ok(&there()), stale(), ok(&there()), done()]).await;
    gce.update(&Thing::BackendService(backend())).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    assert_ne!(seen[1].query["requestId"], seen[3].query["requestId"], "it is another write");

    let replies = [ok(&there()), stale(), ok(&there()), stale(), ok(&there()), stale()];
    let (gce, server) = talk(replies).await;
    let fault = gce.update(&Thing::BackendService(backend())).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused { status: 412, .. }), "{fault:?}");
    assert_eq!(server.seen().len(), 6, "three times are enough");
}

#[tokio::test]
async fn what_is_not_there_is_not_updated() {
    let (gce, server) = talk([refusal(404, "notFound", "was not found")]).await;
    let fault = gce.update(&Thing::HealthCheck(check())).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused { status: 404, .. }), "{fault:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_can_not_be_changed_is_not_asked_for() {
    let (gce, server) = talk([]).await;
    let group = InstanceGroup {
        zone: "r1-a".to_owned(),
        name: "sw-g".to_owned(),
        description: String::new(),
    };
    for thing in [Thing::Address(address()), Thing::InstanceGroup(group)] {
        let fault = gce.update(&thing).await.unwrap_err();
        assert!(matches!(fault, Fault::Refused { status: 400, .. }), "{fault:?}");
    }
    assert!(server.seen().is_empty());
}
