//! `ipMode`: for an address of mode Proxy no node answers, since another machine is to end the
//! connections there. A provider that passes packets on must never say it.

use std::net::SocketAddr;

use seaway_integration::{until, visit};
use serde_json::json;

use crate::site::{Site, is_silent, vip};

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn for_an_address_of_mode_proxy_no_node_answers() {
    let site = Site::new(vip(20), json!({})).await;
    // Both are in one object, so that a node which answers for the one has read what the other is.
    let at = site.at;
    let other = SocketAddr::from((vip(21), 80));
    let proxy = json!({ "ip": other.ip(), "ipMode": "Proxy" });
    site.shows(json!([proxy, { "ip": at.ip(), "ipMode": "VIP" }])).await;
    site.cluster.steer_status("web", "node-2").await;
    site.answers_by("node-2").await;
    is_silent(other).await;

    // And so is it with an address that nodes have answered for.
    site.shows(json!([proxy, { "ip": at.ip(), "ipMode": "Proxy" }])).await;
    until("nobody answers any more", async || visit(at).await.err()).await;
    is_silent(at).await;

    site.shows(json!([{ "ip": other.ip(), "ipMode": "VIP" }])).await;
    until("it answers as a VIP", async || visit(other).await.ok()).await;
}
