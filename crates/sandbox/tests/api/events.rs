//! Events, seen through both of their groups.

use crate::client::Sandbox;
use http::Method;
use serde_json::json;

const OLD: &str = "/api/v1/namespaces/default/events";
const NEW: &str = "/apis/events.k8s.io/v1/namespaces/default/events";

#[tokio::test]
async fn each_group_sees_the_events_of_the_other() {
    let sandbox = Sandbox::start().await;
    let regarding = json!({ "kind": "Service", "name": "a", "namespace": "default" });
    let new = json!({
        "metadata": { "name": "new" },
        "eventTime": "2026-01-01T00:00:00.000001Z",
        "reportingController": "seaway",
        "reportingInstance": "seaway-1",
        "action": "Ensure",
        "reason": "Ensured",
        "type": "Normal",
        "note": "made",
        "regarding": regarding,
    });
    sandbox.post(NEW, new).await;
    let seen = sandbox.get(&format!("{OLD}/new")).await;
    assert_eq!(seen["message"], "made");
    assert_eq!(seen["involvedObject"]["name"], "a");
    assert_eq!(seen["reportingComponent"], "seaway");
    assert_eq!(seen["apiVersion"], "v1");

    let old = json!({
        "metadata": { "name": "old" },
        "involvedObject": regarding,
        "source": { "component": "kubelet" },
        "message": "ready",
        "count": 2,
    });
    sandbox.post(OLD, old).await;
    let seen = sandbox.get(&format!("{NEW}/old")).await;
    assert_eq!(seen["note"], "ready");
    assert_eq!(seen["deprecatedCount"], 2);
    assert_eq!(seen["deprecatedSource"]["component"], "kubelet");
    let list = sandbox.get(&format!("{NEW}?fieldSelector=regarding.name%3Da")).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(list["items"][0]["regarding"]["name"], "a");
    let series = json!({ "note": "made again" });
    assert_eq!(sandbox.patch(&format!("{NEW}/new"), series).await.code, 200);
    assert_eq!(sandbox.get(&format!("{OLD}/new")).await["message"], "made again");
}

#[tokio::test]
async fn a_new_event_says_who_reports() {
    let sandbox = Sandbox::start().await;
    let vague = json!({
        "metadata": { "name": "a" },
        "eventTime": "2026-01-01T00:00:00.000001Z",
        "regarding": { "namespace": "default" },
        "type": "Normal",
    });
    let vague = sandbox.call(Method::POST, NEW, Some(vague)).await;
    assert_eq!(vague.code, 422);
    let elsewhere = json!({
        "metadata": { "name": "a" },
        "involvedObject": { "namespace": "kube-system" },
    });
    assert_eq!(sandbox.call(Method::POST, OLD, Some(elsewhere)).await.code, 422);
}
