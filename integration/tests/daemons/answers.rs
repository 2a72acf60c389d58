//! Who answers, and who does not.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use seaway_integration::{IN_A_ROW, until, visit, visit_from};

/// The label of a node that load balancers are to leave out.
pub(crate) const EXCLUDE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// Waits until so many answers in a row come through these nodes, all of them and no others.
pub(crate) async fn comes_through(at: SocketAddr, nodes: &[&str]) {
    let expected: BTreeSet<_> = nodes.iter().map(|node| (*node).to_owned()).collect();
    let (mut seen, mut count) = (BTreeSet::new(), 0);
    until(&format!("{nodes:?} and no others answer at {at}"), async || {
        match visit(at).await {
            Ok(answer) if expected.contains(&answer.via) => {
                seen.insert(answer.via);
                count += 1;
            }
            Ok(_) | Err(_) => (seen, count) = (BTreeSet::new(), 0),
        }
        (seen == expected && count >= IN_A_ROW).then_some(())
    })
    .await;
}

/// The nodes that answer so many requests of a client.
pub(crate) async fn nodes_of(client: IpAddr, at: SocketAddr, requests: usize) -> BTreeSet<String> {
    let (mut nodes, what) = (BTreeSet::new(), format!("{client} is served"));
    for _ in 0..requests {
        // A real kube-proxy may refuse for a moment while it rewrites its rules.
        let answer = until(&what, async || visit_from(client, at).await.ok()).await;
        nodes.insert(answer.via);
    }
    nodes
}

/// Waits until a client is served by one node for so many requests in a row, and returns it. A real
/// kube-proxy may refuse for a moment while it rewrites its rules: then the client is moved once.
pub(crate) async fn stays(client: IpAddr, at: SocketAddr, requests: usize) -> String {
    until(&format!("{client} stays with a node"), async || {
        let mut nodes = nodes_of(client, at, requests).await;
        nodes.pop_first().filter(|_| nodes.is_empty())
    })
    .await
}
