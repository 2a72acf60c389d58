//! Watches, event by event.

use crate::client::{CONFIG_MAPS, Sandbox, config_map, told};
use http::Method;
use seaway_sandbox::Options;
use serde_json::json;
use std::time::Duration;

async fn labelled(sandbox: &Sandbox, name: &str, app: &str) {
    let patch = json!({ "metadata": { "labels": { "app": app } } });
    assert_eq!(sandbox.patch(&format!("{CONFIG_MAPS}/{name}"), patch).await.code, 200);
}

#[tokio::test]
async fn a_watch_begins_with_what_there_is() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let mut watch = sandbox.watch(&format!("{CONFIG_MAPS}?watch=true")).await;
    assert_eq!(told(&watch.take(1).await), ["ADDED a"]);
    labelled(&sandbox, "a", "x").await;
    sandbox.call(Method::DELETE, &format!("{CONFIG_MAPS}/a"), None).await;
    let events = watch.take(2).await;
    assert_eq!(told(&events), ["MODIFIED a", "DELETED a"]);
    let version = |i: usize| -> u64 {
        events[i]["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
    };
    assert!(version(1) > version(0));
}

#[tokio::test]
async fn a_watch_goes_on_after_the_version_it_names() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let list = sandbox.get(CONFIG_MAPS).await;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    sandbox.post(CONFIG_MAPS, config_map("b")).await;
    let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={version}");
    assert_eq!(told(&sandbox.events(&path, 1).await), ["ADDED b"]);
}

#[tokio::test]
async fn a_streaming_list_says_when_it_is_whole() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let path = format!("{CONFIG_MAPS}?{query}&allowWatchBookmarks=true");
    let events = sandbox.events(&path, 2).await;
    assert_eq!(told(&events), ["ADDED a", "BOOKMARK "]);
    let mark = &events[1]["object"]["metadata"];
    assert_eq!(mark["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(events[1]["object"]["kind"], "ConfigMap");
    let refused = format!("{CONFIG_MAPS}?watch=true&sendInitialEvents=true");
    assert_eq!(sandbox.call(Method::GET, &refused, None).await.code, 422);
}

#[tokio::test]
async fn a_version_older_than_the_window_is_gone() {
    let sandbox = Sandbox::with(Options { history: 2, ..Options::default() }).await;
    for name in ["a", "b", "c", "d"] {
        sandbox.post(CONFIG_MAPS, config_map(name)).await;
    }
    let events = sandbox.events(&format!("{CONFIG_MAPS}?watch=true&resourceVersion=1"), 1).await;
    assert_eq!(events[0]["type"], "ERROR");
    assert_eq!(events[0]["object"]["code"], 410);
    assert_eq!(events[0]["object"]["reason"], "Expired");
}

#[tokio::test]
async fn objects_come_and_go_with_the_selector() {
    let sandbox = Sandbox::start().await;
    let path = format!("{CONFIG_MAPS}?watch=true&labelSelector=app%3Dx");
    let mut watch = sandbox.watch(&path).await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    labelled(&sandbox, "a", "x").await;
    labelled(&sandbox, "a", "y").await;
    labelled(&sandbox, "a", "x").await;
    let events = watch.take(3).await;
    assert_eq!(told(&events), ["ADDED a", "DELETED a", "ADDED a"]);
    // The object that leaves is told as it was when it matched.
    assert_eq!(events[1]["object"]["metadata"]["labels"]["app"], "x");
}

#[tokio::test]
async fn an_idle_watch_is_told_where_it_stands() {
    let bookmark_every = Duration::from_millis(5);
    let sandbox = Sandbox::with(Options { bookmark_every, ..Options::default() }).await;
    let path = format!("{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true");
    let mut watch = sandbox.watch(&path).await;
    let first = watch.take(1).await;
    assert_eq!(first[0]["type"], "BOOKMARK");
    // Changes elsewhere move the version on, too.
    sandbox.post("/api/v1/namespaces", json!({ "metadata": { "name": "a" } })).await;
    let before = &first[0]["object"]["metadata"]["resourceVersion"];
    loop {
        let next = watch.take(1).await;
        assert_eq!(next[0]["type"], "BOOKMARK");
        if next[0]["object"]["metadata"]["resourceVersion"] != *before {
            break;
        }
    }
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_over() {
    let sandbox = Sandbox::start().await;
    let mut watch = sandbox.watch(&format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=1")).await;
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_dry_run_and_a_change_of_nothing_are_not_told() {
    let sandbox = Sandbox::start().await;
    let mut watch = sandbox.watch(&format!("{CONFIG_MAPS}?watch=true")).await;
    sandbox.post(&format!("{CONFIG_MAPS}?dryRun=All"), config_map("dry")).await;
    let made = sandbox.post(CONFIG_MAPS, config_map("a")).await;
    sandbox.call(Method::PUT, &format!("{CONFIG_MAPS}/a"), Some(made)).await;
    sandbox.post(CONFIG_MAPS, config_map("b")).await;
    assert_eq!(told(&watch.take(2).await), ["ADDED a", "ADDED b"]);
}

#[tokio::test]
async fn a_watch_may_begin_with_nothing() {
    let sandbox = Sandbox::start().await;
    sandbox.post(CONFIG_MAPS, config_map("a")).await;
    let query = "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
    let mut watch = sandbox.watch(&format!("{CONFIG_MAPS}?{query}")).await;
    sandbox.post(CONFIG_MAPS, config_map("b")).await;
    assert_eq!(told(&watch.take(1).await), ["ADDED b"]);
}

#[tokio::test]
async fn a_bookmark_is_a_row_of_a_table_too() {
    let sandbox = Sandbox::start().await;
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let path = format!("{CONFIG_MAPS}?{query}&allowWatchBookmarks=true&timeoutSeconds=1");
    let header = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    let answer = sandbox.send(Method::GET, &path, &header, None).await;
    let table = &answer.body["object"];
    assert_eq!(answer.body["type"], "BOOKMARK", "{}", answer.body);
    assert!(table["columnDefinitions"].is_null(), "{table}");
    assert_eq!(table["rows"][0]["cells"], json!(["", 0, "<unknown>"]));
    let mark = &table["rows"][0]["object"]["metadata"];
    assert_eq!(mark["annotations"], json!({ "k8s.io/initial-events-end": "true" }));
}
