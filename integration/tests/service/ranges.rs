//! `loadBalancerSourceRanges`, changed while it serves.

use std::net::{IpAddr, SocketAddr};

use seaway_integration::{Cluster, until, visit_from};
use serde_json::{Value, json};

use crate::serving::web;

/// Sets the ranges, and waits until exactly those clients are let in.
async fn only(cluster: &Cluster, at: SocketAddr, ranges: Value, clients: [(IpAddr, bool); 2]) {
    let what = format!("with {ranges}, {clients:?} are let in or not");
    cluster.patch_spec("web", json!({ "loadBalancerSourceRanges": ranges })).await;
    until(&what, async || {
        for (client, welcome) in clients {
            if visit_from(client, at).await.is_ok() != welcome {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert_eq!(cluster.address("web").await, at.ip(), "the address stays");
}

#[tokio::test]
async fn clients_are_let_in_and_kept_out_as_the_ranges_change() {
    let (cluster, controller, at) = web(2, json!({})).await;
    let (one, two) = (cluster.client_ip(1), cluster.client_ip(2));
    visit_from(two, at).await.unwrap();
    only(&cluster, at, json!([format!("{one}/32")]), [(one, true), (two, false)]).await;
    only(&cluster, at, json!([format!("{two}/32")]), [(one, false), (two, true)]).await;
    let halves = json!(["0.0.0.0/1", "128.0.0.0/1"]);
    only(&cluster, at, halves, [(one, true), (two, true)]).await;
    only(&cluster, at, json!(["255.0.0.0/32"]), [(one, false), (two, false)]).await;
    only(&cluster, at, Value::Null, [(one, true), (two, true)]).await;
    controller.stop().await;
}
