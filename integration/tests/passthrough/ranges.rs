//! `loadBalancerSourceRanges`: the nodes keep out who is not listed, because they see the client.

use std::net::IpAddr;

use seaway_integration::{until, visit_from};
use serde_json::{Value, json};

use crate::site::{Site, is_silent_for, vip};

async fn lets_in_who_is_listed(vip: IpAddr, policy: &str) {
    let site = Site::new(vip, json!({ "externalTrafficPolicy": policy })).await;
    site.is_led_to("node-2").await;
    site.answers_by("node-2").await;
    let at = site.at;
    let (one, two) = (site.cluster.client_ip(1), site.cluster.client_ip(2));
    for (listed, outsider) in [(one, two), (two, one)] {
        let ranges = json!({ "loadBalancerSourceRanges": [format!("{listed}/32")] });
        site.cluster.patch_spec("web", ranges).await;
        until(&format!("{outsider} is kept out"), async || visit_from(outsider, at).await.err())
            .await;
        until(&format!("{listed} is let in"), async || visit_from(listed, at).await.ok()).await;
        is_silent_for(outsider, at).await;
    }
    let all = json!({ "loadBalancerSourceRanges": Value::Null });
    site.cluster.patch_spec("web", all).await;
    for client in [one, two] {
        until(&format!("{client} is let in"), async || visit_from(client, at).await.ok()).await;
    }
}

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn a_listed_client_is_let_in_and_an_outsider_is_dropped() {
    lets_in_who_is_listed(vip(30), "Cluster").await;
}

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn so_it_is_where_a_node_answers_with_its_own_pods_only() {
    lets_in_who_is_listed(vip(31), "Local").await;
}
