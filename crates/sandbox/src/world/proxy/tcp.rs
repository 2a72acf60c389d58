use super::Door;
use crate::world::{
    conntrack::{Flow, Origin, Tracked},
    listen,
    power::Wire,
    protocol::Protocol,
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::copy_bidirectional,
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// A pod on a dead machine doesn't answer at all; the client then hears so before it gives up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const SOURCE_PORT_TRIES: u32 = 16;

/// Takes connections on the NodePort until the Service gives it up or the machine fails.
pub(super) async fn serve(door: Door) {
    let listener = listen::tcp(door.address, |error| door.report(error)).await;
    let (power, closing) = (door.node.power.clone(), door.closing.clone());
    listen::accept(listener, &power, &closing, |stream, client| {
        let door = door.clone();
        let client_wire = Wire::new(stream, power.clone());
        power.spawn(async move { forward(&door, client_wire, client).await });
    })
    .await;
}

async fn forward(door: &Door, mut client_wire: Wire, client: SocketAddr) {
    for pod in door.route.candidates(&door.node.name, client.ip()) {
        let Ok(connected) = timeout(CONNECT_TIMEOUT, connect(door, pod, client)).await else {
            break;
        };
        let Ok((stream, tracked)) = connected else { continue };
        door.route.served(&door.node.name, client.ip(), pod);
        let mut pod_wire = Wire::new(stream, door.node.power.clone());
        if copy_bidirectional(&mut client_wire, &mut pod_wire).await.is_err() {
            // Whoever broke off, the other side is to see it as the same.
            client_wire.reset_on_drop();
            pod_wire.reset_on_drop();
        }
        // The source port is free as soon as the socket is gone: the entry has to go first.
        drop(tracked);
        return;
    }
    client_wire.reset_on_drop();
}

/// Connects from the node's own address, as kube-proxy's SNAT would show it to the pod.
///
/// The source port is chosen here: a port that the kernel chooses before it knows the peer is
/// used for one connection at a time, which is too few for a load test.
async fn connect(
    door: &Door,
    pod: SocketAddr,
    client: SocketAddr,
) -> io::Result<(TcpStream, Tracked)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..SOURCE_PORT_TRIES {
        let node = SocketAddr::new(door.address.ip(), door.node.source_port());
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        let connected = match socket.bind(node) {
            Ok(()) => socket.connect(pod).await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(stream) => {
                let origin = Origin { via: door.node.name.clone(), client };
                let flow = Flow { protocol: Protocol::Tcp, node, pod };
                return Ok((stream, door.conntrack.track(flow, origin)));
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable
                ) =>
            {
                last = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
