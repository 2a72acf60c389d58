//! Creating, reading and updating.

use crate::client::{CONFIG_MAPS, SERVICES, Sandbox, config_map, service};
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_new_cluster_has_its_first_objects() {
    let sandbox = Sandbox::start().await;
    let namespaces = sandbox.get("/api/v1/namespaces").await;
    let names: Vec<&Value> =
        namespaces["items"].as_array().unwrap().iter().map(|n| &n["metadata"]["name"]).collect();
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    let kubernetes = sandbox.get(&format!("{SERVICES}/kubernetes")).await;
    assert_eq!(kubernetes["spec"]["clusterIP"], "10.96.0.1");
}

#[tokio::test]
async fn creation_stamps_and_refuses_a_second() {
    let sandbox = Sandbox::start().await;
    let made = sandbox.post(CONFIG_MAPS, config_map("a")).await;
    for field in ["uid", "creationTimestamp", "resourceVersion"] {
        assert!(made["metadata"][field].is_string(), "{field}");
    }
    let again = sandbox.call(Method::POST, CONFIG_MAPS, Some(config_map("a"))).await;
    assert_eq!((again.code, &again.body["reason"]), (409, &json!("AlreadyExists")));
    assert_eq!(again.body["message"], "configmaps \"a\" already exists");
    let named = json!({ "metadata": { "generateName": "a-" } });
    let named = sandbox.post(CONFIG_MAPS, named).await;
    assert!(named["metadata"]["name"].as_str().unwrap().starts_with("a-"));
    let nowhere = "/api/v1/namespaces/nowhere/configmaps";
    let nowhere = sandbox.call(Method::POST, nowhere, Some(config_map("a"))).await;
    assert_eq!((nowhere.code, &nowhere.body["details"]["kind"]), (404, &json!("namespaces")));
}

