//! The controller comes back, and nothing has changed.

use seaway_integration::google::writes;
use seaway_integration::{Gateway, Order, until};
use seaway_mock_gce::Call;
use serde_json::json;

use crate::site::Site;
use crate::witness::inventory;

#[tokio::test]
async fn it_writes_nothing_neither_to_the_project_nor_to_the_cluster() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    let ports = json!([
        { "name": "web", "port": 80, "targetPort": 8080 },
        { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 8080 },
    ]);
    site.create("web", json!({ "ports": ports, "externalTrafficPolicy": "Local" })).await;
    let internal = ("networking.gke.io/load-balancer-type", "Internal");
    site.create_with("inner", &[internal], json!({})).await;
    site.converges("web").await;
    site.converges("inner").await;
    let made = inventory(&site.gce);
    seaway.stop().await;

    site.gce.reset_counts();
    let gateway = Gateway::start(site.cluster.seaways_client().await, Order::Kept).await;
    let seaway = site.seaway_with(&gateway.kubeconfig()).await;
    until("it has read the project", async || {
        site.gce.counts().contains_key("compute.forwardingRules.list").then_some(())
    })
    .await;
    // Once another Service is served it has been through all.
    site.create("late", json!({})).await;
    site.converges("late").await;
    let of_late = |call: &Call| {
        let text = format!("{} {}", call.path, call.body);
        text.contains("sw-default-late-")
    };
    let others: Vec<_> =
        site.gce.calls().into_iter().filter(|call| writes(call) && !of_late(call)).collect();
    assert!(others.is_empty(), "{others:?}");
    let writes = gateway.writes();
    assert!(
        writes.iter().all(|write| write.contains("late") || write.contains("events")),
        "{writes:?}"
    );
    let now = inventory(&site.gce);
    assert!(made.iter().all(|(name, it)| now[name] == *it));
    site.close(seaway).await;
}
