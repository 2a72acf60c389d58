//! `seaway status`.

use seaway_integration::{Cluster, pod, service, until};
use serde_json::{Value, json};

use crate::{answering, ask_it, says};

#[tokio::test]
async fn a_page_tells_the_way_from_the_port_to_the_pods() {
    let cluster = Cluster::sandbox(2).await;
    cluster.create(&pod("echo", "echo", Some("node-1"))).await;
    cluster.create(&service("web", "echo", Value::Null)).await;

    // Before: nobody has taken it.
    let before = ask_it(&cluster, "off", &["status", "web"]).await;
    assert_eq!(before.code, Some(0), "{before:?}");
    says(
        &before.stdout,
        &[
            "default/web",
            "address     none",
            "pending?",
            "no controller has taken it",
            "--admin off",
        ],
    );

    let controller = answering(&cluster, 1, &[]).await;
    let at = controller.answers("admin").await.to_string();
    let ip = cluster.serves("web").await.ip();
    cluster.tells("web", "EnsuredLoadBalancer").await;
    let page = until("both nodes are healthy", async || {
        let ended = ask_it(&cluster, &at, &["status", "svc/web", "-n", "default"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        (ended.stdout.matches(" healthy").count() == 2).then_some(ended.stdout)
    })
    .await;
    let spec = cluster.service("web").await.unwrap().spec.unwrap();
    let node_port = spec.ports.unwrap()[0].node_port.unwrap();
    says(
        &page,
        &[
            "no class -> provider embedded",
            "stage       carried, as own/",
            &format!("pending?    it is not: it serves at {ip}"),
            "seaway.dev/Provisioned   True   Converged",
            "seaway.dev/Serving       True",
            &format!("clients connect to   {ip}:80"),
            &format!(":{node_port}"),
            "node-1",
            "node-2",
            &format!("-> cluster IP        {}:80", spec.cluster_ip.unwrap()),
            ":8080",
            "echo             ready on node-1",
            "EnsuredLoadBalancer",
        ],
    );
    assert!(!page.contains("not known"), "{page}");
    let json = ask_it(&cluster, &at, &["status", "web", "-o", "json"]).await;
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["addresses"], json!([ip.to_string()]));
    assert_eq!(json["ports"][0]["nodes"][0]["health"], "healthy");

    // Without the controller, the page is there, and says what it lacks.
    controller.stop().await;
    let ended = ask_it(&cluster, &at, &["status", "web"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["health not known", &format!("no controller answers at {at}")]);
}

#[tokio::test]
async fn the_page_answers_why_a_service_is_pending() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 1, &[]).await;
    let at = controller.answers("admin").await.to_string();
    cluster.create(&service("first", "echo", Value::Null)).await;
    cluster.serves("first").await;
    let says_why = async |name: &str, parts: &[&str]| {
        until(&format!("{name} says {parts:?}"), async || {
            let ended = ask_it(&cluster, &at, &["status", name]).await;
            let line = ended.stdout.lines().find(|line| line.starts_with("pending?"))?.to_owned();
            parts.iter().all(|part| line.contains(part)).then_some(ended.stdout)
        })
        .await
    };
    cluster.create(&service("full", "echo", Value::Null)).await;
    let page = says_why("full", &["tried again", "pool"]).await;
    says(&page, &["last error", "in a row)"]);
    let sctp = json!({ "ports": [{ "port": 80, "protocol": "SCTP" }] });
    cluster.create(&service("sctp", "echo", sctp)).await;
    says_why("sctp", &["can't be served as it is", "SCTP"]).await;
    let foreign = json!({ "loadBalancerClass": "example.com/other" });
    cluster.create(&service("foreign", "echo", foreign)).await;
    says_why("foreign", &["example.com/other", "another controller"]).await;
    let aws = json!({ "loadBalancerClass": "seaway.dev/aws" });
    cluster.create(&service("aws", "echo", aws)).await;
    says_why("aws", &["no controller serves the provider aws", "embedded"]).await;

    let table = ask_it(&cluster, &at, &["status"]).await.stdout;
    for (name, parts) in [
        ("first", &["embedded", "carried", "ok", "1/1"][..]),
        ("full", &["carried", "Provisioned:QuotaExceeded", "(x"]),
        ("sctp", &["refused", "Accepted:Unsupported"]),
        ("foreign", &["-"]),
    ] {
        let row = table.lines().find(|line| line.split_whitespace().nth(1) == Some(name));
        says(row.unwrap_or_else(|| panic!("{name} is not in\n{table}")), parts);
    }
    controller.stop().await;
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told() {
    let cluster = Cluster::sandbox(0).await;
    for (args, parts) in [
        (&["status", "nix"][..], &["no Service nix", "namespace default"][..]),
        (&["status", "kubernetes", "-n", "kube-system"], &["there is one in default", "-n"]),
        (&["status", "pod/web"], &["pod/web", "svc/NAME"]),
        (&["status", "Web"], &["Web", "a-z"]),
        (&["status", "web", "-n", "a/b"], &["a/b", "a-z"]),
    ] {
        let ended = ask_it(&cluster, "off", args).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        says(&ended.stderr, parts);
    }
    let ended = ask_it(&cluster, "off", &["status"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["there is no Service of type LoadBalancer"]);
    let ended = ask_it(&cluster, "off", &["status", "kubernetes"]).await;
    says(&ended.stdout, &["of type ClusterIP", "asks for no load balancer"]);
}
