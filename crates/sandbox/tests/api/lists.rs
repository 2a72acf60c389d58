//! Lists: selected, in parts, and as they were.

use crate::client::{CONFIG_MAPS, SERVICES, Sandbox, config_map, service};
use http::Method;
use seaway_sandbox::Options;
use serde_json::{Value, json};

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

/// An object as it is in a list.
fn made_item(made: &Value) -> Value {
    let mut item = made.clone();
    item.as_object_mut()
        .unwrap()
        .retain(|field, _| !["kind", "apiVersion"].contains(&field.as_str()));
    item
}

#[tokio::test]
async fn lists_are_selected_by_labels_and_fields() {
    let sandbox = Sandbox::start().await;
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        let mut map = config_map(name);
        map["metadata"]["labels"] = json!({ "app": app });
        sandbox.post(CONFIG_MAPS, map).await;
    }
    let count = async |query: &str| {
        let list = sandbox.get(&format!("{CONFIG_MAPS}?{query}")).await;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(count("labelSelector=app%3Dx").await, 2);
    assert_eq!(count("labelSelector=app+in+(y)").await, 1);
    assert_eq!(count("labelSelector=app!%3Dx").await, 1);
    assert_eq!(count("fieldSelector=metadata.name%3Db").await, 1);
    assert_eq!(count("labelSelector=app%3Dx&fieldSelector=metadata.name!%3Da").await, 1);
}

#[tokio::test]
async fn a_list_is_handed_out_in_parts_that_fit_together() {
    let sandbox = Sandbox::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        sandbox.post(CONFIG_MAPS, config_map(name)).await;
    }
    let first = sandbox.get(&format!("{CONFIG_MAPS}?limit=2")).await;
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    let next = |list: &Value| {
        let token = list["metadata"]["continue"].as_str().unwrap();
        format!("{CONFIG_MAPS}?limit=2&continue={token}")
    };
    // What changes meanwhile does not show: all parts are of one moment.
    sandbox.call(Method::DELETE, &format!("{CONFIG_MAPS}/d"), None).await;
    let second = sandbox.get(&next(&first)).await;
    assert_eq!(names(&second), ["c", "d"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let last = sandbox.get(&next(&second)).await;
    assert_eq!(names(&last), ["e"]);
    assert!(last["metadata"].get("continue").is_none(), "{last}");
    let again = sandbox.get(&next(&first)).await;
    assert_eq!(names(&again), ["c", "d"], "a part may be asked for again");

    let token = "0123456789abcdef".repeat(2);
    let lost = sandbox.call(Method::GET, &format!("{CONFIG_MAPS}?continue={token}"), None).await;
    assert_eq!((lost.code, &lost.body["reason"]), (410, &json!("Expired")));
    let odd = sandbox.call(Method::GET, &format!("{CONFIG_MAPS}?continue=odd"), None).await;
    assert_eq!((odd.code, &odd.body["reason"]), (400, &json!("BadRequest")));
}

#[tokio::test]
async fn a_part_of_one_list_is_no_part_of_another() {
    let sandbox = Sandbox::start().await;
    for name in ["a", "b", "c"] {
        sandbox.post(CONFIG_MAPS, config_map(name)).await;
    }
    sandbox.post(SERVICES, service("b", "ClusterIP")).await;
    let first = sandbox.get(&format!("{CONFIG_MAPS}?limit=1")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    sandbox.post(SERVICES, service("later", "ClusterIP")).await;
    // Another list goes on where the first has ended, as it was then.
    let services = sandbox.get(&format!("{SERVICES}?continue={token}")).await;
    assert_eq!(
        (&services["kind"], names(&services)),
        (&"ServiceList".into(), vec!["b", "kubernetes"])
    );
    let elsewhere = "/api/v1/namespaces/kube-system/configmaps";
    let elsewhere = sandbox.get(&format!("{elsewhere}?continue={token}")).await;
    assert!(names(&elsewhere).is_empty(), "{elsewhere}");
    let selected = format!("{CONFIG_MAPS}?fieldSelector=metadata.name%3Dc&continue={token}");
    assert_eq!(names(&sandbox.get(&selected).await), ["c"]);

    let versioned = format!("{CONFIG_MAPS}?continue={token}&resourceVersion=5");
    let refused = sandbox.call(Method::GET, &versioned, None).await;
    let told = "specifying resource version is not allowed when using continue";
    assert_eq!((refused.code, &refused.body["message"]), (400, &told.into()));
}

#[tokio::test]
async fn a_list_can_be_had_as_it_was() {
    let sandbox = Sandbox::with(Options { history: 4, ..Options::default() }).await;
    let made = sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let revision = made["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let patch = json!({ "metadata": { "labels": { "a": "b" } } });
    sandbox.patch(&format!("{CONFIG_MAPS}/a"), patch).await;
    sandbox.post(CONFIG_MAPS, config_map("b")).await;
    sandbox.call(Method::DELETE, &format!("{CONFIG_MAPS}/a"), None).await;

    let exact = format!("{CONFIG_MAPS}?resourceVersion={revision}&resourceVersionMatch=Exact");
    let then = sandbox.get(&exact).await;
    assert_eq!(then["items"], json!([made_item(&made)]));
    assert_eq!(then["metadata"]["resourceVersion"], *revision);
    let limited = format!("{CONFIG_MAPS}?resourceVersion={revision}&limit=5");
    assert_eq!(names(&sandbox.get(&limited).await), ["a"], "pages are of the revision");
    let at_least = format!("{CONFIG_MAPS}?resourceVersion={revision}");
    assert_eq!(names(&sandbox.get(&at_least).await), ["b"]);

    sandbox.post(CONFIG_MAPS, config_map("c")).await;
    sandbox.post(CONFIG_MAPS, config_map("d")).await;
    let gone = sandbox.call(Method::GET, &exact, None).await;
    assert_eq!((gone.code, &gone.body["reason"]), (410, &"Expired".into()));
}
