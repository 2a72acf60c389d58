use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a pod of the example answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The line, as it came.
    pub line: String,
    /// The node whose NodePort took the request.
    pub via: String,
    /// The pod.
    pub pod: String,
}

/// Sends one HTTP request to the example, on a connection of its own.
pub(super) async fn visit(address: SocketAddr) -> Result<Answer> {
    match timeout(PATIENCE, exchange(address)).await {
        Ok(answer) => answer,
        Err(_) => bail!("no answer from {address} within {} s", PATIENCE.as_secs()),
    }
}

async fn exchange(address: SocketAddr) -> Result<Answer> {
    let mut stream =
        TcpStream::connect(address).await.with_context(|| format!("can't connect to {address}"))?;
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.with_context(|| format!("{address} broke off"))?;
    let (head, body) = text.split_once("\r\n\r\n").context("no HTTP response")?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{address} answers {}", head.lines().next().unwrap_or_default());
    }
    let line = body.lines().next().unwrap_or_default().to_owned();
    let words: BTreeMap<_, _> = line.split(' ').filter_map(|word| word.split_once('=')).collect();
    let word = |name: &str| words.get(name).map(|value| (*value).to_owned());
    let (via, pod) = (word("via"), word("pod"));
    Ok(Answer {
        via: via.with_context(|| format!("no via= in {line:?}"))?,
        pod: pod.with_context(|| format!("no pod= in {line:?}"))?,
        line,
    })
}
