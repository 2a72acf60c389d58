use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What nodes are asked on: one port for all Services, and the health check NodePorts of the contract.
pub(crate) const HEALTH: u16 = 30_256;
const PORTS: [u16; 3] = [HEALTH, 31_998, 31_999];
/// How many nodes there are at most.
pub(crate) const NODES: u8 = 20;

/// Nodes that are well: they say so to whoever asks.
#[derive(Debug)]
pub(crate) struct Nodes(#[expect(dead_code, reason = "they end with it")] JoinSet<()>);

impl Nodes {
    pub(crate) async fn start(addresses: impl Iterator<Item = IpAddr>) -> Self {
        let mut tasks = JoinSet::new();
        for at in addresses.flat_map(|ip| PORTS.map(|port| SocketAddr::new(ip, port))) {
            let listener = TcpListener::bind(at).await.unwrap();
            tasks.spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut request = [0; 1024];
                    // Who goes away before the answer has no use for it.
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
                }
            });
        }
        Self(tasks)
    }
}
