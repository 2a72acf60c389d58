//! Server-side apply, as a client of the API meets it. `integration/tests/kubectl` has what kubectl
//! makes of it.

use crate::client::{Answer, CONFIG_MAPS, SERVICES, Sandbox};
use http::Method;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

const MEDIA: &str = "application/apply-patch+yaml";

impl Sandbox {
    async fn apply(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &[("content-type", MEDIA)], Some(body)).await
    }
}

fn at(name: &str) -> String {
    format!("{CONFIG_MAPS}/{name}?fieldManager=alice")
}

fn config(name: &str, data: impl Into<Value>) -> Value {
    let data = data.into();
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data })
}

#[tokio::test]
async fn it_makes_an_object_and_then_changes_it() {
    let sandbox = Sandbox::start().await;
    let made = sandbox.apply(&at("a"), config("a", json!({ "k": "1", "l": "1" }))).await;
    assert_eq!((made.code, &made.body["metadata"]["namespace"]), (201, &json!("default")));
    let again = sandbox.apply(&at("a"), config("a", json!({ "k": "1", "l": "1" }))).await;
    assert_eq!((again.code, &again.body), (200, &made.body), "nothing is written");

    let path = format!("{}&dryRun=All", at("a"));
    let dry = sandbox.apply(&path, config("a", json!({ "k": "2" }))).await;
    assert_eq!((dry.code, &dry.body["data"]), (200, &json!({ "k": "2" })));
    assert_eq!(sandbox.get(&format!("{CONFIG_MAPS}/a")).await, made.body);
    let changed = sandbox.apply(&at("a"), config("a", json!({ "k": "2" }))).await;
    assert_eq!(changed.body["data"], json!({ "k": "2" }));
}

#[tokio::test]
async fn a_typed_client_applies_and_learns_of_a_conflict() {
    let sandbox = Sandbox::start().await;
    let api: Api<ConfigMap> = Api::namespaced(sandbox.client.clone(), "default");
    let [alice, bob] = ["alice", "bob"].map(PatchParams::apply);
    api.patch("a", &alice, &Patch::Apply(config("a", json!({ "k": "1" })))).await.unwrap();
    let other = Patch::Apply(config("a", json!({ "k": "2" })));
    let Err(kube::Error::Api(refused)) = api.patch("a", &bob, &other).await else {
        panic!("it is alice's");
    };
    assert_eq!(refused.code, 409);
    assert_eq!(refused.message, "Apply failed with 1 conflict: conflict with \"alice\": .data.k");
    let forced = api.patch("a", &bob.force(), &other).await.unwrap();
    let managers: Vec<_> = forced
        .metadata
        .managed_fields
        .iter()
        .flatten()
        .map(|entry| entry.manager.clone())
        .collect();
    assert_eq!(managers, [Some("bob".to_owned())]);
}

#[tokio::test]
async fn who_writes_is_known_by_its_parameter_or_by_its_program() {
    let sandbox = Sandbox::start().await;
    for (query, agent, manager) in [
        ("?fieldManager=maker", "curl/8.0", "maker"),
        ("", "curl/8.0 (x)", "curl"),
        ("", "no slash", "no slash"),
        ("", "/x", "unknown"),
    ] {
        let headers = [("content-type", "application/json"), ("user-agent", agent)];
        let path = format!("{CONFIG_MAPS}{query}");
        let body = json!({ "metadata": { "generateName": "a-" }, "data": { "k": "1" } });
        let made = sandbox.send(Method::POST, &path, &headers, Some(body)).await;
        assert_eq!(made.body["metadata"]["managedFields"][0]["manager"], manager, "{agent}");
    }
}

