//! Another scheme is another load balancer: the new one is there before the old one goes.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{hostname, until_within};
use serde_json::json;

use crate::site::Site;
use crate::witness::{at, behind, node_ports};

const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";

#[tokio::test]
async fn the_status_moves_to_the_new_load_balancer_while_the_old_one_serves_on() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    let service = site.create("web", json!({})).await;
    let old = site.converges("web").await;

    let notes = json!({ "metadata": { "annotations": { SCHEME: "internet-facing" } } });
    site.cluster.patch("web", notes).await;
    let new = until_within(Duration::from_mins(1), "the status shows another", async || {
        hostname(&site.cluster.service("web").await?).filter(|name| *name != old)
    })
    .await;

    let now = site.aws.inventory().await;
    let targets = at(&[1, 2], node_ports(&service)[0]);
    for (name, scheme) in [(&old, "internal"), (&new, "internet-facing")] {
        let balancer = now.balancers.values().find(|it| it.dns == *name).unwrap();
        assert_eq!((balancer.scheme.as_str(), balancer.state.as_str()), (scheme, "active"));
        assert_eq!(behind(&now, balancer, 80).unwrap().registered(), targets, "{name}");
    }
    assert_eq!(now.balancers.len(), 2);

    // A Service that is deleted meanwhile leaves neither.
    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    seaway.stop().await;
}
