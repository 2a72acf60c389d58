//! The ends of objects.

use crate::client::{CONFIG_MAPS, SERVICES, Sandbox, config_map, service};
use http::Method;
use serde_json::{Value, json};

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
    assert_eq!(late.body["details"]["causes"][0]["reason"], "NamespaceTerminating");
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
    let owned = |name: &str, by: &[Value]| {
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

/// A child of this owner, which the owner waits for if it goes in the foreground.
fn child(name: &str, owner: &Value) -> Value {
    let mut child = config_map(name);
    child["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": true,
    }]);
    child
}

#[tokio::test]
async fn dependents_stay_when_their_owner_lets_them_go() {
    let sandbox = Sandbox::start().await;
    for options in [json!({ "propagationPolicy": "Orphan" }), json!({ "orphanDependents": true })] {
        let owner = sandbox.post(CONFIG_MAPS, config_map("owner")).await;
        sandbox.post(CONFIG_MAPS, child("child", &owner)).await;
        let path = format!("{CONFIG_MAPS}/owner");
        let begun = sandbox.call(Method::DELETE, &path, Some(options)).await;
        assert_eq!(begun.body["metadata"]["finalizers"], json!(["orphan"]));
        assert_eq!(sandbox.call(Method::GET, &path, None).await.code, 404);
        let path = format!("{CONFIG_MAPS}/child");
        assert!(sandbox.get(&path).await["metadata"].get("ownerReferences").is_none());
        sandbox.call(Method::DELETE, &path, None).await;
    }
}

#[tokio::test]
async fn an_owner_that_goes_in_the_foreground_waits_for_what_blocks_it() {
    let sandbox = Sandbox::start().await;
    let owner = sandbox.post(CONFIG_MAPS, config_map("owner")).await;
    let mut held = child("held", &owner);
    held["metadata"]["finalizers"] = json!(["a.b/c"]);
    let held = sandbox.post(CONFIG_MAPS, held).await;
    sandbox.post(CONFIG_MAPS, child("free", &owner)).await;
    sandbox.post(CONFIG_MAPS, child("grandchild", &held)).await;
    let path = |name: &str| format!("{CONFIG_MAPS}/{name}");
    let foreground = format!("{}?propagationPolicy=Foreground", path("owner"));
    let begun = sandbox.call(Method::DELETE, &foreground, None).await;
    assert_eq!((begun.code, &begun.body["kind"]), (200, &json!("ConfigMap")));
    let waiting = &sandbox.get(&path("owner")).await["metadata"];
    assert_eq!(waiting["finalizers"], json!(["foregroundDeletion"]));
    assert_eq!(waiting["deletionGracePeriodSeconds"], 0);
    for gone in ["free", "grandchild"] {
        assert_eq!(sandbox.call(Method::GET, &path(gone), None).await.code, 404, "{gone}");
    }
    let none = json!({ "metadata": { "finalizers": null } });
    assert_eq!(sandbox.patch(&path("held"), none).await.code, 200);
    for gone in ["held", "owner"] {
        assert_eq!(sandbox.call(Method::GET, &path(gone), None).await.code, 404, "{gone}");
    }
    // Nothing depends on it: it is shown as it waits, and is gone.
    sandbox.post(CONFIG_MAPS, config_map("owner")).await;
    let begun = sandbox.call(Method::DELETE, &foreground, None).await;
    assert_eq!(begun.body["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    assert_eq!(sandbox.call(Method::GET, &path("owner"), None).await.code, 404);
}

#[tokio::test]
async fn a_long_chain_of_owners_goes_from_end_to_end() {
    let sandbox = Sandbox::start().await;
    for policy in ["Background", "Foreground"] {
        let mut last = sandbox.post(CONFIG_MAPS, config_map("first")).await;
        for link in 0..600 {
            last = sandbox.post(CONFIG_MAPS, child(&format!("link-{link}"), &last)).await;
        }
        let first = format!("{CONFIG_MAPS}/first?propagationPolicy={policy}");
        assert_eq!(sandbox.call(Method::DELETE, &first, None).await.code, 200);
        let left = sandbox.get(CONFIG_MAPS).await;
        assert_eq!(left["items"], json!([]), "{policy}");
    }
}

#[tokio::test]
async fn owners_that_wait_for_each_other_go() {
    let sandbox = Sandbox::start().await;
    let a = sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let b = sandbox.post(CONFIG_MAPS, child("b", &a)).await;
    let owned =
        json!({ "metadata": { "ownerReferences": child("a", &b)["metadata"]["ownerReferences"] } });
    assert_eq!(sandbox.patch(&format!("{CONFIG_MAPS}/a"), owned).await.code, 200);
    let foreground = format!("{CONFIG_MAPS}/a?propagationPolicy=Foreground");
    assert_eq!(sandbox.call(Method::DELETE, &foreground, None).await.code, 200);
    assert_eq!(sandbox.get(CONFIG_MAPS).await["items"], json!([]));
}

#[tokio::test]
async fn a_deletion_that_can_not_be_deletes_nothing() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let path = format!("{CONFIG_MAPS}/a");
    let refused = async |query: &str, body: Option<Value>, code: u16, message: &str| {
        let answer = sandbox.call(Method::DELETE, &format!("{path}{query}"), body).await;
        assert_eq!(answer.code, code, "{}", answer.body);
        let told = answer.body["message"].as_str().unwrap();
        assert!(told.contains(message), "{told}");
    };
    let policy = "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \
                  \"Bad\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"";
    refused("", Some(json!({ "propagationPolicy": "Bad" })), 422, policy).await;
    refused("?propagationPolicy=Bad", None, 422, policy).await;
    let both = json!({ "propagationPolicy": "Orphan", "orphanDependents": true });
    refused("", Some(both), 422, "orphanDependents and deletionPropagation cannot be both").await;
    let stage = "dryRun: Unsupported value: [\"Bad\"]: supported values: \"All\"";
    refused("", Some(json!({ "dryRun": ["Bad"] })), 422, stage).await;
    refused("?dryRun=", None, 422, "dryRun: Unsupported value: [\"\"]").await;
    let kind = "no kind \"Foo\" is registered for version \"v1\" in scheme";
    refused("", Some(json!({ "kind": "Foo", "apiVersion": "v1" })), 400, kind).await;
    let uid = "fulfilled on ConfigMap \"a\": the UID in the precondition (x) does not match the UID \
               in record (";
    refused("", Some(json!({ "preconditions": { "uid": "x" } })), 409, uid).await;
    assert_eq!(sandbox.get(&path).await["data"]["a"], "1");
    // Of a dry run the object is as it was.
    let dry = sandbox.call(Method::DELETE, &path, Some(json!({ "dryRun": ["All"] }))).await;
    assert_eq!((dry.code, &dry.body["status"]), (200, &json!("Success")));
    assert_eq!(sandbox.get(&path).await["data"]["a"], "1");
}

#[tokio::test]
async fn a_program_may_delete_in_protobuf() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    // The envelope, the type (`v1`, `DeleteOptions`), and a dry run; then one that is none.
    let kind = "\u{a}\u{13}\u{a}\u{2}v1\u{12}\u{d}DeleteOptions";
    let path = format!("{CONFIG_MAPS}/a");
    for (raw, code) in [("\u{12}\u{5}\u{2a}\u{3}All", 200), ("\u{12}\u{0}", 404)] {
        let headers = [("content-type", "application/vnd.kubernetes.protobuf")];
        let body = format!("k8s\0{kind}{raw}");
        let gone = sandbox.send_text(Method::DELETE, &path, &headers, body).await;
        assert_eq!(gone.body["status"], "Success", "{}", gone.body);
        assert_eq!(sandbox.call(Method::GET, &path, None).await.code, code);
    }
}

