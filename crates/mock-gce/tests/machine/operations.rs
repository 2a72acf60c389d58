//! Changes are made when their operations end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{
    GLOBAL, REGIONAL, Site, backend_service, firewall, forwarding_rule, health_check,
};

const LONG: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_thing_is_there_when_its_operation_has_ended() {
    let site = Site::open().await;
    site.gce.set_operation_looks(2);
    let path = format!("{REGIONAL}/healthChecks");
    let begun = site.begin("POST", &path, health_check("a")).await;
    assert_eq!(begun["status"], "RUNNING");
    assert_eq!(begun["progress"], 0);
    assert_eq!(begun["operationType"], "insert");
    assert_eq!(begun["kind"], "compute#operation");
    assert!(begun["region"].as_str().unwrap().ends_with("/projects/seaway/regions/europe-west1"));
    assert!(begun["targetLink"].as_str().unwrap().ends_with("/healthChecks/a"));
    assert_eq!(site.read(&format!("{path}/a")).await.0, 404);
    let operation = format!("{REGIONAL}/operations/{}", begun["name"].as_str().unwrap());
    assert_eq!(site.read(&operation).await.1["status"], "RUNNING");
    assert_eq!(site.read(&format!("{path}/a")).await.0, 404);
    let ended = site.read(&operation).await.1;
    assert_eq!(ended["status"], "DONE");
    assert_eq!(ended["progress"], 100);
    assert!(ended["endTime"].is_string());
    let (status, made) = site.read(&format!("{path}/a")).await;
    assert_eq!(status, 200);
    assert_eq!(made["id"], begun["targetId"]);
    site.close();
}

#[tokio::test]
async fn wait_answers_when_the_operation_ends() {
    let site = Site::open().await;
    site.gce.set_operation_time(Duration::from_millis(30));
    let begun = site.begin("POST", &format!("{GLOBAL}/firewalls"), firewall("a")).await;
    assert_eq!(begun["region"], Value::Null);
    assert_eq!(site.end(&begun).await["status"], "DONE");
    let zonal = "projects/seaway/zones/europe-west1-b/instanceGroups";
    let begun = site.begin("POST", zonal, json!({"name": "a"})).await;
    assert!(begun["zone"].is_string());
    assert_eq!(site.end(&begun).await["status"], "DONE");
    assert_eq!(site.gce.counts()["compute.globalOperations.wait"], 1);
    assert_eq!(site.gce.counts()["compute.zoneOperations.wait"], 1);
    assert_eq!(site.gce.count(), 2);
    site.close();
}

#[tokio::test]
async fn wait_may_answer_before_the_operation_ends() {
    let site = Site::open().await;
    site.gce.set_operation_time(LONG);
    site.gce.set_wait_limit(Duration::from_millis(1));
    let begun = site.begin("POST", &format!("{GLOBAL}/firewalls"), firewall("a")).await;
    assert_eq!(site.end(&begun).await["status"], "RUNNING");
    assert_eq!(site.gce.running(), 1);
    site.close();
}

#[tokio::test]
async fn what_is_being_changed_is_left_alone_until_it_is_done() {
    let site = Site::open().await;
    let checks = format!("{REGIONAL}/healthChecks");
    site.change("POST", &checks, health_check("there")).await;
    site.gce.set_operation_time(LONG);
    site.begin("POST", &checks, health_check("comes")).await;
    site.begin("PATCH", &format!("{checks}/there"), json!({"checkIntervalSec": 9})).await;
    let check = async |method: &str, path: &str, body: Value, status: u16, reason: &str| {
        let refused = site.refused(method, path, body).await;
        assert_eq!((refused.0, refused.1.as_str()), (status, reason), "{method} {path}");
    };
    check("POST", &checks, health_check("comes"), 409, "alreadyExists").await;
    check("POST", &checks, health_check("there"), 409, "alreadyExists").await;
    check("GET", &format!("{checks}/comes"), Value::Null, 404, "notFound").await;
    let ready = "resourceNotReady";
    check("DELETE", &format!("{checks}/comes"), Value::Null, 400, ready).await;
    check("DELETE", &format!("{checks}/there"), Value::Null, 400, ready).await;
    check("PATCH", &format!("{checks}/there"), json!({"timeoutSec": 1}), 400, ready).await;
    let services = format!("{REGIONAL}/backendServices");
    check("POST", &services, backend_service("a", "comes"), 400, ready).await;
    check("DELETE", &format!("{checks}/nothing"), Value::Null, 404, "notFound").await;
    assert_eq!(site.read(&format!("{checks}/there")).await.1["checkIntervalSec"], 5);
    site.close();
}

