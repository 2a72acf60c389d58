//! A cluster, a controller that drives a daemon for it, and the daemon.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use seaway_integration::{Cluster, Controller, ask, is_steady, on_box, pod, service, until};
use serde_json::{Value, json};

use crate::home::{Home, Processes};
use crate::kind::Kind;

/// What a story works with. It is taken down from the top to the bottom: who could start a daemon
/// goes before the daemon, and this before the cluster, which is the next story's.
pub(crate) struct Rig {
    controller: Option<Controller>,
    pub(crate) home: Home,
    pub(crate) kind: Kind,
    config: String,
    first: Ipv4Addr,
    pub(crate) cluster: Cluster,
}

impl Rig {
    /// With so many nodes and addresses, and a controller.
    pub(crate) async fn start(kind: Kind, nodes: usize, addresses: u32) -> Self {
        let mut rig = Self::idle(kind, nodes, addresses).await;
        rig.resume().await;
        rig
    }

    /// The same before there is a controller.
    pub(crate) async fn idle(kind: Kind, nodes: usize, addresses: u32) -> Self {
        let cluster = Cluster::sandbox(nodes).await;
        let home = Home::new(kind);
        let pool = cluster.pool(addresses).await;
        let config = on_box(kind.name(), &pool, home.path());
        Self { controller: None, home, kind, config, first: *pool.start(), cluster }
    }

    /// With a pod on the first node and the Service `web`, and where that is served.
    pub(crate) async fn web(kind: Kind, nodes: usize, spec: Value) -> (Self, SocketAddr) {
        let rig = Self::start(kind, nodes, 4).await;
        rig.cluster.create(&pod("echo", "echo", Some("node-1"))).await;
        rig.cluster.create(&service("web", "echo", spec)).await;
        let at = rig.cluster.serves("web").await;
        is_steady(at).await;
        (rig, at)
    }

    /// Changes what controllers are started with from now on.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&str) -> String) {
        self.config = change(&self.config);
    }

    /// Starts a controller.
    pub(crate) async fn resume(&mut self) {
        let more = ["--metrics-address=127.0.0.1:0"];
        let kubeconfig = self.cluster.kubeconfig();
        self.controller = Some(Controller::start(kubeconfig, &self.config, &more).await);
    }

    pub(crate) fn controller(&self) -> &Controller {
        self.controller.as_ref().unwrap()
    }

    /// Ends the controller as a user does.
    pub(crate) async fn stop(&mut self) {
        self.controller.take().unwrap().stop().await;
    }

    /// Ends the controller without warning.
    pub(crate) async fn kill(&mut self) {
        self.controller.take().unwrap().kill().await;
    }

    /// The address of the pool with this number, from 0 on.
    pub(crate) fn address(&self, number: u32) -> IpAddr {
        Ipv4Addr::from(u32::from(self.first) + number).into()
    }

    /// Creates a Service that asks for that address, and returns where it is to be served.
    pub(crate) async fn ask_for(&self, name: &str, number: u32) -> SocketAddr {
        let ip = self.address(number);
        let wish = json!({ "loadBalancerIP": ip });
        self.cluster.create(&service(name, "echo", wish)).await;
        SocketAddr::new(ip, 80)
    }

    /// The daemon that runs now.
    pub(crate) fn daemon(&self) -> Processes {
        self.home.processes().unwrap()
    }

    /// Waits until the controller has passed over the daemon once.
    pub(crate) async fn has_passed(&self) {
        let metrics = self.controller().answers("metrics").await;
        until("a pass is over", async || {
            let text = ask(metrics, "GET /metrics", "").await.body;
            let mut lines = text.lines();
            let name = self.kind.name();
            lines
                .any(|line| {
                    line.starts_with("seaway_sync_duration_seconds_count")
                        && line.contains(name)
                        && !line.ends_with(" 0")
                })
                .then_some(())
        })
        .await;
    }
}