#[tokio::test]
async fn a_namespace_tells_why_it_is_still_there() {
    let sandbox = Sandbox::start().await;
    let namespaces = "/api/v1/namespaces";
    let path = format!("{namespaces}/a");
    sandbox.post(namespaces, json!({ "metadata": { "name": "a" } })).await;
    let ended = sandbox.call(Method::DELETE, &path, None).await.body;
    assert_eq!(
        (&ended["kind"], &ended["status"]["phase"]),
        (&json!("Namespace"), &json!("Terminating"))
    );
    assert_eq!(sandbox.call(Method::GET, &path, None).await.code, 404);

    sandbox.post(namespaces, json!({ "metadata": { "name": "a" } })).await;
    for name in ["one", "two"] {
        let mut held = config_map(name);
        held["metadata"]["finalizers"] = json!(["a.b/c"]);
        sandbox.post(&format!("{path}/configmaps"), held).await;
    }
    sandbox.call(Method::DELETE, &path, None).await;
    let told = async || {
        let namespace = sandbox.get(&path).await;
        assert!(namespace["metadata"].get("deletionGracePeriodSeconds").is_none());
        let conditions = namespace["status"]["conditions"].as_array().unwrap().clone();
        let last = conditions.iter().skip(3).map(|it| it["message"].as_str().unwrap().to_owned());
        last.collect::<Vec<_>>()
    };
    let both = |count: u8| {
        [
            format!("Some resources are remaining: configmaps. has {count} resource instances"),
            format!(
                "Some content in the namespace has finalizers remaining: a.b/c in {count} resource \
                 instances"
            ),
        ]
    };
    assert_eq!(told().await, both(2));
    let none = json!({ "metadata": { "finalizers": null } });
    sandbox.patch(&format!("{path}/configmaps/one"), none).await;
    assert_eq!(told().await, both(1));
}

#[tokio::test]
async fn a_pod_is_evicted() {
    let sandbox = Sandbox::start().await;
    let spec = json!({ "containers": [{ "name": "a", "image": "echo:1" }] });
    sandbox.post(PODS, json!({ "metadata": { "name": "a" }, "spec": spec })).await;
    let path = format!("{PODS}/a/eviction");
    let eviction = |name: &str, options: Value| json!({ "metadata": { "name": name }, "deleteOptions": options });
    let other = sandbox.call(Method::POST, &path, Some(eviction("b", Value::Null))).await;
    assert_eq!(other.code, 400);
    let dry = eviction("a", json!({ "dryRun": ["All"] }));
    for (body, code) in [(dry, 200), (eviction("a", Value::Null), 404)] {
        let done = sandbox.post(&path, body).await;
        assert_eq!(done["status"], "Success");
        assert_eq!(sandbox.call(Method::GET, &format!("{PODS}/a"), None).await.code, code);
    }
    let core = sandbox.get("/api/v1").await;
    let mut resources = core["resources"].as_array().unwrap().iter();
    let told = resources.find(|it| it["name"] == "pods/eviction").unwrap();
    let kind = (&told["group"], &told["version"], &told["kind"]);
    assert_eq!(kind, (&json!("policy"), &json!("v1"), &json!("Eviction")));
    let unsure = format!("{CONFIG_MAPS}?dryRun=");
    let unsure = sandbox.call(Method::POST, &unsure, Some(config_map("a"))).await;
    assert_eq!(unsure.code, 422);
}
