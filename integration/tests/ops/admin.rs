//! The admin address.

use seaway_integration::{Cluster, ask, ask_as, pod, service, until};
use serde_json::{Value, json};

use crate::{answering, says};

#[tokio::test]
async fn what_is_known_is_told_as_json() {
    let cluster = Cluster::sandbox(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 2, &[]).await;
    let at = controller.answers("admin").await;
    cluster.create(&service("web", "echo", Value::Null)).await;
    cluster.create(&service("other", "echo", Value::Null)).await;
    cluster.serves("web").await;
    cluster.serves("other").await;
    until("the targets are healthy", async || {
        let all = ask(at, "GET /v1/inspect", "").await;
        assert_eq!(all.code, 200, "{all:?}");
        let all = all.json();
        assert_eq!(all["services"].as_array().unwrap().len(), 2);
        assert_eq!(all["providers"], json!({ "embedded": true }));
        let one = ask(at, "GET /v1/inspect?namespace=default&name=web", "").await.json();
        assert_eq!(one["services"].as_array().unwrap().len(), 1);
        assert_eq!(one["services"][0]["stage"], "carried");
        let targets = one["services"][0]["targets"].as_array().unwrap().clone();
        (targets.iter().filter(|it| it["health"] == "Healthy").count() == 2).then_some(())
    })
    .await;
    assert_eq!(ask(at, "POST /v1/sweep", "").await.json(), json!([]));
    let plan = ask(at, "POST /v1/plan", "[]").await.json();
    assert_eq!(plan["nodes"], 2);
    let steps = |plan: &Value| {
        let outlines = plan["outlines"].as_array().unwrap().iter();
        outlines.map(|it| it["report"]["steps"].as_array().unwrap().len()).sum::<usize>()
    };
    assert_eq!(steps(&plan), 0, "{plan}");
    let more = json!([{
        "kind": "Service", "metadata": { "name": "web" },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 8443 }] },
    }]);
    let plan = ask(at, "POST /v1/plan", &more.to_string()).await.json();
    assert!(steps(&plan) > 0, "{plan}");
    // It was a plan, and no more.
    let plan = ask(at, "POST /v1/plan", "[]").await.json();
    assert_eq!(steps(&plan), 0, "{plan}");
    cluster.serves("web").await;
    controller.stop().await;
}

#[tokio::test]
async fn what_can_not_be_asked_is_told() {
    let cluster = Cluster::sandbox(0).await;
    let controller = answering(&cluster, 1, &[]).await;
    let at = controller.answers("admin").await;
    for (line, body, code, part) in [
        ("GET /", "", 404, "/v1/inspect"),
        ("GET /v1/inspect?name=web", "", 400, "namespace"),
        ("GET /v1/inspect?colour=red", "", 400, "colour"),
        ("POST /v1/plan", "{}", 400, "expected a sequence"),
        ("POST /v1/plan", "[{\"kind\":\"Service\",\"spec\":{}}]", 400, "metadata"),
    ] {
        let reply = ask(at, line, body).await;
        assert_eq!(reply.code, code, "{line}: {reply:?}");
        says(reply.json()["error"].as_str().unwrap(), &[part]);
    }
    // A page in a browser on this machine reaches the port as well: it must not be served.
    let forged = ask_as(at, "GET /v1/inspect", "evil.example", "application/json", "").await;
    assert_eq!(forged.code, 403, "{forged:?}");
    let simple = ask_as(at, "POST /v1/sweep", &at.to_string(), "text/plain", "").await;
    assert_eq!(simple.code, 415, "{simple:?}");
    controller.stop().await;
}

#[tokio::test]
async fn a_controller_in_a_dry_run_sweeps_nothing() {
    let cluster = Cluster::sandbox(0).await;
    let controller = answering(&cluster, 1, &["--dry-run"]).await;
    let at = controller.answers("admin").await;
    let reply = ask(at, "POST /v1/sweep", "").await;
    assert_eq!(reply.code, 409);
    says(&reply.body, &["--dry-run"]);
    controller.stop().await;
}
