//! Harms, rates and prohibitions.

use std::time::Duration;

use seaway_mock_gce::{Fault, Harm, Rate, Refusal};
use serde_json::{Value, json};

use crate::client::{GLOBAL, REGIONAL, Site, firewall, health_check};

const CHECKS: &str = "projects/seaway/regions/europe-west1/healthChecks";

#[tokio::test]
async fn the_next_call_of_a_method_is_refused() {
    let site = Site::open().await;
    site.gce.inject(Fault::next("compute.firewalls.insert", Harm::Refuse(Refusal::unavailable())));
    let path = format!("{GLOBAL}/firewalls");
    site.change("POST", CHECKS, health_check("a")).await;
    assert_eq!(site.refused("POST", &path, firewall("a")).await.0, 503);
    site.change("POST", &path, firewall("a")).await;
    assert_eq!(site.gce.faults_left(), 0);
    site.close();
}

#[tokio::test]
async fn every_third_write_is_refused() {
    let site = Site::open().await;
    let harm = Harm::Refuse(Refusal::internal());
    site.gce.inject(Fault::every(3, "write", harm));
    let mut seen = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        seen.push(site.call("POST", CHECKS, health_check(name)).await.0);
    }
    assert_eq!(seen, [200, 200, 500, 200, 200, 500]);
    site.gce.heal();
    site.change("POST", CHECKS, health_check("g")).await;
    site.close();
}

#[tokio::test]
async fn a_refusal_looks_as_googles_do() {
    let site = Site::open().await;
    let refusals = [Refusal::stale(), Refusal::rate_limited(), Refusal::too_many()];
    for refusal in refusals {
        site.gce.inject(Fault::next("write", Harm::Refuse(refusal)));
    }
    // All that is injected strikes; the first one is what is answered.
    let (status, answer) = site.call("POST", CHECKS, health_check("a")).await;
    assert_eq!(status, 412);
    let expected = json!({"error": {"code": 412, "message": "Invalid fingerprint.", "errors": [{
        "message": "Invalid fingerprint.", "domain": "global", "reason": "conditionNotMet",
        "location": "If-Match", "locationType": "header",
    }]}});
    assert_eq!(answer, expected);
    site.close();
}

#[tokio::test]
async fn an_operation_fails_as_it_is_told() {
    let site = Site::open().await;
    let quota = || Refusal::quota("FORWARDING_RULES", 15, "in region r");
    site.gce.inject(Fault::next("write", Harm::FailOperation(quota())));
    let begun = site.begin("POST", CHECKS, health_check("a")).await;
    let ended = site.end(&begun).await;
    assert_eq!(ended["status"], "DONE");
    assert_eq!(ended["error"]["errors"][0]["code"], "QUOTA_EXCEEDED");
    assert_eq!(ended["httpErrorStatusCode"], 403);
    assert_eq!(ended["httpErrorMessage"], "FORBIDDEN");
    site.gce.inject(Fault::next("write", Harm::FailOperationWithoutStatus(quota())));
    let begun = site.begin("POST", CHECKS, health_check("a")).await;
    let ended = site.end(&begun).await;
    assert_eq!(ended["error"]["errors"][0]["code"], "QUOTA_EXCEEDED");
    assert_eq!(ended["httpErrorStatusCode"], Value::Null);
    assert!(site.gce.list("healthChecks").is_empty());
    site.close();
}

#[tokio::test]
async fn a_lost_answer_is_of_a_call_that_was_done() {
    let site = Site::open().await;
    site.gce.inject(Fault::next("write", Harm::LoseAnswer));
    let body = health_check("a").to_string();
    assert_eq!(site.try_call("POST", CHECKS, &body).await, None);
    assert_eq!(site.gce.calls()[0].status, 200);
    assert_eq!(site.refused("POST", CHECKS, health_check("a")).await.1, "alreadyExists");
    site.close();
}

#[tokio::test]
async fn a_closed_connection_is_of_a_call_that_was_not_done() {
    let site = Site::open().await;
    site.gce.inject(Fault::next("write", Harm::Close));
    let body = health_check("a").to_string();
    assert_eq!(site.try_call("POST", CHECKS, &body).await, None);
    assert_eq!(site.gce.calls()[0].status, 0);
    site.change("POST", CHECKS, health_check("a")).await;
    site.close();
}

#[tokio::test]
async fn one_operation_can_be_slow() {
    let site = Site::open().await;
    site.gce.set_wait_limit(Duration::from_millis(20));
    site.gce.inject(Fault::next("write", Harm::SlowOperation(Duration::MAX)));
    let slow = site.begin("POST", CHECKS, health_check("slow")).await;
    site.change("POST", CHECKS, health_check("fast")).await;
    assert_eq!(site.end(&slow).await["status"], "RUNNING");
    site.close();
}

#[tokio::test]
async fn more_calls_than_the_rate_allows_are_refused() {
    let site = Site::open().await;
    site.gce.set_rate(Rate::new("write", 1, 0.0));
    site.gce.set_rate(Rate::new("compute.firewalls.list", 0, 0.0).with_429());
    site.change("POST", CHECKS, health_check("a")).await;
    let (status, reason, _) = site.refused("POST", CHECKS, health_check("b")).await;
    assert_eq!((status, reason.as_str()), (403, "rateLimitExceeded"));
    assert_eq!(site.refused("GET", &format!("{GLOBAL}/firewalls"), Value::Null).await.0, 429);
    assert_eq!(site.read(CHECKS).await.0, 200);
    site.close();
}

#[tokio::test]
async fn what_is_forbidden_names_the_permission() {
    let site = Site::open().await;
    site.gce.seed_network("host");
    site.gce.forbid("host", "compute.firewalls.*");
    let mut body = firewall("a");
    body["network"] = "projects/host/global/networks/default".into();
    let refused = site.refused("POST", "projects/host/global/firewalls", body).await;
    assert_eq!((refused.0, refused.1.as_str()), (403, "forbidden"));
    let expected = "Required 'compute.firewalls.create' permission for \
                    'projects/host/global/firewalls/a'";
    assert_eq!(refused.2, expected);
    site.change("POST", &format!("{GLOBAL}/firewalls"), firewall("a")).await;
    assert_eq!(site.read("projects/host/global/networks/default").await.0, 200);
    site.close();
}

#[tokio::test]
async fn calls_are_written_down_as_they_were_understood() {
    let site = Site::open().await;
    site.read(&format!("{REGIONAL}/addresses?maxResults=3")).await;
    site.refused("POST", &format!("{REGIONAL}/addresses"), json!({"colour": 1})).await;
    site.refused("GET", "nowhere", Value::Null).await;
    let calls = site.gce.calls();
    let seen: Vec<_> = calls.iter().map(|call| (call.method.as_str(), call.status)).collect();
    let expected = [("compute.addresses.list", 200), ("compute.addresses.insert", 400), ("", 404)];
    assert_eq!(seen, expected);
    assert_eq!(calls[0].query["maxResults"], "3");
    assert_eq!(calls[0].path, format!("{REGIONAL}/addresses"));
    assert_eq!(calls[1].body, json!({"colour": 1}));
    assert_eq!(site.gce.counts()["compute.addresses.list"], 1);
    site.gce.reset_counts();
    assert!(site.gce.counts().is_empty());
    site.close();
}
