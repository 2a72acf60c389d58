//! `loadBalancerSourceRanges`, changed while it serves.

use seaway_integration::visit_from;
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::rig::Rig;

with_both!(clients_are_let_in_and_kept_out_as_the_ranges_change, many_ranges_are_taken);

async fn clients_are_let_in_and_kept_out_as_the_ranges_change(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let (one, two) = (rig.cluster.client_ip(1), rig.cluster.client_ip(2));
    visit_from(two, at).await.unwrap();
    rig.cluster.lets_in("web", at, json!([format!("{one}/32")]), [(one, true), (two, false)]).await;
    rig.cluster.lets_in("web", at, json!([format!("{two}/32")]), [(one, false), (two, true)]).await;
    let halves = json!(["0.0.0.0/1", "128.0.0.0/1"]);
    rig.cluster.lets_in("web", at, halves, [(one, true), (two, true)]).await;
    rig.cluster.lets_in("web", at, json!(["255.0.0.0/32"]), [(one, false), (two, false)]).await;
    rig.cluster.lets_in("web", at, Value::Null, [(one, true), (two, true)]).await;
    rig.stop().await;
}

/// More than a line of a config may hold.
async fn many_ranges_are_taken(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 1, json!({})).await;
    let (one, two) = (rig.cluster.client_ip(1), rig.cluster.client_ip(2));
    let others = (0..300_u32).map(|number| format!("10.{}.{}.0/24", number / 200, number % 200));
    let ranges: Vec<_> = others.chain([format!("{one}/32")]).collect();
    rig.cluster.lets_in("web", at, json!(ranges), [(one, true), (two, false)]).await;
    rig.stop().await;
}
