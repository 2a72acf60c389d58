//! `/metrics`, `/healthz` and `/readyz`.

use std::collections::BTreeSet;
use std::net::TcpListener;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, Gateway, Order, Process, answers, ask, embedded, pod, service, until,
    visit,
};
use serde_json::{Value, json};

use crate::{ANY_PORT, answering, says};

/// The value of a metric; its labels are part of the name.
fn value(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    assert!(line.is_some(), "{name} is not in:\n{text}");
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn metrics_have_the_names_of_upstream_and_count_what_happens() {
    let cluster = Cluster::sandbox(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 2, &[]).await;
    let at = controller.answers("metrics").await;
    let read = async || ask(at, "GET /metrics", "").await;
    let reply = read().await;
    assert_eq!(reply.code, 200);
    says(
        &reply.head,
        &["content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"],
    );
    assert!(reply.body.ends_with("# EOF\n"));
    assert_eq!(value(&reply.body, "service_controller_loadbalancer_sync_total"), 0);

    cluster.create(&service("web", "echo", Value::Null)).await;
    cluster.serves("web").await;
    let text = until("a load balancer is counted", async || {
        let text = read().await.body;
        let healthy = "seaway_targets{provider=\"embedded\",health=\"healthy\"} 2";
        (text.contains(healthy) && value(&text, "seaway_api_writes_total{outcome=\"ok\"}") >= 3)
            .then_some(text)
    })
    .await;
    assert!(value(&text, "service_controller_loadbalancer_sync_total") >= 1);
    assert!(value(&text, "workqueue_adds_total{name=\"service\"}") >= 1);
    assert_eq!(value(&text, "workqueue_depth{name=\"service\"}"), 0);
    assert_eq!(value(&text, "leader_election_master_status{name=\"seaway\"}"), 1);
    assert_eq!(value(&text, "service_controller_nodesync_error_total"), 0);
    cluster.create_node("node-9").await;
    until("the new node is counted", async || {
        let count = value(&read().await.body, "service_controller_nodesync_latency_seconds_count");
        (count >= 1).then_some(())
    })
    .await;
    controller.stop().await;
}

#[tokio::test]
async fn what_a_load_balancer_counts_is_told_by_service_node_and_reason() {
    let cluster = Cluster::sandbox(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 1, &[]).await;
    let at = controller.answers("metrics").await;
    let read = async || ask(at, "GET /metrics", "").await.body;
    let of = |name: &str, more: &str| {
        format!("seaway_embedded_{name}{{namespace=\"default\",service=\"web\"{more}}}")
    };
    assert!(!read().await.contains("service=\"web\""));

    cluster.create(&service("web", "echo", Value::Null)).await;
    let web = cluster.serves("web").await;
    let before = read().await;
    let served = |text: &str, node: &str| {
        let series = of("target_served_total", &format!(",node=\"{node}\""));
        if text.contains(&series) { value(text, &series) } else { 0 }
    };
    let (mut visits, mut nodes) = (0, BTreeSet::new());
    let text = until("both nodes serve", async || {
        let answer = visit(web).await.ok()?;
        visits += 1;
        nodes.insert(answer.via);
        let text = read().await;
        (nodes.len() == 2 && nodes.iter().all(|node| served(&text, node) >= 3)).then_some(text)
    })
    .await;
    let accepted = of("connections_accepted_total", "");
    assert!(value(&text, &accepted) >= value(&before, &accepted) + visits);
    assert_eq!(value(&text, &of("refused_total", ",reason=\"source\"")), 0);
    assert!(value(&text, &of("traffic_bytes_total", ",direction=\"out\"")) > 0);
    until("both nodes are healthy", async || {
        let healthy = value(&read().await, &of("targets", ",health=\"healthy\""));
        (healthy == 2).then_some(())
    })
    .await;

    // A node without the pod dies: who tries it goes to the other one, and it is counted at the node.
    let home = visit(web).await.unwrap().on;
    let dead = nodes.into_iter().find(|node| *node != home).unwrap();
    let failures = |text: &str, node: &str| -> u64 {
        let series = of("target_failures_total", &format!(",node=\"{node}\",reason="));
        let lines = text.lines().filter(|line| line.starts_with(series.trim_end_matches('}')));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    let before = read().await;
    cluster.annotate_node(&dead, "sandbox.seaway.dev/crash", "true").await;
    let after = until("the dead target is counted", async || {
        // The first one may still have met the node alive.
        drop(visit(web).await);
        let text = read().await;
        (failures(&text, &dead) > failures(&before, &dead)).then_some(text)
    })
    .await;
    assert_eq!(failures(&after, &home), failures(&before, &home));

    // Nobody who comes from here may come in.
    cluster.patch_spec("web", json!({ "loadBalancerSourceRanges": ["192.0.2.0/24"] })).await;
    until("who is refused is counted", async || {
        let refused = visit(web).await.is_err();
        let count = value(&read().await, &of("refused_total", ",reason=\"source\""));
        (refused && count > 0).then_some(())
    })
    .await;

    cluster.delete::<Service>("web").await;
    cluster.is_gone("web").await;
    assert!(!read().await.contains("service=\"web\""));
    controller.stop().await;
}

#[tokio::test]
async fn a_controller_is_healthy_and_ready_also_while_the_api_server_is_away() {
    let cluster = Cluster::sandbox(1).await;
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let config = embedded(&cluster.pool(1).await);
    let controller = Controller::start(&gateway.kubeconfig(), &config, &ANY_PORT).await;
    let at = controller.answers("metrics").await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(at, &format!("GET {path}"), "").await.code, 200, "{path}");
    }
    // What is there goes on to be served: a restart would end that, and mend nothing.
    gateway.cut();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(at, &format!("GET {path}"), "").await.code, 200, "{path}");
    }
    assert_eq!(ask(at, "GET /", "").await.code, 404);
    controller.stop().await;
}

