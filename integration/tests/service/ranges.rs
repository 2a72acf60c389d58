//! `loadBalancerSourceRanges`, changed while it serves.

use seaway_integration::visit_from;
use serde_json::{Value, json};

use crate::serving::web;

#[tokio::test]
async fn clients_are_let_in_and_kept_out_as_the_ranges_change() {
    let (cluster, controller, at) = web(2, json!({})).await;
    let (one, two) = (cluster.client_ip(1), cluster.client_ip(2));
    visit_from(two, at).await.unwrap();
    cluster.lets_in("web", at, json!([format!("{one}/32")]), [(one, true), (two, false)]).await;
    cluster.lets_in("web", at, json!([format!("{two}/32")]), [(one, false), (two, true)]).await;
    let halves = json!(["0.0.0.0/1", "128.0.0.0/1"]);
    cluster.lets_in("web", at, halves, [(one, true), (two, true)]).await;
    cluster.lets_in("web", at, json!(["255.0.0.0/32"]), [(one, false), (two, false)]).await;
    cluster.lets_in("web", at, Value::Null, [(one, true), (two, true)]).await;
    controller.stop().await;
}
