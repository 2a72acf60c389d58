//! The example of the demo, while somebody looks at it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use seaway_integration::{Cluster, addresses, is_ours, until, visit};

pub(crate) const SERVICE: &str = "tomcat-service";
pub(crate) const NODES: usize = 10;

/// A demo whose example is served by all its nodes, and where it is.
pub(crate) async fn demo() -> (Cluster, SocketAddr) {
    let cluster = Cluster::demo(NODES).await;
    let at = cluster.serves(SERVICE).await;
    answered_by(at, NODES).await;
    (cluster, at)
}

/// Sends requests until so many nodes have answered.
pub(crate) async fn answered_by(at: SocketAddr, count: usize) -> BTreeSet<String> {
    let mut nodes = BTreeSet::new();
    until(&format!("{count} nodes answer at {at}"), async || {
        nodes.insert(visit(at).await.ok()?.via);
        (nodes.len() == count).then_some(())
    })
    .await;
    nodes
}

#[tokio::test]
async fn the_example_gets_an_address_and_every_node_answers() {
    let (cluster, at) = demo().await;
    let mode = std::fs::metadata(cluster.kubeconfig()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the kubeconfig has the token in it");

    let service = cluster.service(SERVICE).await.unwrap();
    assert_eq!(addresses(&service), [at.ip()]);
    assert!(is_ours(&service));
    let status = service.status.unwrap().load_balancer.unwrap();
    assert_eq!(status.ingress.unwrap()[0].ip_mode.as_deref(), Some("Proxy"));
    let told = cluster.tells(SERVICE, "EnsuredLoadBalancer").await;
    assert!(told.message.unwrap().contains(&at.ip().to_string()));

    let nodes = answered_by(at, NODES).await;
    let expected: BTreeSet<_> = (1..=NODES).map(|number| format!("node-{number}")).collect();
    assert_eq!(nodes, expected);
}
