//! Who the pod takes a client for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use seaway_integration::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits for an answer at `at`, and returns the address that the pod sees of the client with this one.
pub(crate) async fn seen_as(client: IpAddr, at: SocketAddr) -> IpAddr {
    until(&format!("{client} is told at {at} who it is"), async || {
        let text = timeout(PATIENCE, asked(client, at)).await.ok()?.ok()?;
        let (_, seen) = text.split_once("client=")?;
        Some(seen.trim_end().parse::<SocketAddr>().unwrap().ip())
    })
    .await
}

async fn asked(client: IpAddr, at: SocketAddr) -> io::Result<String> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind((client, 0).into())?;
    let mut stream = socket.connect(at).await?;
    let request = format!("GET / HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}
