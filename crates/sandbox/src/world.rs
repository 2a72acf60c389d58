//! Simulated machines: they register Nodes, run Pods and open NodePorts, as clients of any
//! Kubernetes API.
//!
//! Whatever the user does to the objects happens to the machines:
//! - A Node with the label `sandbox.seaway.dev/simulated=true` comes to life: it gets a loopback
//!   address, reports Ready, takes pods and listens on every NodePort.
//! - A Node that is deleted works on until [`Options::drain`] is over, as the machine behind a
//!   real one does until somebody switches it off. Its pods end in good order.
//! - `kubectl annotate node node-3 sandbox.seaway.dev/crash=true` takes it away without warning:
//!   its listeners are closed and its connections reset. With `=blackhole` its sockets stay, and
//!   nothing answers any more. Without the annotation it boots again.
//! - `kubectl annotate pod tomcat-1 sandbox.seaway.dev/ready=false` takes a pod out of the
//!   endpoints.

mod address;
mod api;
mod cluster;
mod conntrack;
mod echo;
mod endpoints;
mod error;
pub mod example;
mod fleet;
mod health;
mod heartbeat;
mod http;
mod kubelet;
mod lifecycle;
mod listen;
mod machine;
mod node;
mod pod;
mod power;
mod protocol;
mod proxy;
mod scheduler;

pub use self::{
    address::AddressPlan,
    error::Error,
    fleet::{Machine, MachineState},
};

use self::{
    address::Addresses,
    api::{Writer, code},
    cluster::{CRASH, Cluster},
    conntrack::Conntrack,
    endpoints::Endpoints,
    fleet::Fleet,
    lifecycle::Lifecycle,
    machine::Machines,
    power::Power,
    proxy::Proxy,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ipnet::Ipv4Net;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long a node may take to get where it is wanted.
const PATIENCE: Duration = Duration::from_secs(30);
const AT_ONCE: usize = 8;

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many nodes there are at the start: `node-1` to `node-N`.
    pub nodes: usize,
    /// How many of the example's pods are created at the start.
    pub pods: usize,
    /// Where the addresses come from.
    pub addresses: AddressPlan,
    /// The parts of a control plane that the world plays.
    pub control_plane: ControlPlane,
    /// Whether machines and pods open sockets; without, they exist in the API only.
    pub listen: bool,
    /// How often each node renews its lease.
    pub heartbeat: Duration,
    /// How long a node may be silent until it is no longer Ready.
    pub node_monitor_grace: Duration,
    /// How long the machine of a deleted Node works on.
    pub drain: Duration,
    /// How long a pod that ends still takes connections, while the news of it spreads.
    pub propagation: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: 10,
            pods: 0,
            addresses: AddressPlan::Auto,
            control_plane: ControlPlane::default(),
            listen: true,
            heartbeat: Duration::from_secs(10),
            node_monitor_grace: Duration::from_secs(40),
            drain: Duration::from_secs(30),
            propagation: Duration::from_secs(1),
        }
    }
}

/// The parts of a control plane that nobody plays beside the sandbox's API server.
///
/// A real cluster has all of them: there, switch them off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlPlane {
    /// Pods are bound to nodes.
    pub scheduler: bool,
    /// Services get `EndpointSlices`.
    pub endpoints: bool,
    /// Silent nodes become Unknown, and the pods of gone nodes are deleted.
    pub lifecycle: bool,
}

impl ControlPlane {
    /// None of the parts: for a real cluster.
    pub const NONE: Self = Self { scheduler: false, endpoints: false, lifecycle: false };
}

impl Default for ControlPlane {
    fn default() -> Self {
        Self { scheduler: true, endpoints: true, lifecycle: true }
    }
}

/// How a machine fails without warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Its sockets are gone at once; open connections are reset.
    Reset,
    /// Its sockets stay, and nothing answers any more.
    Blackhole,
}

impl Crash {
    fn annotation(self) -> &'static str {
        match self {
            Self::Reset => "true",
            Self::Blackhole => "blackhole",
        }
    }
}

/// Simulated machines and their pods. Dropping it stops it, without waiting for the end.
#[derive(Debug)]
pub struct World {
    setting: Arc<Setting>,
}

/// What all parts of a world share.
#[derive(Debug)]
pub(crate) struct Setting {
    cluster: Arc<Cluster>,
    writer: Writer,
    addresses: Arc<Addresses>,
    conntrack: Arc<Conntrack>,
    proxy: Arc<Proxy>,
    fleet: Fleet,
    power: Power,
    listen: bool,
    heartbeat: Duration,
    node_monitor_grace: Duration,
    drain: Duration,
    propagation: Duration,
}