#[tokio::test]
async fn what_can_not_be_applied_is_told_as_the_real_server_does() {
    let sandbox = Sandbox::start().await;
    sandbox.apply(&at("c1"), config("c1", json!({ "k": "1" }))).await;
    let at_service = format!("{SERVICES}/s1?fieldManager=alice");
    let service = |spec: Value| json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s1" }, "spec": spec });
    let mut managed = config("c1", json!({}));
    managed["metadata"]["managedFields"] = json!([]);
    let mut elsewhere = config("c1", json!({}));
    elsewhere["metadata"]["namespace"] = "kube-system".into();
    let mut known = config("c7", json!({}));
    known["metadata"]["uid"] = "1111".into();
    let options = "PatchOptions.meta.k8s.io \"\" is invalid: ";
    let untyped = "failed to create typed patch object (/s1; /v1, Kind=Service): ";
    for (path, body, code, told) in [
        (
            format!("{CONFIG_MAPS}/c1"),
            config("c1", json!({})),
            422,
            format!("{options}fieldManager: Required value: is required for apply patch"),
        ),
        (
            format!("{CONFIG_MAPS}/c1?fieldManager={}", "m".repeat(129)),
            config("c1", json!({})),
            422,
            format!("{options}fieldManager: Too long: may not be more than 128 bytes"),
        ),
        (at("c1"), json!({ "kind": "ConfigMap" }), 400, "invalid object type: /, Kind=ConfigMap".into()),
        (
            at("c1"),
            json!({ "apiVersion": "apps/v1", "kind": "Secret" }),
            400,
            "invalid object type: apps/v1, Kind=Secret".into(),
        ),
        (at("c1"), managed, 400, "metadata.managedFields must be nil".into()),
        (
            at("c1"),
            config("other", json!({})),
            400,
            "the name of the object (other) does not match the name on the URL (c1)".into(),
        ),
        (
            at("c1"),
            json!({ "apiVersion": "v1", "kind": "ConfigMap" }),
            400,
            "the name of the object (c1 based on URL) was undeterminable: name must be provided".into(),
        ),
        (
            at("c1"),
            elsewhere,
            400,
            "the namespace of the provided object does not match the namespace sent on the request"
                .into(),
        ),
        (
            at("c7"),
            known,
            409,
            "Operation cannot be fulfilled on configmaps \"c7\": uid mismatch: the provided object \
             specified uid 1111, and no existing object was found"
                .into(),
        ),
        (
            at("c1"),
            json!([]),
            400,
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot \
             unmarshal array into Go value of type map[string]interface {}"
                .into(),
        ),
        (
            at_service.clone(),
            service(json!({ "foo": 1 })),
            500,
            format!("{untyped}.spec.foo: field not declared in schema"),
        ),
        (
            at_service.clone(),
            service(json!({ "ports": [{ "name": "a" }] })),
            422,
            "Service \"s1\" is invalid: [spec.ports[0].port: Invalid value: 0: must be between 1 and \
             65535, inclusive, spec.ports[0].targetPort: Invalid value: 0: must be between 1 and \
             65535, inclusive]"
                .into(),
        ),
        (
            format!("{SERVICES}/s1/status?fieldManager=alice"),
            service(json!({})),
            404,
            "services \"s1\" not found".into(),
        ),
    ] {
        let refused = sandbox.apply(&path, body.clone()).await;
        assert_eq!(refused.code, code, "{path} {body}: {}", refused.body);
        assert_eq!(refused.body["message"], told, "{path} {body}");
    }
    let forced = sandbox.patch(&format!("{CONFIG_MAPS}/c1?force=false"), json!({})).await;
    let told = format!("{options}force: Forbidden: may not be specified for non-apply patch");
    assert_eq!(forced.body["message"], told);
}

#[tokio::test]
async fn a_config_map_has_a_mebibyte_at_most() {
    let sandbox = Sandbox::start().await;
    let most = config("most", json!({ "k": "x".repeat(1 << 20) }));
    assert_eq!(sandbox.apply(&at("most"), most).await.code, 201);
    let huge = config("huge", json!({ "k": "x".repeat(1 << 20), "l": "x" }));
    let huge = sandbox.apply(&at("huge"), huge).await;
    let told = "ConfigMap \"huge\" is invalid: []: Too long: may not be more than 1048576 bytes";
    assert_eq!(huge.body["message"], told);
}

#[tokio::test]
async fn a_config_may_be_yaml() {
    let sandbox = Sandbox::start().await;
    let text =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { k: a, k: b }\n---\n";
    let send = async |query: &str, text: &str| {
        let path = format!("{}{query}", at("a"));
        sandbox.send_text(Method::PATCH, &path, &[("content-type", MEDIA)], text).await
    };
    let made = send("", text).await;
    assert_eq!((made.code, &made.body["data"]["k"]), (201, &json!("b")), "the last one counts");
    assert_eq!(made.warnings, [r#"299 - "line 4: key \"k\" already set in map""#]);
    assert!(send("&fieldValidation=Ignore", text).await.warnings.is_empty());
    let strict = send("&fieldValidation=Strict", text).await;
    let told = "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  \
                line 4: key \"k\" already set in map";
    assert_eq!((strict.code, &strict.body["message"]), (400, &told.into()));
    let json =
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"","k":"c"}}"#;
    let json = send("", json).await;
    assert_eq!((json.code, &json.body["data"]["k"]), (200, &json!("c")));
    assert_eq!(json.warnings, [r#"299 - "line 1: key \"k\" already set in map""#]);
    let broken = send("", "a: b: c").await;
    let message = broken.body["message"].as_str().unwrap();
    assert!(message.starts_with("error decoding YAML: "), "{message}");
    assert!(!message.contains('\n'), "{message}");
}
