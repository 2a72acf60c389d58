//! What a request may say besides, and what is answered where it may not.

use crate::client::{SERVICES, Sandbox};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn a_parameter_that_can_not_be_is_named() {
    let sandbox = Sandbox::start().await;
    let service = json!({ "metadata": { "name": "web" }, "spec": { "ports": [{ "port": 80 }] } });
    for (method, query, code, text) in [
        (Method::POST, "dryRun=Some", 422, "CreateOptions.meta.k8s.io \"\" is invalid: dryRun"),
        (Method::POST, "fieldValidation=Some", 422, "fieldValidation: Unsupported value: \"Some\""),
        (Method::GET, "sendInitialEvents=true", 422, "sendInitialEvents is forbidden for list"),
        (Method::GET, "resourceVersionMatch=Exact", 422, "unless resourceVersion is provided"),
        (Method::GET, "resourceVersion=x", 400, "invalid resource version: resourceVersion"),
        (Method::GET, "watch=1&resourceVersion=x", 500, "strconv.ParseUint: parsing \"x\""),
        (Method::GET, "limit=x", 400, "strconv.ParseInt: parsing \"x\""),
        (
            Method::GET,
            "resourceVersion=1&resourceVersionMatch=Bad",
            422,
            "\"Exact\", \"NotOlderThan\", \"\"",
        ),
        (
            Method::GET,
            "resourceVersion=0&resourceVersionMatch=Exact",
            422,
            "for resourceVersion \"0\"",
        ),
        (
            Method::GET,
            "resourceVersion=2&resourceVersionMatch=NotOlderThan&continue=abc",
            422,
            "resourceVersionMatch is forbidden when continue is provided",
        ),
        (Method::GET, "continue=abc", 400, "invalid continue token"),
        (Method::GET, "watch=1&continue=x", 422, "is forbidden when continue is provided"),
        (
            Method::GET,
            "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
            422,
            "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting \
             resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: \
             \"Exact\": supported values: \"NotOlderThan\"]",
        ),
        (Method::GET, "fieldSelector=a.b%3Dc", 400, "field label not supported: a.b"),
        (Method::GET, "labelSelector=a%3D5,", 400, "found '', expected: identifier after ','"),
        (Method::GET, "labelSelector=a%20b", 400, "found 'b', expected: in, notin"),
        (Method::GET, "labelSelector=a%20in", 400, "found '' expected: '('"),
        (Method::GET, "labelSelector=a%3D-b", 400, "values[0][a]: Invalid value: \"-b\""),
    ] {
        let body = (method == Method::POST).then(|| service.clone());
        let answer = sandbox.call(method, &format!("{SERVICES}?{query}"), body).await;
        assert_eq!(answer.code, code, "{query}");
        let told = answer.body["message"].as_str().unwrap();
        assert!(told.contains(text), "{query}: {told}");
    }
}

#[tokio::test]
async fn a_dry_run_has_no_revision() {
    let sandbox = Sandbox::start().await;
    let service = json!({ "metadata": { "name": "web" }, "spec": { "ports": [{ "port": 80 }] } });
    let path = format!("{SERVICES}?dryRun=All");
    let answer = sandbox.call(Method::POST, &path, Some(service)).await;
    assert_eq!(answer.code, 201);
    assert!(answer.body["metadata"].get("resourceVersion").is_none());
}

#[tokio::test]
async fn an_update_of_another_object_is_a_conflict() {
    let sandbox = Sandbox::start().await;
    let other = json!({
        "metadata": { "name": "web", "uid": "another" },
        "spec": { "ports": [{ "port": 80 }] },
    });
    let answer = sandbox.call(Method::PUT, &format!("{SERVICES}/web"), Some(other.clone())).await;
    assert_eq!(answer.code, 409, "it was never here");
    let mut own = other.clone();
    own["metadata"] = json!({ "name": "web" });
    assert_eq!(sandbox.call(Method::POST, SERVICES, Some(own)).await.code, 201);
    let answer = sandbox.call(Method::PUT, &format!("{SERVICES}/web"), Some(other)).await;
    assert_eq!(answer.code, 409);
    let told = answer.body["message"].as_str().unwrap();
    assert!(told.contains("Key: /registry/services/specs/default/web"), "{told}");
}

#[tokio::test]
async fn the_schemas_say_what_a_field_is_for() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.call(Method::GET, "/openapi/v3/api/v1", None).await;
    let spec = &answer.body["components"]["schemas"]["io.k8s.api.core.v1.ServiceSpec"];
    let told = spec["properties"]["loadBalancerClass"]["description"].as_str().unwrap();
    assert!(told.contains("class of the load balancer implementation"), "{told}");
    let schemas = answer.body["components"]["schemas"].as_object().unwrap();
    assert!(!schemas.contains_key("io.k8s.api.coordination.v1.Lease"), "it is of another group");
}

#[tokio::test]
async fn what_is_found_is_told_with_a_refusal_too() {
    let sandbox = Sandbox::start().await;
    let service = json!({ "metadata": { "name": "web" }, "spec": { "typo": 1 } });
    let answer = sandbox.call(Method::POST, SERVICES, Some(service)).await;
    assert_eq!(answer.code, 422);
    assert!(answer.warnings[0].contains("unknown field"), "{:?}", answer.warnings);
}

#[tokio::test]
async fn a_limit_below_zero_is_none() {
    let sandbox = Sandbox::start().await;
    for query in ["limit=-1", "limit=0", "resourceVersion=0&limit=1"] {
        let list = sandbox.get(&format!("/api/v1/namespaces?{query}")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), 4, "{query}");
        assert!(list["metadata"].get("continue").is_none(), "{query}");
    }
}

#[tokio::test]
async fn one_object_is_not_watched_by_its_path() {
    let sandbox = Sandbox::start().await;
    let named = async |name: &str| {
        sandbox.call(Method::GET, &format!("{SERVICES}/{name}?watch=1"), None).await
    };
    assert_eq!(named("kubernetes").await.body["kind"], "Service");
    assert_eq!(named("none").await.code, 404);
}