impl World {
    /// Registers the nodes and brings them to life; returns when all of them work.
    pub async fn start(client: Client, options: Options) -> Result<Self, Error> {
        let Options { nodes, pods, addresses, listen, .. } = options;
        let addresses = Addresses::choose(addresses, nodes, pods, listen)?;
        let cluster = Arc::new(Cluster::new());
        let writer = Writer::new(client.clone());
        let conntrack = Arc::new(Conntrack::default());
        let proxy = Proxy::new(Arc::clone(&cluster), Arc::clone(&conntrack), writer.clone());
        let setting = Arc::new(Setting {
            cluster,
            writer,
            addresses,
            conntrack,
            proxy: Arc::new(proxy),
            fleet: Fleet::default(),
            power: Power::new(),
            listen,
            heartbeat: options.heartbeat,
            node_monitor_grace: options.node_monitor_grace,
            drain: options.drain,
            propagation: options.propagation,
        });
        let world = Self { setting };
        world.spawn(options.control_plane);
        world.setting.cluster.follow(&client, &world.setting.power);
        stream::iter((1..=nodes).map(|number| Ok(format!("node-{number}"))))
            .try_for_each_concurrent(AT_ONCE, |name| world.register(name))
            .await?;
        for number in 1..=nodes {
            world
                .until(&format!("node-{number}"), "working", |m| {
                    m.is_some_and(|m| m.state == MachineState::Up)
                })
                .await?;
        }
        stream::iter(example::pods(pods))
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |pod| world.create(pod))
            .await?;
        Ok(world)
    }

    /// Closes every socket and ends every task; the objects in the API stay as they are.
    ///
    /// Another world on the same API takes the nodes over. To be rid of them:
    /// `kubectl delete nodes -l sandbox.seaway.dev/simulated`.
    pub async fn stop(self) {
        self.setting.power.shut_down().await;
    }

    /// Adds one more node, with the next free number, and returns its name when it works.
    ///
    /// `kubectl apply` of a Node with the label `sandbox.seaway.dev/simulated=true` does the same.
    pub async fn add_node(&self) -> Result<String, Error> {
        let numbers = self.setting.cluster.nodes.keys().into_iter();
        let last = numbers.filter_map(|key| node::number(&key.name)).max().unwrap_or(0);
        let name = format!("node-{}", last + 1);
        self.register(name.clone()).await?;
        self.until(&name, "working", |m| m.is_some_and(|m| m.state == MachineState::Up)).await?;
        Ok(name)
    }

    /// Crashes a node by its annotation, and returns when it is down.
    pub async fn crash(&self, node: &str, crash: Crash) -> Result<(), Error> {
        self.annotate(node, Some(crash.annotation())).await?;
        self.until(node, "down", |m| {
            m.is_none_or(|m| matches!(m.state, MachineState::Crashed | MachineState::Silent))
        })
        .await
    }

    /// Takes the annotation of a crashed node away, and returns when it works again.
    pub async fn recover(&self, node: &str) -> Result<(), Error> {
        self.annotate(node, None).await?;
        self.until(node, "working", |m| m.is_some_and(|m| m.state == MachineState::Up)).await
    }

    /// The machines that there are, by name.
    pub fn machines(&self) -> Vec<Machine> {
        self.setting.fleet.all()
    }

    /// The address of a node, as long as there is a machine for it.
    pub fn address(&self, node: &str) -> Option<Ipv4Addr> {
        self.setting.fleet.get(node).map(|machine| machine.address)
    }

    /// The block from which nodes and pods get their addresses; no other world here has it.
    pub fn block(&self) -> Ipv4Net {
        self.setting.addresses.block()
    }

    /// The part of the block that the world leaves alone: for the addresses of load balancers.
    pub fn spare(&self) -> Ipv4Net {
        self.setting.addresses.spare()
    }

    fn spawn(&self, control_plane: ControlPlane) {
        let setting = &self.setting;
        let power = &setting.power;
        let machines = Machines::new(Arc::clone(setting));
        power.spawn(machines.run(setting.cluster.subscribe()));
        if setting.listen {
            let (proxy, changes) = (Arc::clone(&setting.proxy), setting.cluster.subscribe());
            power.spawn(async move { proxy.run(changes).await });
        }
        if control_plane.scheduler {
            let (setting, changes) = (Arc::clone(setting), setting.cluster.subscribe());
            power.spawn(async move { scheduler::run(&setting, changes).await });
        }
        if control_plane.endpoints {
            let endpoints = Endpoints::new(Arc::clone(setting));
            power.spawn(endpoints.run(setting.cluster.subscribe()));
        }
        if control_plane.lifecycle {
            let lifecycle = Lifecycle::new(Arc::clone(setting));
            power.spawn(lifecycle.run(setting.cluster.subscribe()));
        }
        let beating = Arc::clone(setting);
        power.spawn(async move { heartbeat::beat(&beating).await });
    }

    /// Creates a Node with the address that its machine is going to take.
    async fn register(&self, name: String) -> Result<(), Error> {
        let number = node::number(&name);
        let address = self.setting.addresses.node(None, number).map(|leased| leased.ip);
        let node = node::manifest(&name, address.unwrap_or(Ipv4Addr::UNSPECIFIED));
        let api = Api::<Node>::all(self.setting.writer.client());
        self.created(&name, api.create(&PostParams::default(), &node)).await
    }

    async fn create(&self, pod: Pod) -> Result<(), Error> {
        let api = Api::<Pod>::default_namespaced(self.setting.writer.client());
        let name = pod.metadata.name.clone().unwrap_or_default();
        self.created(&name, api.create(&PostParams::default(), &pod)).await
    }

    /// What is there already is taken as it is.
    async fn created<T>(
        &self,
        name: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<(), Error> {
        match self.setting.writer.once(call).await {
            Err(error) if code(&error) != Some(409) => {
                Err(Error::api(format!("create {name}"))(error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn annotate(&self, node: &str, crash: Option<&str>) -> Result<(), Error> {
        let api = Api::<Node>::all(self.setting.writer.client());
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { CRASH: crash } } }));
        let params = PatchParams::default();
        let call = api.patch(node, &params, &patch);
        let patched = self.setting.writer.once(call).await;
        patched.map(drop).map_err(Error::api(format!("annotate node {node}")))
    }

    async fn until(
        &self,
        node: &str,
        state: &'static str,
        reached: impl Fn(Option<&Machine>) -> bool,
    ) -> Result<(), Error> {
        let mut fleet = self.setting.fleet.watch();
        let wait = fleet.wait_for(|machines| reached(machines.get(node)));
        let came = timeout(PATIENCE, wait).await.is_ok_and(|waited| waited.is_ok());
        let seconds = PATIENCE.as_secs();
        let late = || Error::Late { node: node.to_owned(), state, seconds };
        came.then_some(()).ok_or_else(late)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.setting.power.cut();
    }
}
