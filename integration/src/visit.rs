use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::until::{DEADLINE, until};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// So many answers in a row mean that every node has heard of a Service: each kube-proxy takes its
/// time.
pub const IN_A_ROW: usize = 30;

/// What a pod answers: who it is, and by which way the request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The node whose NodePort took the request.
    pub via: String,
    /// The pod.
    pub pod: String,
    /// The node of the pod.
    pub on: String,
}

impl Answer {
    fn parse(line: &str) -> io::Result<Self> {
        let words: BTreeMap<_, _> =
            line.split(' ').filter_map(|word| word.trim_end().split_once('=')).collect();
        let word = |name: &str| {
            let value = words.get(name).map(|value| (*value).to_owned());
            value.ok_or_else(|| io::Error::other(format!("no {name}= in {line:?}")))
        };
        Ok(Self { via: word("via")?, pod: word("pod")?, on: word("on")? })
    }
}

/// One HTTP request, on a connection of its own.
pub async fn visit(at: SocketAddr) -> io::Result<Answer> {
    get(at, None, "/").await
}

/// The same, from this address of the machine.
pub async fn visit_from(client: IpAddr, at: SocketAddr) -> io::Result<Answer> {
    get(at, Some(client), "/").await
}

/// A GET that is answered with 200 within 3 s.
pub async fn get(at: SocketAddr, client: Option<IpAddr>, path: &str) -> io::Result<Answer> {
    match timeout(PATIENCE, exchange(at, client, path)).await {
        Ok(answer) => answer,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn exchange(at: SocketAddr, client: Option<IpAddr>, path: &str) -> io::Result<Answer> {
    let mut stream = match client {
        None => TcpStream::connect(at).await?,
        Some(ip) => {
            let socket = if ip.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind((ip, 0).into())?;
            socket.connect(at).await?
        }
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    if head.starts_with("HTTP/1.1 200 ") {
        Answer::parse(body)
    } else {
        Err(io::Error::other(head))
    }
}

/// Waits until requests are answered one after the other.
pub async fn is_steady(at: SocketAddr) {
    let mut count = 0;
    until(&format!("{at} answers steadily"), async || {
        count = if visit(at).await.is_ok() { count + 1 } else { 0 };
        (count >= IN_A_ROW).then_some(())
    })
    .await;
}

/// Sends a datagram until it is answered, and returns the answer.
pub async fn ask_udp(at: SocketAddr, text: &str) -> Answer {
    let any: IpAddr = if at.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    let socket = UdpSocket::bind((any, 0)).await.unwrap();
    socket.connect(at).await.unwrap();
    let mut buffer = [0; 2048];
    until(&format!("{at} answers a datagram"), async || {
        socket.send(text.as_bytes()).await.ok()?;
        // UDP may lose any of them: that is no failure, so long as one gets through.
        let read =
            timeout(Duration::from_millis(300), socket.recv(&mut buffer)).await.ok()?.ok()?;
        if read == 0 {
            // So Nginx says that a node has refused.
            return None;
        }
        let answer = std::str::from_utf8(&buffer[..read]).unwrap();
        let (line, echo) = answer.split_once('\n').unwrap();
        assert_eq!(echo, text, "the payload comes back as it was");
        Some(Answer::parse(line).unwrap())
    })
    .await
}

/// Whether a connection is refused: nobody listens.
pub async fn is_closed(at: SocketAddr) -> bool {
    let connected = timeout(DEADLINE, TcpStream::connect(at)).await.expect("no answer at all");
    connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Whether a client is sent away: somebody listens, and breaks off before an answer.
pub async fn is_refused(at: SocketAddr) -> bool {
    let broken = [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof];
    !is_closed(at).await && visit(at).await.is_err_and(|error| broken.contains(&error.kind()))
}
