//! The ends of objects.

use crate::client::{CONFIG_MAPS, SERVICES, Sandbox, config_map, service};
use http::Method;
use serde_json::json;

const PODS: &str = "/api/v1/namespaces/default/pods";

#[tokio::test]
async fn a_finalizer_holds_a_deleted_object() {
    let sandbox = Sandbox::start().await;
    let mut held = service("a", "LoadBalancer");
    held["metadata"]["finalizers"] = json!(["seaway.dev/load-balancer"]);
    sandbox.post(SERVICES, held).await;
    let path = format!("{SERVICES}/a");
    let begun = sandbox.call(Method::DELETE, &path, None).await;
    assert!(begun.body["metadata"]["deletionTimestamp"].is_string());
    let once = sandbox.get(&path).await;
    sandbox.call(Method::DELETE, &path, None).await;
    assert_eq!(sandbox.get(&path).await, once);
    let more = json!({ "metadata": { "finalizers": ["seaway.dev/load-balancer", "a.b/c"] } });
    let more = sandbox.patch(&path, more).await;
    assert_eq!(more.code, 422);
    assert_eq!(more.body["details"]["causes"][0]["field"], "metadata.finalizers");
    let none = json!({ "metadata": { "finalizers": null } });
    assert_eq!(sandbox.patch(&path, none).await.code, 200);
    assert_eq!(sandbox.call(Method::GET, &path, None).await.code, 404);
}

#[tokio::test]
async fn a_deletion_answers_what_was_deleted() {
    let sandbox = Sandbox::start().await;
    let made = sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let path = format!("{CONFIG_MAPS}/a");
    let other = json!({ "preconditions": { "uid": "another" } });
    assert_eq!(sandbox.call(Method::DELETE, &path, Some(other)).await.code, 409);
    let gone = sandbox.call(Method::DELETE, &path, None).await.body;
    assert_eq!(gone["status"], "Success");
    assert_eq!(gone["details"]["uid"], made["metadata"]["uid"]);
    assert_eq!(sandbox.call(Method::DELETE, &path, None).await.code, 404);
}

#[tokio::test]
async fn a_collection_goes_by_selector() {
    let sandbox = Sandbox::start().await;
    for name in ["a", "b"] {
        sandbox.post(CONFIG_MAPS, config_map(name)).await;
    }
    let path = format!("{CONFIG_MAPS}?fieldSelector=metadata.name%3Da");
    let gone = sandbox.call(Method::DELETE, &path, None).await;
    assert_eq!(gone.body["items"].as_array().unwrap().len(), 1);
    let left = sandbox.get(CONFIG_MAPS).await;
    assert_eq!(left["items"][0]["metadata"]["name"], "b");
}

#[tokio::test]
async fn a_bound_pod_waits_for_its_node() {
    let sandbox = Sandbox::start().await;
    let spec = json!({ "containers": [{ "name": "a", "image": "echo:1" }] });
    for name in ["bound", "free"] {
        let pod = json!({ "metadata": { "name": name }, "spec": spec });
        let pod = sandbox.post(PODS, pod).await;
        assert_eq!(pod["status"]["phase"], "Pending");
        assert_eq!(pod["metadata"]["generation"], 1);
    }
    let (bound, free) = (format!("{PODS}/bound"), format!("{PODS}/free"));
    let target = json!({ "target": { "kind": "Node", "name": "node-1" } });
    let path = format!("{bound}/binding");
    sandbox.post(&path, target.clone()).await;
    assert_eq!(sandbox.call(Method::POST, &path, Some(target)).await.code, 409);
    assert_eq!(sandbox.get(&bound).await["spec"]["nodeName"], "node-1");

    sandbox.call(Method::DELETE, &free, None).await;
    assert_eq!(sandbox.call(Method::GET, &free, None).await.code, 404);
    sandbox.call(Method::DELETE, &bound, None).await;
    let waiting = sandbox.get(&bound).await;
    assert_eq!(waiting["metadata"]["deletionGracePeriodSeconds"], 30);
    let now = json!({ "gracePeriodSeconds": 0 });
    sandbox.call(Method::DELETE, &bound, Some(now)).await;
    assert_eq!(sandbox.call(Method::GET, &bound, None).await.code, 404);
}

#[tokio::test]
async fn a_namespace_takes_what_is_in_it() {
    let sandbox = Sandbox::start().await;
    let namespaces = "/api/v1/namespaces";
    sandbox.post(namespaces, json!({ "metadata": { "name": "a" } })).await;
    let (maps, services) = ("/api/v1/namespaces/a/configmaps", "/api/v1/namespaces/a/services");
    sandbox.post(maps, config_map("plain")).await;
    let mut held = service("held", "ClusterIP");
    held["metadata"]["finalizers"] = json!(["a.b/c"]);
    sandbox.post(services, held).await;

    let path = format!("{namespaces}/a");
    sandbox.call(Method::DELETE, &path, None).await;
    assert_eq!(sandbox.get(&path).await["status"]["phase"], "Terminating");
    assert!(sandbox.get(maps).await["items"].as_array().unwrap().is_empty());
    let late = sandbox.call(Method::POST, maps, Some(config_map("late"))).await;
    assert_eq!(late.code, 403);
    let none = json!({ "metadata": { "finalizers": null } });
    sandbox.patch(&format!("{services}/held"), none).await;
    assert_eq!(sandbox.call(Method::GET, &path, None).await.code, 404);
    let first = sandbox.call(Method::DELETE, &format!("{namespaces}/default"), None).await;
    assert_eq!(first.code, 403);
}

#[tokio::test]
async fn what_a_deleted_service_held_is_free() {
    let sandbox = Sandbox::start().await;
    let mut wanted = service("a", "NodePort");
    wanted["spec"]["ports"][0]["nodePort"] = 30_080.into();
    for _ in 0..2 {
        sandbox.post(SERVICES, wanted.clone()).await;
        sandbox.call(Method::DELETE, &format!("{SERVICES}/a"), None).await;
    }
}

#[tokio::test]
async fn what_an_object_owned_goes_after_it() {
    let sandbox = Sandbox::start().await;
    let mut owners = Vec::new();
    for name in ["one", "two"] {
        let owner = sandbox.post(CONFIG_MAPS, config_map(name)).await;
        let uid = &owner["metadata"]["uid"];
        owners.push(json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid }));
    }
    let owned = |name: &str, by: &[serde_json::Value]| {
        let mut owned = config_map(name);
        owned["metadata"]["ownerReferences"] = by.into();
        owned
    };
    sandbox.post(CONFIG_MAPS, owned("by-one", &owners[..1])).await;
    sandbox.post(CONFIG_MAPS, owned("by-both", &owners)).await;
    let is_there = async |name: &str| {
        let found = sandbox.call(Method::GET, &format!("{CONFIG_MAPS}/{name}"), None).await;
        found.code == 200
    };
    sandbox.call(Method::DELETE, &format!("{CONFIG_MAPS}/one"), None).await;
    assert!(!is_there("by-one").await && is_there("by-both").await);
    sandbox.call(Method::DELETE, &format!("{CONFIG_MAPS}/two"), None).await;
    assert!(!is_there("by-both").await, "its last owner is gone");
}
