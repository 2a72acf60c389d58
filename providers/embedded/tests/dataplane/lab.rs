//! Loopback addresses of a test's own, nodes that say who they are, and clients.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use seaway_provider_embedded::dataplane::{
    Balancer, BalancerState, DataPlane, HealthCheck, Listener, Options, Probe, Protocol, Target,
};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinSet;

pub(crate) const PORT: u16 = 8080;
pub(crate) const NODE_PORT: u16 = 31002;

/// Sixteen addresses that no other test has: `ip(0)` is the balancer's, the rest are nodes.
pub(crate) struct Lab(u32);

impl Lab {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        // 127.128.0.0/9, cut by process (other test programs run beside this one), then by test.
        let process = (std::process::id() % 2048) << 12;
        Self((127 << 24) | (1 << 23) | process | (NEXT.fetch_add(1, Relaxed) % 256) << 4)
    }

    pub(crate) fn ip(&self, n: u32) -> IpAddr {
        IpAddr::V4((self.0 + n).into())
    }

    pub(crate) fn front(&self) -> SocketAddr {
        SocketAddr::new(self.ip(0), PORT)
    }

    pub(crate) fn node(&self, n: u32) -> SocketAddr {
        SocketAddr::new(self.ip(n), NODE_PORT)
    }

    /// Node `n` listens, and says `node-n`.
    pub(crate) fn up(&self, n: u32) -> Node {
        Node::at(self.node(n), &format!("node-{n}"))
    }

    pub(crate) fn targets(&self, nodes: impl IntoIterator<Item = u32>) -> BTreeMap<String, Target> {
        nodes.into_iter().map(|n| (format!("node-{n}"), Target::new(self.ip(n)))).collect()
    }

    /// One TCP listener, no checks, the first `nodes` nodes.
    pub(crate) fn balancer(&self, nodes: u32) -> Balancer {
        Balancer {
            listeners: vec![tcp(self.front())],
            targets: self.targets(1..=nodes),
            health: checks(Probe::None),
            ..Balancer::default()
        }
    }
}

pub(crate) fn tcp(address: SocketAddr) -> Listener {
    Listener { address, protocol: Protocol::Tcp, target_port: NODE_PORT }
}

pub(crate) fn udp(address: SocketAddr) -> Listener {
    Listener { address, protocol: Protocol::Udp, target_port: NODE_PORT }
}

pub(crate) fn checks(probe: Probe) -> HealthCheck {
    let interval = match &probe {
        // A suspicion lasts for one interval: longer than any test.
        Probe::None => Duration::from_mins(1),
        Probe::Tcp | Probe::ProxyV2 | Probe::Http { .. } => Duration::from_millis(20),
    };
    HealthCheck { probe, interval, timeout: Duration::from_millis(200), rise: 1, fall: 2 }
}

pub(crate) fn start(change: impl FnOnce(&mut Options)) -> DataPlane {
    let mut options =
        Options { threads: 1, connect_timeout: Duration::from_millis(200), ..Options::default() };
    change(&mut options);
    DataPlane::start(options).unwrap()
}

pub(crate) fn state(plane: &DataPlane) -> BalancerState {
    plane.state().remove(&"b".into()).expect("the balancer is there")
}

/// Sets the balancer `b`.
pub(crate) async fn set(plane: &DataPlane, want: &Balancer) {
    plane.set("b".into(), want.clone()).await.unwrap();
}

/// Polls until it is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A TCP server: says its name in a line, echoes until the end of the stream, says `bye`.
/// Dropping it is a crash: its port closes, its connections break.
pub(crate) struct Node(#[expect(dead_code, reason = "held for its drop")] JoinSet<()>);

impl Node {
    pub(crate) fn at(address: SocketAddr, name: &str) -> Self {
        let listener = listener(address, 1024);
        let name = format!("{name}\n");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { continue };
                while connections.try_join_next().is_some() {}
                let name = name.clone();
                connections.spawn(async move {
                    stream.write_all(name.as_bytes()).await?;
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await?;
                    write.write_all(b"bye").await
                });
            }
        });
        Self(tasks)
    }
}

/// A listening socket that a test answers by hand.
pub(crate) fn listener(address: SocketAddr, backlog: i32) -> TcpListener {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(backlog).unwrap();
    TcpListener::from_std(socket.into()).unwrap()
}

pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn over(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    pub(crate) async fn to(address: SocketAddr) -> io::Result<Self> {
        Ok(Self::over(TcpStream::connect(address).await?))
    }

    pub(crate) async fn from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        Ok(Self::over(socket.connect(address).await?))
    }

    /// The name of the node at the other end; an end of stream instead is an error.
    pub(crate) async fn name(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    pub(crate) async fn echo(&mut self, text: &str) -> io::Result<String> {
        self.0.get_mut().write_all(text.as_bytes()).await?;
        let mut answer = vec![0; text.len()];
        self.0.read_exact(&mut answer).await?;
        Ok(String::from_utf8(answer).unwrap())
    }

    /// Reads to the end; how it ended.
    pub(crate) async fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).await?;
        Ok(rest)
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }
}

/// One connection: the node that took it.
pub(crate) async fn ask(address: SocketAddr) -> io::Result<String> {
    Client::to(address).await?.name().await
}

pub(crate) async fn ask_from(source: IpAddr, address: SocketAddr) -> io::Result<String> {
    Client::from(source, address).await?.name().await
}

/// Opens a connection through the balancer, and says where it went.
pub(crate) async fn open(lab: &Lab) -> (Client, String) {
    let mut client = Client::to(lab.front()).await.unwrap();
    let name = client.name().await.unwrap();
    (client, name)
}

pub(crate) fn is_reset<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::ConnectionReset)
}

/// A UDP server: answers with its name, a colon, and what it got.
pub(crate) struct UdpNode(#[expect(dead_code, reason = "held for its drop")] JoinSet<()>);

impl UdpNode {
    pub(crate) fn at(address: SocketAddr, name: &str) -> Self {
        let socket = std::net::UdpSocket::bind(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        let socket = UdpSocket::from_std(socket).unwrap();
        let name = format!("{name}:");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
                let answer = [name.as_bytes(), &buffer[..length]].concat();
                drop(socket.send_to(&answer, from).await);
            }
        });
        Self(tasks)
    }
}

/// A UDP client that takes answers from the address that it asks, and from no other.
pub(crate) struct Caller(UdpSocket);

impl Caller {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let any: SocketAddr =
            if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" }.parse().unwrap();
        let socket = UdpSocket::bind(any).await.unwrap();
        socket.connect(address).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn from(source: IpAddr, address: SocketAddr) -> Self {
        let socket = UdpSocket::bind((source, 0)).await.unwrap();
        socket.connect(address).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn send(&self, datagram: &[u8]) {
        self.0.send(datagram).await.unwrap();
    }

    pub(crate) async fn receive(&self) -> Vec<u8> {
        let mut buffer = vec![0; 64 * 1024];
        let receive = self.0.recv(&mut buffer);
        let length = tokio::time::timeout(Duration::from_secs(5), receive).await.unwrap().unwrap();
        buffer.truncate(length);
        buffer
    }

    /// The name of the node that answered.
    pub(crate) async fn ask(&self) -> String {
        self.send(b"?").await;
        let answer = String::from_utf8(self.receive().await).unwrap();
        answer.strip_suffix(":?").unwrap().to_owned()
    }
}
