//! What a Service is given, what it is refused, and what is left out.

use crate::client::{SERVICES, Sandbox, service};
use http::Method;
use serde_json::{Value, json};

/// A Service with these addresses of the cluster.
fn at(name: &str, ips: [&str; 2]) -> Value {
    let mut service = service(name, "ClusterIP");
    service["spec"]["clusterIP"] = ips[0].into();
    service["spec"]["clusterIPs"] = json!(ips);
    service["spec"]["ipFamilyPolicy"] = "RequireDualStack".into();
    service
}

#[tokio::test]
async fn an_address_of_the_cluster_is_refused_to_others_as_long_as_a_service_has_it() {
    let sandbox = Sandbox::start().await;
    let (v4, v6, free) = ("10.96.9.9", "fd00:10:96::99", "10.96.9.10");
    sandbox.post(SERVICES, at("a", [v4, v6])).await;
    // Of the other family it asks for one that is free; with the refusal it has none of the two.
    let refused = sandbox.call(Method::POST, SERVICES, Some(at("b", [free, v6]))).await;
    assert_eq!((refused.code, &refused.body["reason"]), (422, &json!("Invalid")));
    let cause = &refused.body["details"]["causes"][0];
    assert_eq!(
        (&cause["field"], &cause["reason"]),
        (&json!("spec.clusterIPs"), &json!("FieldValueInvalid"))
    );
    let message = cause["message"].as_str().unwrap();
    let taken = format!("failed to allocate IP {v6}: provided IP is already allocated");
    assert!(message.ends_with(&taken), "{message}");
    sandbox.post(SERVICES, at("c", [free, "fd00:10:96::9a"])).await;

    // Who gives up a family gives its address back, and who goes, both.
    let single = json!({ "spec": { "ipFamilyPolicy": "SingleStack" } });
    assert_eq!(sandbox.patch(&format!("{SERVICES}/a"), single).await.code, 200);
    sandbox.post(SERVICES, at("b", ["10.96.9.11", v6])).await;
    sandbox.call(Method::DELETE, &format!("{SERVICES}/a"), None).await;
    sandbox.post(SERVICES, at("d", [v4, "fd00:10:96::9b"])).await;
}

#[tokio::test]
async fn each_kind_of_mistake_has_its_reason() {
    let sandbox = Sandbox::start().await;
    for (spec, field, reason) in [
        (json!({}), "spec.ports", "FieldValueRequired"),
        (
            json!({ "ports": [{ "port": 0, "targetPort": 80 }] }),
            "spec.ports[0].port",
            "FieldValueInvalid",
        ),
        (
            json!({ "type": "Balancer", "ports": [{ "port": 80 }] }),
            "spec.type",
            "FieldValueNotSupported",
        ),
        (
            json!({ "ports": [{ "name": "a", "port": 80 }, { "name": "a", "port": 81 }] }),
            "spec.ports[1].name",
            "FieldValueDuplicate",
        ),
        (
            json!({ "ports": [{ "port": 80, "nodePort": 30_080 }] }),
            "spec.ports[0].nodePort",
            "FieldValueForbidden",
        ),
    ] {
        let bad = json!({ "metadata": { "name": "a" }, "spec": spec });
        let answer = sandbox.call(Method::POST, SERVICES, Some(bad)).await;
        assert_eq!(answer.code, 422, "{spec}");
        let causes = answer.body["details"]["causes"].as_array().unwrap();
        let told: Vec<_> = causes.iter().map(|it| (&it["field"], &it["reason"])).collect();
        assert_eq!(told, [(&json!(field), &json!(reason))], "{spec}");
    }
}

#[tokio::test]
async fn what_is_left_out_is_written_down() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("\n## What it leaves out\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let sandbox = Sandbox::start().await;
    // Protobuf has a test of its own.
    for (what, path) in [
        ("Protobuf", ""),
        ("Custom resources", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
        ("RBAC", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
        ("Admission", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"),
        ("Endpoints", "/api/v1/namespaces/default/endpoints"),
        ("Deployments", "/apis/apps/v1/deployments"),
    ] {
        assert!(section.contains(what), "the README does not say: {what}");
        if !path.is_empty() {
            assert_eq!(sandbox.call(Method::GET, path, None).await.code, 404, "{path}");
        }
    }
}
