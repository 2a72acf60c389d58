//! The provider gce writes the status: what it says is what kube-proxy needs to answer. Google's part is
//! a fake, which moves no packets; the router stands in for it.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, addresses, annotated, ask, google, service, until, visit, visit_from,
};
use seaway_mock_gce::{MockGce, PROJECT, REGION};
use serde_json::{Value, json};

use crate::client::seen_as;
use crate::site::{Site, is_silent, is_silent_for};

const NAMED: &str = "networking.gke.io/load-balancer-ip-addresses";
const TIER: &str = "cloud.google.com/network-tier";

/// Two nodes, which are instances, and a project with an address reserved for each story.
struct Google {
    site: Site,
    gce: MockGce,
    seaway: Controller,
}

impl Google {
    /// Google chooses the addresses it reserves: the n-th one is that of the n-th story.
    async fn new(story: usize, spec: Value) -> Self {
        let cluster = Cluster::sandbox(0).await;
        let gce = MockGce::start().await;
        gce.seed();
        let path = format!("projects/{PROJECT}/regions/{REGION}/addresses");
        let mut vip = None;
        for number in 1..=story {
            // Of the tier Standard: what other stories have here is none of its.
            let front = json!({ "name": format!("front-{number}"), "networkTier": "STANDARD" });
            let (status, answer) = gce.ask("POST", &path, front);
            assert_eq!(status, 200, "{answer}");
            let front = gce.get(&format!("{path}/front-{number}")).unwrap();
            vip = Some(front["address"].as_str().unwrap().parse::<IpAddr>().unwrap());
        }
        let vip = vip.unwrap();
        google::settle(&cluster, &gce, PROJECT, 2).await;
        let config = google::config(&format!("endpoint = \"{}\"\n", gce.endpoint()));
        let seaway = Controller::start(cluster.kubeconfig(), &config, &[]).await;
        let site = Site { cluster, at: (vip, 80).into() };
        site.starts("echo", "node-2").await;
        let notes = [(NAMED, &*format!("front-{story}")), (TIER, "Standard")];
        let mut web = annotated(service("web", "echo", spec), &notes);
        web.spec.as_mut().unwrap().load_balancer_class = Some("seaway.dev/gce".to_owned());
        site.cluster.create(&web).await;
        until("the status shows the address", async || {
            (addresses(&site.cluster.service("web").await?) == [vip]).then_some(())
        })
        .await;
        Self { site, gce, seaway }
    }

    async fn close(self) {
        self.site.cluster.delete::<Service>("web").await;
        self.site.cluster.is_gone("web").await;
        assert!(self.gce.list("forwardingRules").is_empty());
        assert_eq!(self.gce.violations(), [""; 0]);
        assert_eq!(self.seaway.stop().await.code, Some(0));
    }
}

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn clients_get_through_by_what_the_provider_writes_with_either_policy() {
    let google = Google::new(1, json!({})).await;
    let site = &google.site;
    assert_eq!(site.cluster.steer_status("web", "node-1").await, [site.at.ip()]);
    assert_eq!(site.answers_by("node-1").await.on, "node-2");

    site.cluster.patch_spec("web", json!({ "externalTrafficPolicy": "Local" })).await;
    until("node-1 answers no more", async || visit(site.at).await.err()).await;
    site.cluster.steer_status("web", "node-2").await;
    let client = site.cluster.client_ip(1);
    until("the pod sees the client", async || {
        (seen_as(client, site.at).await == client).then_some(())
    })
    .await;
    // The load balancer asks the nodes where the pods are at the port at which they tell it.
    for (node, code) in [("node-1", 503), ("node-2", 200)] {
        let at = site.check(node).await;
        until(&format!("{node} answers {code}"), async || {
            (ask(at, "GET /", "").await.code == code).then_some(())
        })
        .await;
        let asks = || {
            let mut checks = google.gce.list("healthChecks").into_iter();
            checks.any(|check| check["httpHealthCheck"]["port"] == at.port())
        };
        until("the load balancer asks there", async || asks().then_some(())).await;
    }
    google.close().await;
}

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn without_node_ports_they_get_through_as_well() {
    let google = Google::new(2, json!({ "allocateLoadBalancerNodePorts": false })).await;
    let site = &google.site;
    let spec = site.cluster.service("web").await.unwrap().spec.unwrap();
    assert_eq!(spec.ports.unwrap()[0].node_port, None);
    site.cluster.steer_status("web", "node-1").await;
    assert_eq!(site.answers_by("node-1").await.on, "node-2");
    google.close().await;
}

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn who_is_not_in_the_source_ranges_is_kept_out_by_firewall_and_nodes_alike() {
    let google = Google::new(3, json!({})).await;
    let site = &google.site;
    let (one, two, at) = (site.cluster.client_ip(1), site.cluster.client_ip(2), site.at);
    site.cluster.steer_status("web", "node-2").await;
    site.answers_by("node-2").await;
    let ranges = json!({ "loadBalancerSourceRanges": [format!("{one}/32")] });
    site.cluster.patch_spec("web", ranges).await;
    until("the one is kept out", async || visit_from(two, at).await.err()).await;
    until("the other is let in", async || visit_from(one, at).await.ok()).await;
    is_silent_for(two, at).await;
    let lets_in = || {
        let rules = google.gce.list("firewalls").into_iter();
        let mut rules = rules.filter(|rule| rule["destinationRanges"][0].is_string());
        rules.all(|rule| {
            rule["sourceRanges"][0].as_str().is_some_and(|it| it.starts_with(&one.to_string()))
        })
    };
    until("the firewall says the same", async || lets_in().then_some(())).await;
    google.close().await;
    is_silent(at).await;
}
