use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a connection, or an answer on it, may take.
const PATIENCE: Duration = Duration::from_secs(5);
const WORDS: usize = 16;
const ANSWER: usize = WORDS + 6;

/// Where a connection came out: a node's address and its NodePort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Via {
    pub(super) node: Ipv4Addr,
    pub(super) port: u16,
}

/// An open connection. What it says is never the same twice, nor what another says.
#[derive(Debug)]
pub(super) struct Talk {
    stream: TcpStream,
    pub(super) at: SocketAddr,
    pub(super) via: Via,
    number: u64,
    turn: u64,
}

impl Talk {
    /// Opens a connection, and has its first words answered.
    pub(super) async fn open(at: SocketAddr, number: u64) -> io::Result<Self> {
        patiently(async {
            let mut stream = TcpStream::connect(at).await?;
            stream.set_nodelay(true)?;
            let via = ask(&mut stream, number, 0).await?;
            Ok(Self { stream, at, via, number, turn: 0 })
        })
        .await
    }

    /// Says something more: the same words must come back, from where the first ones came.
    pub(super) async fn go_on(&mut self) -> io::Result<()> {
        self.turn += 1;
        let via = patiently(ask(&mut self.stream, self.number, self.turn)).await?;
        if via == self.via {
            return Ok(());
        }
        Err(io::Error::other(format!("{via:?} answers for {:?}", self.via)))
    }
}

async fn patiently<T>(what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, what).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn ask(stream: &mut TcpStream, number: u64, turn: u64) -> io::Result<Via> {
    let mut words = [0; WORDS];
    words[..8].copy_from_slice(&number.to_be_bytes());
    words[8..].copy_from_slice(&turn.to_be_bytes());
    stream.write_all(&words).await?;
    let mut answer = [0; ANSWER];
    stream.read_exact(&mut answer).await?;
    let [echo @ .., a, b, c, d, high, low] = answer;
    if echo != words {
        return Err(io::Error::other(format!("{echo:?} came back for {words:?}")));
    }
    Ok(Via { node: [a, b, c, d].into(), port: u16::from_be_bytes([high, low]) })
}

/// The other end: answers with the same words, and with where they came in, until the client has said
/// all.
pub(super) async fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let SocketAddr::V4(here) = stream.local_addr()? else {
        return Err(io::ErrorKind::Other.into());
    };
    let mut answer = [0; ANSWER];
    answer[WORDS..WORDS + 4].copy_from_slice(&here.ip().octets());
    answer[WORDS + 4..].copy_from_slice(&here.port().to_be_bytes());
    loop {
        stream.read_exact(&mut answer[..WORDS]).await?;
        stream.write_all(&answer).await?;
    }
}