#[tokio::test]
async fn a_stale_update_conflicts() {
    let sandbox = Sandbox::start().await;
    let mut made = sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let path = format!("{CONFIG_MAPS}/a");
    made["data"]["a"] = "2".into();
    let fresh = sandbox.call(Method::PUT, &path, Some(made.clone())).await;
    assert_eq!(fresh.code, 200, "{}", fresh.body);
    made["data"]["a"] = "3".into();
    let stale = sandbox.call(Method::PUT, &path, Some(made.clone())).await;
    assert_eq!((stale.code, &stale.body["reason"]), (409, &json!("Conflict")));
    assert_eq!(
        stale.body["message"],
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please \
         apply your changes to the latest version and try again"
    );
    made["metadata"]["resourceVersion"] = Value::Null;
    let blind = sandbox.call(Method::PUT, &path, Some(made.clone())).await;
    assert_eq!(blind.code, 200);
    made["metadata"]["uid"] = "another".into();
    assert_eq!(sandbox.call(Method::PUT, &path, Some(made)).await.code, 409);
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_no_change() {
    let sandbox = Sandbox::start().await;
    let made = sandbox.post(SERVICES, service("a", "LoadBalancer")).await;
    let path = format!("{SERVICES}/a");
    let again = sandbox.call(Method::PUT, &path, Some(made.clone())).await;
    assert_eq!(again.body["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
    let patched = sandbox.patch(&path, json!({ "spec": { "type": "LoadBalancer" } })).await;
    assert_eq!(patched.body["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
    // What an applied manifest leaves out is carried over: that is no change either.
    let bare = sandbox.call(Method::PUT, &path, Some(service("a", "LoadBalancer"))).await;
    assert_eq!(bare.body, made);
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    let sandbox = Sandbox::start().await;
    let mut made = sandbox.post(SERVICES, service("a", "LoadBalancer")).await;
    let path = format!("{SERVICES}/a");
    made["status"] = json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } });
    let main = sandbox.call(Method::PUT, &path, Some(made.clone())).await;
    assert_eq!(main.body["status"], json!({ "loadBalancer": {} }));
    made["spec"]["sessionAffinity"] = "ClientIP".into();
    made["metadata"]["finalizers"] = json!(["seaway.dev/load-balancer"]);
    let status = sandbox.call(Method::PUT, &format!("{path}/status"), Some(made)).await;
    assert_eq!(status.code, 200, "{}", status.body);
    assert_eq!(status.body["spec"]["sessionAffinity"], "None");
    assert_eq!(
        status.body["status"]["loadBalancer"]["ingress"],
        json!([{ "ip": "192.0.2.1", "ipMode": "VIP" }])
    );
    assert_eq!(status.body["metadata"]["finalizers"], json!(["seaway.dev/load-balancer"]));
    // Back to ClusterIP, the address goes in the same write.
    let plain = sandbox.patch(&path, json!({ "spec": { "type": "ClusterIP" } })).await;
    assert_eq!(plain.body["status"], json!({ "loadBalancer": {} }));
}

#[tokio::test]
async fn what_is_invalid_is_told_with_its_causes() {
    let sandbox = Sandbox::start().await;
    let mut bad = service("a", "ClusterIP");
    bad["spec"]["ports"][0]["port"] = 0.into();
    let bad = sandbox.call(Method::POST, SERVICES, Some(bad)).await;
    assert_eq!((bad.code, &bad.body["reason"]), (422, &json!("Invalid")));
    let cause = &bad.body["details"]["causes"][0];
    assert_eq!(cause["field"], "spec.ports[0].port");
    assert_eq!(cause["reason"], "FieldValueInvalid");
    assert!(bad.body["message"].as_str().unwrap().starts_with("Service \"a\" is invalid: ["));
    let name = sandbox.call(Method::POST, SERVICES, Some(service("-a", "ClusterIP"))).await;
    assert_eq!(name.body["details"]["causes"][0]["field"], "metadata.name");
    // Since 1.36 the name of a Service may begin with a digit.
    sandbox.post(SERVICES, service("1a", "ClusterIP")).await;
}

#[tokio::test]
async fn a_dry_run_leaves_no_trace() {
    let sandbox = Sandbox::start().await;
    let mut wanted = service("a", "NodePort");
    wanted["spec"]["ports"][0]["nodePort"] = 30_080.into();
    for _ in 0..2 {
        let dry = sandbox.post(&format!("{SERVICES}?dryRun=All"), wanted.clone()).await;
        assert_eq!(dry["spec"]["ports"][0]["nodePort"], 30_080);
    }
    sandbox.post(SERVICES, wanted).await;
    let path = format!("{SERVICES}/a?dryRun=All");
    let patch = json!({ "metadata": { "labels": { "a": "b" } } });
    let dry = sandbox.patch(&path, patch).await;
    assert_eq!(dry.body["metadata"]["labels"]["a"], "b");
    assert_eq!(sandbox.call(Method::DELETE, &path, None).await.code, 200);
    let kept = sandbox.get(&format!("{SERVICES}/a")).await;
    assert!(kept["metadata"].get("labels").is_none());
}

#[tokio::test]
async fn unknown_fields_are_refused_warned_of_or_ignored() {
    let sandbox = Sandbox::start().await;
    let mut odd = service("a", "ClusterIP");
    odd["spec"]["foo"] = 1.into();
    let post = async |how: &str| {
        let path = format!("{SERVICES}?dryRun=All&fieldValidation={how}");
        sandbox.call(Method::POST, &path, Some(odd.clone())).await
    };
    let strict = post("Strict").await;
    assert_eq!(strict.code, 400);
    let message = strict.body["message"].as_str().unwrap();
    assert!(message.ends_with("strict decoding error: unknown field \"spec.foo\""), "{message}");
    let warned = post("Warn").await;
    assert_eq!(warned.code, 201);
    assert_eq!(warned.warnings, ["299 - \"unknown field \\\"spec.foo\\\"\""]);
    assert!(post("Ignore").await.warnings.is_empty());
    odd["spec"]["ports"][0]["port"] = "80".into();
    assert_eq!(sandbox.call(Method::POST, SERVICES, Some(odd)).await.code, 400);
}

#[tokio::test]
async fn what_a_body_has_twice_is_warned_of_or_refused() {
    let sandbox = Sandbox::start().await;
    let send = async |method: Method, media: &str, path: &str, body: &str| {
        sandbox.send_text(method, path, &[("content-type", media)], body).await
    };
    let json = r#"{"foo":1,"foo":2,"metadata":{"name":"a"},"data":{"a":"1","a":"2","a":"3"}}"#;
    let yaml = "kind: ConfigMap\nmetadata: { name: b }\ndata:\n  a: '1'\n  a: '3'\nfoo: 1\n";
    let (json_told, yaml_told) = (
        "duplicate field \"data.a\"",
        "yaml: unmarshal errors:\n  line 5: key \"a\" already set in map",
    );
    for (name, media, body, strictly) in
        [("a", "application/json", json, json_told), ("b", "application/yaml", yaml, yaml_told)]
    {
        let strict = format!("{CONFIG_MAPS}?fieldValidation=Strict");
        let refused = send(Method::POST, media, &strict, body).await;
        let told = format!(
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: \
             {strictly}, unknown field \"foo\""
        );
        assert_eq!((refused.code, &refused.body["message"]), (400, &told.into()));
        let made = send(Method::POST, media, CONFIG_MAPS, body).await;
        assert_eq!((made.code, &made.body["data"]["a"]), (201, &"3".into()), "the last one counts");
        let last = strictly.lines().next_back().unwrap().trim().replace('"', "\\\"");
        let told = [&last, "unknown field \\\"foo\\\""].map(|told| format!("299 - \"{told}\""));
        assert_eq!(made.warnings, told);
        let ignore = format!("{CONFIG_MAPS}/{name}?fieldValidation=Ignore");
        let put = send(Method::PUT, media, &ignore, body).await;
        assert_eq!((put.code, put.warnings), (200, vec![]));
    }
}

#[tokio::test]
async fn a_null_in_a_map_is_an_empty_text() {
    let sandbox = Sandbox::start().await;
    let mut map = json!({ "metadata": { "name": "a" }, "data": { "a": null, "b": "" } });
    map["metadata"]["annotations"] = json!({ "a": null });
    let made = sandbox.post(CONFIG_MAPS, map).await;
    assert_eq!(made["data"], json!({ "a": "", "b": "" }));
    assert_eq!(made["metadata"]["annotations"], json!({ "a": "" }));
    let media = [("content-type", "application/json-patch+json")];
    let patch = json!([{ "op": "add", "path": "/data/z", "value": null }]);
    let path = format!("{CONFIG_MAPS}/a");
    let patched = sandbox.send(Method::PATCH, &path, &media, Some(patch)).await;
    assert_eq!((patched.code, &patched.body["data"]["z"]), (200, &json!("")));

    let mut odd = service("a", "ClusterIP");
    odd["spec"]["externalIPs"] = json!([null]);
    let odd = sandbox.call(Method::POST, SERVICES, Some(odd)).await;
    assert_eq!(odd.code, 422, "{}", odd.body);
    assert_eq!(odd.body["details"]["causes"][0]["field"], "spec.externalIPs[0]");
    let mut odd = service("a", "ClusterIP");
    odd["spec"]["ports"] = json!([null]);
    let odd = sandbox.call(Method::POST, SERVICES, Some(odd)).await;
    assert_eq!(odd.code, 422, "{}", odd.body);
    assert_eq!(odd.body["details"]["causes"][0]["field"], "spec.ports[0].port");
}

#[tokio::test]
async fn a_version_that_is_none_is_told_for_one_object_too() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let get = async |version: &str| {
        let path = format!("{CONFIG_MAPS}/a?resourceVersion={version}");
        sandbox.call(Method::GET, &path, None).await
    };
    assert_eq!((get("0").await.code, get("1").await.code), (200, 200));
    let odd = get("x").await;
    let told =
        "resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax";
    assert_eq!((odd.code, &odd.body["message"]), (500, &told.into()));
}

#[tokio::test]
async fn what_replaces_an_object_names_it() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let path = format!("{CONFIG_MAPS}/a");
    let nameless = json!({ "metadata": { "name": "" } });
    for method in [Method::PUT, Method::PATCH] {
        let refused = sandbox.call(method, &path, Some(nameless.clone())).await;
        assert_eq!(refused.code, 400);
        assert_eq!(
            refused.body["message"],
            "the name of the object (a based on URL) was undeterminable: name must be provided"
        );
    }
    assert_eq!(sandbox.get(&path).await["data"]["a"], "1");
}
