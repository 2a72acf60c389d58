//! Nodes that really listen: they say which of them was asked, and at which port.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::{Builder, Runtime};

/// How many nodes the contract has at most.
const NODES: u8 = 17;
/// The addresses of one test process.
const BLOCK: u32 = 1024;

/// The nodes of this process, for all its worlds. They keep nothing in mind, so worlds can't disturb
/// each other.
pub(crate) struct Fleet {
    first: u32,
}

impl Fleet {
    /// The fleet, started on first use.
    pub(crate) fn get() -> &'static Self {
        static FLEET: OnceLock<Fleet> = OnceLock::new();
        FLEET.get_or_init(Self::start)
    }

    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        // 127.8.0.0/13, cut by process. Whoever can bind its first node owns the part.
        let slots = (127 << 24 | 8 << 16) / BLOCK..(127 << 24 | 16 << 16) / BLOCK;
        let mine = std::process::id() % (slots.end - slots.start);
        let fleet = (0..64)
            .map(|more| slots.start + (mine + more) % (slots.end - slots.start))
            .map(|slot| Self { first: slot * BLOCK })
            .find(|fleet| fleet.open(&runtime))
            .expect("a part of 127.8.0.0/13 is free");
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        fleet
    }

    /// The `n`-th address of this process.
    pub(crate) fn address(&self, n: u32) -> IpAddr {
        Ipv4Addr::from(self.first + n).into()
    }

    /// The address of the node with this number.
    pub(crate) fn node(&self, number: u8) -> IpAddr {
        self.address(u32::from(number))
    }

    /// Opens every NodePort that the contract asks for; false if somebody else is there.
    fn open(&self, runtime: &Runtime) -> bool {
        let _context = runtime.enter();
        let node_ports = (30_000..=30_006).chain([30_053, 30_080, 30_081, 30_443, 30_853, 32_001]);
        for node in (1..=NODES).map(|number| self.node(number)) {
            for port in node_ports.clone() {
                let Some(listener) = listen(SocketAddr::new(node, port)) else { return false };
                runtime.spawn(serve(listener, tell));
            }
            for port in [31_998, 31_999] {
                let Some(listener) = listen(SocketAddr::new(node, port)) else { return false };
                runtime.spawn(serve(listener, healthz));
            }
            let Ok(socket) = std::net::UdpSocket::bind((node, 30_053)) else { return false };
            socket.set_nonblocking(true).unwrap();
            runtime.spawn(answer(UdpSocket::from_std(socket).unwrap()));
        }
        true
    }
}

fn listen(address: SocketAddr) -> Option<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&address.into()).ok()?;
    socket.listen(1024).ok()?;
    Some(TcpListener::from_std(socket.into()).unwrap())
}

async fn serve<F: Future<Output = std::io::Result<()>> + Send + 'static>(
    listener: TcpListener,
    answer: fn(TcpStream) -> F,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Who only knocks, as a health check does, is gone before the answer.
        tokio::spawn(async move { drop(answer(stream).await) });
    }
}

async fn tell(mut stream: TcpStream) -> std::io::Result<()> {
    let name = stream.local_addr()?.to_string();
    stream.write_all(name.as_bytes()).await
}

async fn healthz(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let known = request.starts_with(b"GET /healthz ");
    let status = if known { "200 OK" } else { "404 Not Found" };
    stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await
}

async fn answer(socket: UdpSocket) {
    let name = socket.local_addr().unwrap().to_string();
    let mut buffer = [0; 64];
    loop {
        let Ok((_, from)) = socket.recv_from(&mut buffer).await else { continue };
        drop(socket.send_to(name.as_bytes(), from).await);
    }
}
