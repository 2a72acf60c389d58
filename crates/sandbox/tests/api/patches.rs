//! Patches of all kinds.

use crate::client::{SERVICES, Sandbox, service};
use http::Method;
use serde_json::{Value, json};

const STRATEGIC: &str = "application/strategic-merge-patch+json";
const JSON: &str = "application/json-patch+json";

async fn patch(sandbox: &Sandbox, media: &str, body: Value) -> crate::client::Answer {
    let path = format!("{SERVICES}/a");
    sandbox.send(Method::PATCH, &path, &[("content-type", media)], Some(body)).await
}

#[tokio::test]
async fn a_strategic_merge_keeps_the_other_ports() {
    let sandbox = Sandbox::start().await;
    let mut two = service("a", "NodePort");
    two["spec"]["ports"] = json!([{ "name": "a", "port": 80 }, { "name": "b", "port": 81 }]);
    let made = sandbox.post(SERVICES, two).await;
    let body = json!({ "spec": { "ports": [{ "port": 81, "targetPort": 8081 }] } });
    let patched = patch(&sandbox, STRATEGIC, body).await.body;
    assert_eq!(patched["spec"]["ports"][0], made["spec"]["ports"][0]);
    assert_eq!(patched["spec"]["ports"][1]["targetPort"], 8081);
    assert_eq!(patched["spec"]["ports"][1]["nodePort"], made["spec"]["ports"][1]["nodePort"]);
}

#[tokio::test]
async fn a_json_patch_tests_before_it_writes() {
    let sandbox = Sandbox::start().await;
    sandbox.post(SERVICES, service("a", "ClusterIP")).await;
    let test = |kind: &str| {
        json!([
            { "op": "test", "path": "/spec/type", "value": kind },
            { "op": "add", "path": "/metadata/labels", "value": { "a": "b" } },
        ])
    };
    assert_eq!(patch(&sandbox, JSON, test("NodePort")).await.code, 422);
    let patched = patch(&sandbox, JSON, test("ClusterIP")).await;
    assert_eq!(patched.body["metadata"]["labels"], json!({ "a": "b" }));
    assert_eq!(patch(&sandbox, JSON, json!({ "op": "add" })).await.code, 400);
}

#[tokio::test]
async fn a_patch_may_name_the_object_that_it_means() {
    let sandbox = Sandbox::start().await;
    let made = sandbox.post(SERVICES, service("a", "ClusterIP")).await;
    let labelled = |field: &str, value: Value| {
        let mut patch = json!({ "metadata": { "labels": { "a": "b" } } });
        patch["metadata"][field] = value;
        patch
    };
    let path = format!("{SERVICES}/a");
    for (field, value, code) in [
        ("uid", json!("another"), 422),
        ("resourceVersion", json!("1"), 409),
        ("uid", made["metadata"]["uid"].clone(), 200),
    ] {
        assert_eq!(sandbox.patch(&path, labelled(field, value)).await.code, code, "{field}");
    }
    assert_eq!(sandbox.patch(&format!("{SERVICES}/none"), json!({})).await.code, 404);
    let renamed = sandbox.patch(&path, json!({ "metadata": { "name": "b" } })).await;
    assert_eq!(renamed.code, 400);
}

#[tokio::test]
async fn a_patch_of_another_media_type_is_refused() {
    let sandbox = Sandbox::start().await;
    for media in ["application/apply-patch+cbor", "application/json", "text/plain"] {
        assert_eq!(patch(&sandbox, media, json!({})).await.code, 415, "{media}");
    }
}

#[tokio::test]
async fn what_a_patch_has_twice_is_warned_of_or_refused() {
    let sandbox = Sandbox::start().await;
    sandbox.post(SERVICES, service("a", "ClusterIP")).await;
    let send = async |media: &str, query: &str, body: &str| {
        let path = format!("{SERVICES}/a{query}");
        sandbox.send_text(Method::PATCH, &path, &[("content-type", media)], body).await
    };
    let labels = r#"{"metadata":{"labels":{"a":"b","a":"c"}},"foo":1}"#;
    for media in ["application/merge-patch+json", STRATEGIC] {
        let patched = send(media, "", labels).await;
        assert_eq!(patched.body["metadata"]["labels"]["a"], "c", "{media}");
        let told = ["duplicate field \\\"metadata.labels.a\\\"", "unknown field \\\"foo\\\""];
        assert_eq!(patched.warnings, told.map(|told| format!("299 - \"{told}\"")), "{media}");
        let refused = send(media, "?fieldValidation=Strict", labels).await;
        assert_eq!(refused.code, 422, "{media}");
        let told = refused.body["message"].as_str().unwrap();
        let all =
            "strict decoding error: duplicate field \"metadata.labels.a\", unknown field \"foo\"";
        assert!(told.ends_with(all), "{told}");
    }
    let operation = r#"[{"op":"remove","op":"add","path":"/metadata/labels","value":{"l":"m"}}]"#;
    let patched = send(JSON, "", operation).await;
    assert_eq!(patched.body["metadata"]["labels"]["l"], "m");
    assert_eq!(patched.warnings, [r#"299 - "json patch duplicate field \"[0].op\"""#]);
}

#[tokio::test]
async fn unknown_fields_of_a_patch_are_refused_when_asked() {
    let sandbox = Sandbox::start().await;
    sandbox.post(SERVICES, service("a", "ClusterIP")).await;
    let path = format!("{SERVICES}/a?fieldValidation=Strict");
    let refused = sandbox.patch(&path, json!({ "spec": { "foo": 1 } })).await;
    assert_eq!(refused.code, 422);
    assert!(refused.body["message"].as_str().unwrap().contains("unknown field \"spec.foo\""));
}

#[tokio::test]
async fn a_patch_that_grows_without_end_is_refused() {
    let sandbox = Sandbox::start().await;
    sandbox.post(SERVICES, service("a", "ClusterIP")).await;
    let copy = json!({ "op": "copy", "from": "", "path": "/x" });
    let grown = patch(&sandbox, JSON, vec![copy.clone(); 9000].into()).await;
    assert_eq!(grown.code, 422);
    let many = patch(&sandbox, JSON, vec![copy; 10_001].into()).await;
    assert_eq!(many.code, 413);
    let told = "The allowed maximum operations in a JSON patch is 10000, got 10001";
    assert_eq!(many.body["message"], told);
}
