//! The controller is killed, and comes back to a cluster that has gone on without it.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod crowd;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, Gateway, Order, embedded, figure, pod, service, until,
};
use serde_json::{Value, json};

use crate::crowd::Crowd;

const SERVICES: usize = 200;

/// Whatever comes first in the list, and whoever was waiting all the time: what an address stands
/// next to stays there.
async fn nobody_moves(cluster: &Cluster, crowd: &Crowd, config: &str, order: Order) -> Controller {
    let gateway = Gateway::start(cluster.seaways_client().await, order).await;
    let controller = Controller::start(&gateway.kubeconfig(), config, &[]).await;
    crowd.all_serve().await;
    let now = crowd.addresses(cluster).await;
    let changed = crowd.changed(&now);
    figure(&format!("restart.{order:?}.services"), now.len(), "count");
    figure(&format!("restart.{order:?}.addresses_changed"), changed.len(), "count");
    assert_eq!(changed, [""; 0]);
    assert!(gateway.turned() >= SERVICES, "the order was not turned around");
    // The gateway ends with this, and the controller can do without it from here on.
    drop(gateway);
    controller
}

#[tokio::test]
async fn nobody_moves_when_the_controller_is_killed_and_the_list_is_turned_around() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    // Three are free in the end, for more who want one.
    let config = embedded(&cluster.pool(203).await);
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    let mut crowd = Crowd::gather(&cluster, SERVICES).await;
    controller.kill().await;
    for at in crowd.places() {
        assert!(seaway_integration::is_closed(at).await, "{at} outlives the controller");
    }

    // Names that come first in any list by name, and last in one that is turned around.
    for number in 0..6 {
        cluster.create(&service(&format!("a-new-{number}"), "echo", Value::Null)).await;
    }
    let leaving = crowd.pop();
    cluster.delete::<Service>(&leaving).await;

    let controller = nobody_moves(&cluster, &crowd, &config, Order::Reversed).await;
    cluster.is_gone(&leaving).await;
    let news = new_addresses(&cluster, 4).await;
    let taken: BTreeSet<_> = crowd.places().map(|at| at.ip()).collect();
    assert!(news.iter().all(|ip| !taken.contains(ip)), "{news:?}");
    cluster.warns(&waiting(&cluster).await, &["address", "are taken"]).await;

    controller.kill().await;
    let controller = nobody_moves(&cluster, &crowd, &config, Order::ReversedPages).await;
    assert_eq!(new_addresses(&cluster, 4).await, news, "the new ones stay as well");
    controller.stop().await;
}

/// Waits until so many of the new Services have an address, and returns these.
async fn new_addresses(cluster: &Cluster, count: usize) -> BTreeSet<std::net::IpAddr> {
    until(&format!("{count} of the new ones have an address"), async || {
        let mut addresses = BTreeSet::new();
        for number in 0..6 {
            let service = cluster.service(&format!("a-new-{number}")).await?;
            addresses.extend(seaway_integration::addresses(&service));
        }
        (addresses.len() == count).then_some(addresses)
    })
    .await
}

/// The name of a new Service that has no address.
async fn waiting(cluster: &Cluster) -> String {
    for number in 0..6 {
        let name = format!("a-new-{number}");
        let service = cluster.service(&name).await.unwrap();
        if seaway_integration::addresses(&service).is_empty() {
            return name;
        }
    }
    unreachable!("all have one")
}

/// A restart with nothing to do writes nothing, neither to the API nor anywhere else.
#[tokio::test]
async fn a_restart_with_nothing_changed_writes_nothing() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let config = embedded(&cluster.pool(10).await);
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    let crowd = Crowd::gather(&cluster, 5).await;
    controller.stop().await;
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;
    crowd.all_serve().await;
    assert_eq!(gateway.writes(), [""; 0]);
    // It does write when there is something to say, and the gateway sees it.
    cluster.create(&service("one-more", "echo", json!({}))).await;
    cluster.serves("one-more").await;
    assert!(
        gateway.writes().iter().all(|write| write.contains("one-more") || write.contains("events"))
    );
    assert!(gateway.writes().len() >= 2, "{:?}", gateway.writes());
    controller.stop().await;
}
