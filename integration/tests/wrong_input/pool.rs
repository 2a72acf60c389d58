//! More Services than addresses.

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{Cluster, addresses, pod, service, until_within};
use serde_json::{Value, json};
use std::time::Duration;

/// Long enough for a busy machine, and shorter than the first wait after a failure (5 s).
const AT_ONCE: Duration = Duration::from_secs(4);

/// Four Services have the four addresses, and a fifth waits for the moment that `gives` one back.
async fn the_fifth_waits(gives: impl AsyncFnOnce(&Cluster)) {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = cluster.run(4).await;
    for number in 1..=4 {
        let name = format!("has-{number}");
        cluster.create(&service(&name, "echo", Value::Null)).await;
        cluster.serves(&name).await;
    }
    cluster.create(&service("fifth", "echo", Value::Null)).await;
    let told = cluster.warns("fifth", &["all 4 of", "are taken", "delete a Service"]).await;
    assert!(told.contains("providers.embedded.pool"), "{told}");
    controller.process().complains(&["default/fifth", "are taken"]).await;
    assert!(addresses(&cluster.service("fifth").await.unwrap()).is_empty());

    let free = cluster.address("has-2").await;
    // A failure or two later, only a word from the other can be what helps so soon.
    gives(&cluster).await;
    let got = until_within(AT_ONCE, "the fifth has an address", async || {
        addresses(&cluster.service("fifth").await?).into_iter().next()
    });
    assert_eq!(got.await, free);
    cluster.serves("fifth").await;
    controller.stop().await;
}

#[tokio::test]
async fn a_pool_that_is_used_up_is_told_and_a_deleted_service_makes_room_at_once() {
    the_fifth_waits(async |cluster| cluster.delete::<Service>("has-2").await).await;
}

#[tokio::test]
async fn a_service_of_another_type_makes_room_at_once_as_well() {
    the_fifth_waits(async |cluster| {
        cluster.patch_spec("has-2", json!({ "type": "ClusterIP" })).await;
    })
    .await;
}

#[tokio::test]
async fn an_address_that_was_asked_for_and_can_not_be_had_is_told() {
    let cluster = Cluster::sandbox(1).await;
    let pool = cluster.pool(2).await;
    let controller = cluster.run(2).await;
    let wish = |ip: &str| json!({ "loadBalancerIP": ip });
    let first = pool.start().to_string();
    cluster.create(&service("owner", "echo", wish(&first))).await;
    assert_eq!(cluster.address("owner").await.to_string(), first);
    cluster.create(&service("rival", "echo", wish(&first))).await;
    cluster.warns("rival", &[&first, "taken"]).await;
    cluster.create(&service("dreamer", "echo", wish("192.0.2.1"))).await;
    cluster.warns("dreamer", &["192.0.2.1", "not in the pool"]).await;
    cluster.create(&service("poet", "echo", wish("home"))).await;
    cluster.warns("poet", &["spec.loadBalancerIP", "home"]).await;
    controller.stop().await;
}
