//! What is behind every load balancer: one thread that sends back what it gets, or floods. It is light,
//! so that it is not what is measured.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::process::ExitCode;

use socket2::{Domain, Protocol, Socket, Type};

use crate::poller::{EventFlags, Poller};

/// A connection that begins with this byte is flooded; all others are echoed.
pub(crate) const FLOOD: u8 = b'F';

/// The NodePorts that Kubernetes gives out. They are below the ports that connections begin at.
const PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;
/// How much is given to the kernel at once.
const PIECE: usize = 256 * 1024;
/// How much one connection may have of a turn.
const TURNS: usize = 4;
/// How many connections may wait; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// Listens at these addresses, all on one port, which it says; ends with its stdin.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let addresses: Vec<IpAddr> = words.iter().map(|word| word.parse().unwrap()).collect();
    let (port, listeners, sockets) =
        PORTS.into_iter().find_map(|port| bind(&addresses, port)).expect("no NodePort is free");
    println!("{port}");
    Backend::new(listeners, sockets).serve();
    ExitCode::SUCCESS
}

/// This port at all addresses, for TCP and UDP, if it is free.
fn bind(addresses: &[IpAddr], port: u16) -> Option<(u16, Vec<TcpListener>, Vec<UdpSocket>)> {
    let (mut listeners, mut sockets) = (Vec::new(), Vec::new());
    for address in addresses {
        let at = SocketAddr::new(*address, port);
        let tcp = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP)).unwrap();
        tcp.set_reuse_address(true).unwrap();
        tcp.bind(&at.into()).ok()?;
        tcp.listen(BACKLOG).ok()?;
        tcp.set_nonblocking(true).unwrap();
        listeners.push(tcp.into());
        let udp = UdpSocket::bind(at).ok()?;
        udp.set_nonblocking(true).unwrap();
        sockets.push(udp);
    }
    Some((port, listeners, sockets))
}

struct Backend {
    poller: Poller,
    listeners: Vec<TcpListener>,
    sockets: Vec<UdpSocket>,
    /// Their tokens come after those of the others.
    peers: Vec<Option<Peer>>,
    free: Vec<usize>,
    piece: Vec<u8>,
}

/// The other end of a connection.
struct Peer {
    socket: Socket,
    flooded: bool,
}

/// The token of stdin.
const PARENT: usize = 0;

impl Backend {
    fn new(listeners: Vec<TcpListener>, sockets: Vec<UdpSocket>) -> Self {
        let poller = Poller::new();
        poller.add(std::io::stdin(), PARENT, EventFlags::IN);
        for (number, listener) in listeners.iter().enumerate() {
            poller.add(listener, 1 + number, EventFlags::IN);
        }
        for (number, socket) in sockets.iter().enumerate() {
            poller.add(socket, 1 + listeners.len() + number, EventFlags::IN);
        }
        let (peers, free) = (Vec::new(), Vec::new());
        Self { poller, listeners, sockets, peers, free, piece: vec![0; PIECE] }
    }

    fn serve(mut self) {
        let mut ready = Vec::new();
        let tcp = 1 + self.listeners.len();
        let all = tcp + self.sockets.len();
        loop {
            self.poller.wait(None, &mut ready);
            for token in ready.iter().copied() {
                match token {
                    PARENT => return,
                    _ if token < tcp => self.accept(token - 1, all),
                    _ if token < all => self.answer(token - tcp),
                    _ => self.go_on(token - all, all),
                }
            }
        }
    }

    fn accept(&mut self, listener: usize, first: usize) {
        while let Ok((socket, _)) = self.listeners[listener].accept() {
            let socket = Socket::from(socket);
            socket.set_nonblocking(true).unwrap();
            let place = self.free.pop().unwrap_or_else(|| {
                self.peers.push(None);
                self.peers.len() - 1
            });
            self.poller.add(&socket, first + place, EventFlags::IN);
            self.peers[place] = Some(Peer { socket, flooded: false });
        }
    }

    fn answer(&mut self, socket: usize) {
        let socket = &self.sockets[socket];
        while let Ok((length, from)) = socket.recv_from(&mut self.piece) {
            // A client that has gone is told of by an error: it is no longer waiting.
            let _ = socket.send_to(&self.piece[..length], from);
        }
    }

    fn go_on(&mut self, place: usize, first: usize) {
        // It may have been closed in this turn.
        let Some(peer) = &mut self.peers[place] else { return };
        let open = if peer.flooded { peer.flood(&self.piece) } else { peer.echo(&mut self.piece) };
        if !open {
            self.peers[place] = None;
            self.free.push(place);
        } else if !peer.flooded && self.piece[0] == FLOOD {
            // The answer does not matter: what is sent now does.
            self.piece[0] = 0;
            peer.flooded = true;
            self.poller.modify(&peer.socket, first + place, EventFlags::OUT);
        }
    }
}

impl Peer {
    /// Sends back what has come; says whether the connection is still open.
    fn echo(&mut self, piece: &mut [u8]) -> bool {
        match self.socket.read(piece) {
            Ok(0) => false,
            // What is asked is small, and the answer to it is waited for: it has room.
            Ok(length) => self.socket.write(&piece[..length]).is_ok_and(|sent| sent == length),
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    fn flood(&mut self, piece: &[u8]) -> bool {
        for _ in 0..TURNS {
            match self.socket.send(piece) {
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
        true
    }
}