#[tokio::test]
async fn a_controller_that_can_not_reach_the_api_server_is_alive_and_not_ready() {
    // It takes connections, and answers nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let server = silent.local_addr().unwrap();
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         clusters: [{{ name: c, cluster: {{ server: \"http://{server}\" }} }}]\n\
         users: [{{ name: c, user: {{}} }}]\n\
         contexts: [{{ name: c, context: {{ cluster: c, user: c }} }}]\n"
    );
    std::fs::write(&kubeconfig, text).unwrap();
    let pool = "198.18.0.200".parse().unwrap()..="198.18.0.203".parse().unwrap();
    let (_folder, args) = Controller::args(&kubeconfig, &embedded(&pool), &ANY_PORT);
    let process = Process::start(args);
    let at = answers(&process, "metrics").await;
    assert_eq!(ask(at, "GET /healthz", "").await.code, 200);
    let ready = ask(at, "GET /readyz", "").await;
    assert_eq!((ready.code, ready.body.as_str()), (503, "the cluster is not reached yet\n"));
    let admin = answers(&process, "admin").await;
    let told = ask(admin, "GET /v1/inspect", "").await;
    assert_eq!(told.code, 503);
    says(&told.body, &["the cluster is not reached yet"]);
    process.kill().await;
}

#[tokio::test]
async fn a_standby_is_ready_and_says_who_leads() {
    let cluster = Cluster::sandbox(1).await;
    let config = embedded(&cluster.pool(1).await)
        .replace("leader-election.enabled = false", "leader-election.enabled = true");
    let leader = Controller::start(cluster.kubeconfig(), &config, &ANY_PORT).await;
    let (_folder, args) = Controller::args(cluster.kubeconfig(), &config, &ANY_PORT);
    let standby = Process::start(args);
    let line = standby.complains(&["standing by"]).await;
    let (_, rest) = line.split_once("holder=").unwrap();
    let holder = rest.split([' ', '"']).find(|word| !word.is_empty()).unwrap();
    let at = answers(&standby, "metrics").await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(at, &format!("GET {path}"), "").await.code, 200, "{path}");
    }
    let master = "leader_election_master_status{name=\"seaway\"}";
    assert_eq!(value(&ask(at, "GET /metrics", "").await.body, master), 0);
    let admin = answers(&standby, "admin").await;
    for line in ["GET /v1/inspect", "POST /v1/sweep"] {
        let told = ask(admin, line, "").await;
        assert_eq!(told.code, 503, "{line}");
        assert_eq!(told.json()["standby"], true);
        assert_eq!(told.json()["leader"], holder);
        says(told.json()["error"].as_str().unwrap(), &["stands by", holder]);
    }
    let leads = leader.answers("metrics").await;
    assert_eq!(value(&ask(leads, "GET /metrics", "").await.body, master), 1);
    leader.stop().await;
    standby.complains(&["synced"]).await;
    assert_eq!(value(&ask(at, "GET /metrics", "").await.body, master), 1);
    assert_eq!(ask(admin, "GET /v1/inspect", "").await.code, 200);
    standby.interrupt().await;
}