#[tokio::test]
async fn a_deleted_thing_is_there_until_its_operation_ends() {
    let site = Site::open().await;
    let checks = format!("{REGIONAL}/healthChecks");
    site.change("POST", &checks, health_check("a")).await;
    site.gce.set_operation_looks(1);
    let begun = site.begin("DELETE", &format!("{checks}/a"), Value::Null).await;
    assert_eq!(site.read(&format!("{checks}/a")).await.0, 200);
    let refused = site.refused("POST", &checks, health_check("a")).await;
    assert_eq!(refused.1, "alreadyExists");
    assert_eq!(site.end(&begun).await["status"], "DONE");
    assert_eq!(site.read(&format!("{checks}/a")).await.0, 404);
    site.close();
}

#[tokio::test]
async fn an_operation_can_fail_when_it_ends() {
    let site = Site::open().await;
    let checks = format!("{REGIONAL}/healthChecks");
    site.change("POST", &checks, health_check("a")).await;
    let services = format!("{REGIONAL}/backendServices");
    site.change("POST", &services, backend_service("a", "a")).await;
    let begun = site.begin("DELETE", &format!("{checks}/a"), Value::Null).await;
    let ended = site.end(&begun).await;
    let code = &ended["error"]["errors"][0]["code"];
    assert_eq!(code, "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE");
    assert_eq!(ended["httpErrorStatusCode"], 400);
    assert_eq!(ended["httpErrorMessage"], "BAD REQUEST");
    assert_eq!(site.read(&format!("{checks}/a")).await.0, 200);
    site.close();
}

#[tokio::test]
async fn the_same_request_id_gives_the_first_operation_again() {
    let site = Site::open().await;
    let id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    let path = format!("{REGIONAL}/healthChecks?requestId={id}");
    let first = site.change("POST", &path, health_check("a")).await;
    let again = site.begin("POST", &path, health_check("other")).await;
    assert_eq!(again, first);
    assert_eq!(site.gce.list("healthChecks").len(), 1);
    let other = format!("projects/host/regions/europe-west1/healthChecks?requestId={id}");
    site.change("POST", &other, health_check("a")).await;
    assert_eq!(site.gce.list("healthChecks").len(), 2);
    site.close();
}

#[tokio::test]
async fn a_request_that_was_refused_is_not_remembered() {
    let site = Site::open().await;
    let id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    let path = format!("{REGIONAL}/backendServices?requestId={id}");
    let refused = site.refused("POST", &path, backend_service("a", "a")).await;
    assert!((400..=404).contains(&refused.0), "{refused:?}");
    let checks = format!("{REGIONAL}/healthChecks");
    site.change("POST", &checks, health_check("a")).await;
    site.change("POST", &path, backend_service("a", "a")).await;
    site.close();
}

#[tokio::test]
async fn operations_end_in_the_order_of_their_time() {
    let site = Site::open().await;
    let checks = format!("{REGIONAL}/healthChecks");
    site.change("POST", &checks, health_check("a")).await;
    let services = format!("{REGIONAL}/backendServices");
    site.change("POST", &services, backend_service("a", "a")).await;
    let rules = format!("{REGIONAL}/forwardingRules");
    site.change("POST", &rules, forwarding_rule("a", "a", 80)).await;
    // All three begin before any has ended; each end finds what the one before it has left.
    site.gce.set_operation_time(Duration::from_millis(50));
    let mut begun = Vec::new();
    for path in ["forwardingRules/a", "backendServices/a", "healthChecks/a"] {
        begun.push(site.begin("DELETE", &format!("{REGIONAL}/{path}"), Value::Null).await);
    }
    for operation in &begun {
        assert_eq!(site.end(operation).await["error"], Value::Null);
    }
    site.close();
}
