use super::{
    address::Leased,
    cluster::PodView,
    echo::Echo,
    http, listen,
    power::{Power, Wire},
    protocol::Protocol,
};
use bytes::BytesMut;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const DEFAULT_PORT: u16 = 8080;
const DATAGRAM: usize = 65_535;

/// The sockets of a pod.
#[derive(Debug)]
pub(crate) struct Server {
    echo: Arc<Echo>,
    /// Cutting it ends the pod, whatever it is doing.
    power: Power,
    closing: CancellationToken,
    finish: CancellationToken,
    /// Listeners that are bound, and connections that are open.
    load: watch::Sender<Load>,
    listeners: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Load {
    bound: usize,
    connections: usize,
}

/// Counts a connection as long as it lives.
struct Counted(watch::Sender<Load>);

impl Counted {
    fn new(load: &watch::Sender<Load>) -> Self {
        load.send_modify(|load| load.connections += 1);
        Self(load.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|load| load.connections -= 1);
    }
}

impl Server {
    /// Opens the ports of a pod on its address; each socket keeps the address from being reused.
    pub(crate) fn start(
        echo: Arc<Echo>,
        power: Power,
        leased: &Arc<Leased>,
        ports: &BTreeSet<(Protocol, u16)>,
    ) -> Self {
        let server = Self {
            echo,
            power,
            closing: CancellationToken::new(),
            finish: CancellationToken::new(),
            load: watch::Sender::default(),
            listeners: ports.len(),
        };
        for (protocol, port) in ports {
            let address = SocketAddr::from((leased.ip, *port));
            match protocol {
                Protocol::Tcp => server.tcp(address, Arc::clone(leased)),
                Protocol::Udp => server.udp(address, Arc::clone(leased)),
            }
        }
        server
    }

    /// Waits until every port is open.
    pub(crate) async fn bound(&self) {
        // The sender lives in `self`, so that the wait can't fail.
        let _ = self.load.subscribe().wait_for(|load| load.bound == self.listeners).await;
    }

    /// Waits until no connection is open.
    pub(crate) async fn idle(&self) {
        let _ = self.load.subscribe().wait_for(|load| load.connections == 0).await;
    }

    /// From now on each answer ends its connection.
    pub(crate) fn leave(&self) {
        self.echo.leaving.store(true, Ordering::Relaxed);
    }

    /// Takes no new connections.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Ends the connections that are idle, and the others after their answer.
    pub(crate) fn finish(&self) {
        self.finish.cancel();
    }

    /// Ends everything.
    pub(crate) fn kill(&self) {
        self.power.cut();
    }

    fn tcp(&self, address: SocketAddr, leased: Arc<Leased>) {
        let (echo, power, load) = (Arc::clone(&self.echo), self.power.clone(), self.load.clone());
        let (closing, finish) = (self.closing.clone(), self.finish.clone());
        self.power.spawn(async move {
            let listener = listen::tcp(address, |error| taken(&echo, address, error)).await;
            load.send_modify(|load| load.bound += 1);
            listen::accept(listener, &power, &closing, |stream, peer| {
                let (echo, finish, counted) =
                    (Arc::clone(&echo), finish.clone(), Counted::new(&load));
                let leased = Arc::clone(&leased);
                let wire = Wire::new(stream, power.clone());
                power.spawn(async move {
                    http::serve(wire, finish, |request| {
                        let echo = Arc::clone(&echo);
                        async move { echo.answer(request, address, peer).await }
                    })
                    .await;
                    drop((leased, counted));
                });
            })
            .await;
        });
    }

    fn udp(&self, address: SocketAddr, leased: Arc<Leased>) {
        let (echo, power, load) = (Arc::clone(&self.echo), self.power.clone(), self.load.clone());
        let closing = self.closing.clone();
        self.power.spawn(async move {
            let socket = listen::udp(address, |error| taken(&echo, address, error)).await;
            load.send_modify(|load| load.bound += 1);
            loop {
                tokio::select! {
                    biased;
                    () = power.went_dark() => {
                        power.went_off().await;
                        break;
                    }
                    () = closing.cancelled() => break,
                    _ = socket.readable() => {
                        let mut buffer = BytesMut::with_capacity(DATAGRAM);
                        if let Ok((_, peer)) = socket.try_recv_buf_from(&mut buffer) {
                            let answer = echo.datagram(&buffer, address, peer);
                            let _ = socket.send_to(&answer, peer).await;
                        }
                    }
                }
            }
            drop(leased);
        });
    }
}

fn taken(echo: &Echo, address: SocketAddr, error: &std::io::Error) {
    tracing::warn!(%address, %error, "pod {} can't open its port; it tries again", echo.pod);
}

/// The ports that a pod opens; one that names none gets the usual one, if the address is its own.
pub(crate) fn ports(pod: &PodView) -> BTreeSet<(Protocol, u16)> {
    let mut ports: BTreeSet<_> = (pod.containers.iter())
        .flat_map(|container| &container.ports)
        .map(|port| (port.protocol, port.port))
        .collect();
    if ports.is_empty() && !pod.host_network {
        ports.insert((Protocol::Tcp, DEFAULT_PORT));
    }
    ports
}

/// The status of a pod that runs, as the kubelet would write it.
pub(crate) fn status(
    pod: &PodView,
    ip: Ipv4Addr,
    host: Ipv4Addr,
    started: Timestamp,
    ready: bool,
) -> Value {
    let now = Timestamp::now();
    let condition = |kind: &str, status: bool, since: Timestamp| {
        json!({
            "type": kind,
            "status": if status { "True" } else { "False" },
            "lastProbeTime": null,
            "lastTransitionTime": seconds(since),
        })
    };
    let containers: Vec<Value> = (pod.containers.iter())
        .map(|c| {
            json!({
                "name": c.name,
                "image": c.image,
                "imageID": format!("sandbox://{}", c.image),
                "containerID": format!("sandbox://{}/{}", pod.uid, c.name),
                "ready": ready,
                "started": true,
                "restartCount": 0,
                "state": { "running": { "startedAt": seconds(started) } },
                "lastState": {},
            })
        })
        .collect();
    json!({
        "metadata": { "uid": pod.uid },
        "status": {
            "phase": "Running",
            "qosClass": "BestEffort",
            "hostIP": host,
            "hostIPs": [{ "ip": host }],
            "podIP": ip,
            "podIPs": [{ "ip": ip }],
            "startTime": seconds(started),
            "conditions": [
                condition("PodReadyToStartContainers", true, started),
                condition("Initialized", true, started),
                condition("Ready", ready, now),
                condition("ContainersReady", ready, now),
                condition("PodScheduled", true, started),
            ],
            "containerStatuses": containers,
        },
    })
}

/// A time as the API shows it: whole seconds.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
