use super::Door;
use crate::world::{
    conntrack::{Flow, Origin},
    listen,
    protocol::Protocol,
};
use bytes::BytesMut;
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{net::UdpSocket, time::timeout};

/// The kernel forgets a UDP flow after so long without a packet (`nf_conntrack_udp_timeout`).
const IDLE: Duration = Duration::from_secs(30);
const FLOWS: usize = 4_096;
const DATAGRAM: usize = 65_535;

/// The way of one client's datagrams to its pod and back.
struct Way {
    pod: SocketAddr,
    socket: Arc<UdpSocket>,
    over: Arc<AtomicBool>,
}

/// Forwards datagrams on the NodePort until the Service gives it up or the machine fails.
pub(super) async fn serve(door: Door) {
    let socket = Arc::new(listen::udp(door.address, |error| door.report(error)).await);
    let mut ways: HashMap<SocketAddr, Way> = HashMap::new();
    loop {
        tokio::select! {
            biased;
            () = door.node.power.went_dark() => {
                // The socket stays bound, so that nothing says "port unreachable".
                door.node.power.went_off().await;
                return;
            }
            () = door.closing.cancelled() => break,
            _ = socket.readable() => {
                // A buffer per burst, not per listener: most of them are idle.
                let mut buffer = BytesMut::with_capacity(DATAGRAM);
                // Errors here are of earlier answers to clients that are gone.
                while let Some((_, client)) = taken(socket.try_recv_buf_from(&mut buffer)) {
                    if let Some(client) = client {
                        forward(&door, &socket, &mut ways, client, &buffer).await;
                    }
                    buffer.clear();
                }
            }
        }
    }
    for way in ways.values() {
        way.over.store(true, Ordering::Relaxed);
    }
}

/// What a read without waiting gave: nothing more, an error to pass over, or a datagram.
fn taken(read: io::Result<(usize, SocketAddr)>) -> Option<(usize, Option<SocketAddr>)> {
    match read {
        Ok((length, client)) => Some((length, Some(client))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(_) => Some((0, None)),
    }
}

async fn forward(
    door: &Door,
    socket: &Arc<UdpSocket>,
    ways: &mut HashMap<SocketAddr, Way>,
    client: SocketAddr,
    datagram: &[u8],
) {
    if let Some(way) = ways.get(&client) {
        if !way.over.load(Ordering::Relaxed)
            && door.route.allows(&door.node.name, way.pod)
            && way.socket.send(datagram).await.is_ok()
        {
            return;
        }
        way.over.store(true, Ordering::Relaxed);
        ways.remove(&client);
    }
    if ways.len() >= FLOWS {
        ways.retain(|_, way| !way.over.load(Ordering::Relaxed));
    }
    if ways.len() >= FLOWS {
        return;
    }
    for pod in door.route.candidates(&door.node.name, client.ip()) {
        if let Ok(way) = open(door, socket, client, pod).await
            && way.socket.send(datagram).await.is_ok()
        {
            door.route.served(&door.node.name, client.ip(), pod);
            ways.insert(client, way);
            return;
        }
    }
}

async fn open(
    door: &Door,
    answers: &Arc<UdpSocket>,
    client: SocketAddr,
    pod: SocketAddr,
) -> io::Result<Way> {
    let socket = Arc::new(UdpSocket::bind((door.address.ip(), 0)).await?);
    let flow = Flow { protocol: Protocol::Udp, node: socket.local_addr()?, pod };
    socket.connect(pod).await?;
    let origin = Origin { via: door.node.name.clone(), client };
    let tracked = door.conntrack.track(flow, origin);
    let over = Arc::new(AtomicBool::new(false));
    let way = Way { pod, socket: Arc::clone(&socket), over: Arc::clone(&over) };
    let (answers, power) = (Arc::clone(answers), door.node.power.clone());
    door.node.power.spawn(async move {
        while !over.load(Ordering::Relaxed) {
            tokio::select! {
                biased;
                () = power.went_dark() => {
                    power.went_off().await;
                    break;
                }
                readable = timeout(IDLE, socket.readable()) => {
                    let Ok(Ok(())) = readable else { break };
                    let mut buffer = BytesMut::with_capacity(DATAGRAM);
                    match socket.try_recv_buf(&mut buffer) {
                        Ok(_) => {
                            let _ = answers.send_to(&buffer, client).await;
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(_) => break,
                    }
                }
            }
        }
        over.store(true, Ordering::Relaxed);
        drop(tracked);
    });
    Ok(way)
}
