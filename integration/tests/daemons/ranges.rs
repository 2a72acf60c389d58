//! `loadBalancerSourceRanges`, changed while it serves.

use std::net::{IpAddr, SocketAddr};

use seaway_integration::{until, visit_from};
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::rig::Rig;

with_both!(clients_are_let_in_and_kept_out_as_the_ranges_change, many_ranges_are_taken);

/// Sets the ranges, and waits until exactly those clients are let in.
async fn only(rig: &Rig, at: SocketAddr, ranges: Value, clients: [(IpAddr, bool); 2]) {
    let mut what = format!("{clients:?} are let in or not, with {ranges}");
    what.truncate(200);
    rig.cluster.patch_spec("web", json!({ "loadBalancerSourceRanges": ranges })).await;
    until(&what, async || {
        for (client, welcome) in clients {
            if visit_from(client, at).await.is_ok() != welcome {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert_eq!(rig.cluster.address("web").await, at.ip(), "the address stays");
}

async fn clients_are_let_in_and_kept_out_as_the_ranges_change(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let (one, two) = (rig.cluster.client_ip(1), rig.cluster.client_ip(2));
    visit_from(two, at).await.unwrap();
    only(&rig, at, json!([format!("{one}/32")]), [(one, true), (two, false)]).await;
    only(&rig, at, json!([format!("{two}/32")]), [(one, false), (two, true)]).await;
    let halves = json!(["0.0.0.0/1", "128.0.0.0/1"]);
    only(&rig, at, halves, [(one, true), (two, true)]).await;
    only(&rig, at, json!(["255.0.0.0/32"]), [(one, false), (two, false)]).await;
    only(&rig, at, Value::Null, [(one, true), (two, true)]).await;
    rig.stop().await;
}

/// More than a line of a config may hold.
async fn many_ranges_are_taken(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 1, json!({})).await;
    let (one, two) = (rig.cluster.client_ip(1), rig.cluster.client_ip(2));
    let others = (0..300_u32).map(|number| format!("10.{}.{}.0/24", number / 200, number % 200));
    let ranges: Vec<_> = others.chain([format!("{one}/32")]).collect();
    only(&rig, at, json!(ranges), [(one, true), (two, false)]).await;
    rig.stop().await;
}
