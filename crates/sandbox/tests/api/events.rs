//! Events, seen through both of their groups.

use crate::client::Sandbox;
use http::Method;
use serde_json::{Value, json};

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

#[tokio::test]
async fn a_moment_has_six_digits_or_is_refused() {
    let sandbox = Sandbox::start().await;
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    let lease = |moment: &str| {
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": "a", "namespace": "default" },
            "spec": { "renewTime": moment },
        })
    };
    let layout = "2006-01-02T15:04:05.000000Z07:00";
    for (moment, rest, part) in [
        ("2026-01-01T00:00:00+00:00", "+00:00", ".000000"),
        ("2026-01-01T00:00:00.123456789Z", "789Z", "Z07:00"),
    ] {
        let why =
            format!("parsing time {moment:?} as {layout:?}: cannot parse {rest:?} as {part:?}");
        let refused = sandbox.call(Method::POST, leases, Some(lease(moment))).await;
        let told = format!("Lease in version \"v1\" cannot be handled as a Lease: {why}");
        assert_eq!((refused.code, &refused.body["message"]), (400, &told.into()));
        let path = format!("{leases}/a?fieldManager=me");
        let media = [("content-type", "application/apply-patch+yaml")];
        let refused = sandbox.send(Method::PATCH, &path, &media, Some(lease(moment))).await;
        let told = format!(
            "failed to convert new object (default/a; coordination.k8s.io/v1, Kind=Lease) to proper \
             version: unable to convert unstructured object to coordination.k8s.io/v1, Kind=Lease: \
             {why}"
        );
        assert_eq!((refused.code, &refused.body["message"]), (500, &told.into()));
    }
    sandbox.post(leases, lease("2026-01-01T00:00:00.000000Z")).await;
    let event = json!({
        "metadata": { "name": "a" },
        "involvedObject": { "namespace": "default" },
        "eventTime": "2026-01-01T00:00:00Z",
    });
    assert_eq!(sandbox.call(Method::POST, OLD, Some(event)).await.code, 400);
}

#[tokio::test]
async fn a_wide_table_tells_the_source_before_the_message() {
    let sandbox = Sandbox::start().await;
    let event = json!({
        "metadata": { "name": "a" },
        "involvedObject": { "kind": "Service", "name": "s", "namespace": "default" },
        "source": { "component": "c", "host": "h" },
        "message": "hello",
    });
    sandbox.post(OLD, event).await;
    let header = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    for path in [OLD, NEW] {
        let table = sandbox.send(Method::GET, path, &header, None).await.body;
        let columns: Vec<&Value> =
            table["columnDefinitions"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(columns[4..8], ["Subobject", "Source", "Message", "First Seen"]);
        let cells = table["rows"][0]["cells"].as_array().unwrap();
        assert_eq!(cells[5..7], ["c, h", "hello"]);
    }
}
