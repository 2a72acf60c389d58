//! Brings Nodes to life, crashes them, and switches them off; gives their pods to the kubelet.

use super::{
    Crash, Setting,
    address::Leased,
    cluster::{Change, Key, NodeView, PodView, Readiness, gather},
    fleet::{Machine as Shown, MachineState},
    kubelet::{Host, Running},
    node,
    proxy::ProxyNode,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// Reports that got lost in a race are made up for after so long.
const RECHECK: Duration = Duration::from_secs(10);

/// All machines of the world.
pub(crate) struct Machines {
    setting: Arc<Setting>,
    machines: BTreeMap<Arc<str>, Machine>,
}

struct Machine {
    host: Host,
    uid: String,
    state: MachineState,
    leased: Arc<Leased>,
    proxy: Option<Arc<ProxyNode>>,
    pods: HashMap<Key, Running>,
    /// When a leaving machine is switched off.
    off_at: Option<Instant>,
    report: Option<JoinHandle<()>>,
}

impl Machines {
    pub(crate) fn new(setting: Arc<Setting>) -> Self {
        Self { setting, machines: BTreeMap::new() }
    }

    pub(crate) async fn run(mut self, mut changes: mpsc::UnboundedReceiver<Change>) {
        self.setting.cluster.listed().await;
        let mut recheck = Instant::now() + RECHECK;
        loop {
            let off = self.machines.values().filter_map(|m| m.off_at).min();
            let next = off.map_or(recheck, |off| off.min(recheck));
            tokio::select! {
                batch = gather(&mut changes) => {
                    let Some(batch) = batch else { return };
                    for change in batch {
                        match change {
                            Change::Node(key) => self.node(&key),
                            Change::Pod(key) => self.pod(&key),
                            Change::Service(_) | Change::Slice(_) => {}
                        }
                    }
                }
                () = sleep_until(next) => {
                    self.switch_off();
                    if Instant::now() >= recheck {
                        recheck = Instant::now() + RECHECK;
                        self.machines.values_mut().for_each(|m| m.report(&self.setting));
                    }
                }
            }
        }
    }

    fn node(&mut self, key: &Key) {
        let view = self.setting.cluster.nodes.get(key).filter(|node| node.simulated);
        match (view, self.machines.get_mut(&key.name)) {
            (None, None) => {}
            (None, Some(machine)) => machine.leave(&self.setting),
            (Some(node), Some(machine)) => machine.stay(&self.setting, &node),
            (Some(node), None) => self.boot(key, &node),
        }
    }

    /// A Node that no machine stands for yet.
    fn boot(&mut self, key: &Key, node: &NodeView) {
        let Some(leased) = self.setting.addresses.node(node.address, node::number(&key.name))
        else {
            tracing::warn!(node = %key, "every node address of the world is used");
            return;
        };
        if let Some(patch) = node::adoption(&key.name, node, leased.ip) {
            let (setting, name) = (Arc::clone(&self.setting), Arc::clone(&key.name));
            self.setting.power.clone().spawn(async move {
                setting.writer.node(&name, patch).await;
            });
        }
        let mut machine = Machine {
            host: Host {
                name: Arc::clone(&key.name),
                address: leased.ip,
                power: self.setting.power.child(),
            },
            uid: node.uid.clone(),
            state: MachineState::Up,
            leased: Arc::new(leased),
            proxy: None,
            pods: HashMap::new(),
            off_at: None,
            report: None,
        };
        machine.power_on(&self.setting);
        machine.stay(&self.setting, node);
        self.machines.insert(Arc::clone(&key.name), machine);
    }

    fn pod(&mut self, key: &Key) {
        let view = self.setting.cluster.pods.get(key);
        for machine in self.machines.values_mut() {
            let here = view.as_ref().filter(|p| p.node.as_deref() == Some(&*machine.host.name));
            let known = machine.pods.get(key);
            if here.is_none() && known.is_none() {
                continue;
            }
            machine.pod(&self.setting, key, here);
        }
    }

    fn switch_off(&mut self) {
        let now = Instant::now();
        self.machines.retain(|name, machine| {
            let over = machine.off_at.is_some_and(|off| off <= now);
            if over {
                tracing::info!(node = %name, "switched off");
                machine.host.power.cut();
                self.setting.proxy.detach(name);
                self.setting.fleet.remove(name);
            }
            !over
        });
    }
}

impl Machine {
    fn is_running(&self) -> bool {
        matches!(self.state, MachineState::Up | MachineState::Leaving)
    }

    fn enter(&mut self, setting: &Setting, state: MachineState) {
        self.state = state;
        self.show(setting);
    }

    fn show(&self, setting: &Setting) {
        setting.fleet.set(Shown {
            name: Arc::clone(&self.host.name),
            address: self.host.address,
            state: self.state,
            uid: self.uid.clone(),
            since: Instant::now(),
        });
    }

    /// Opens the NodePorts and starts the pods; the power is a new one.
    fn power_on(&mut self, setting: &Arc<Setting>) {
        let Host { name, address, power } = self.host.clone();
        if setting.listen {
            self.proxy = Some(setting.proxy.attach(&name, address, power.clone()));
        }
        // The sockets of a crashed machine may outlive the machine's entry here.
        let leased = Arc::clone(&self.leased);
        power.clone().spawn(async move {
            power.went_off().await;
            drop(leased);
        });
        for (key, pod) in setting.cluster.pods.all(None) {
            if pod.node.as_deref() == Some(&*name) {
                self.pod(setting, &key, Some(&pod));
            }
        }
        self.enter(setting, MachineState::Up);
    }

    /// Its Node is there: it follows the annotation, and reports.
    fn stay(&mut self, setting: &Arc<Setting>, node: &NodeView) {
        if let Some(proxy) = &self.proxy {
            proxy.to_be_deleted.store(node.to_be_deleted, Ordering::Relaxed);
        }
        self.off_at = None;
        if self.uid != node.uid {
            // Deleted and made again while the machine worked on.
            self.uid.clone_from(&node.uid);
            self.show(setting);
        }
        if self.state == MachineState::Leaving {
            self.enter(setting, MachineState::Up);
        }
        let wanted = match node.crash {
            None => MachineState::Up,
            Some(Crash::Reset) => MachineState::Crashed,
            Some(Crash::Blackhole) => MachineState::Silent,
        };
        match (self.state, wanted) {
            (from, to) if from == to => {}
            (MachineState::Up, to) => self.crash(setting, to),
            (_, MachineState::Up) => {
                self.host.power.cut();
                self.host.power = setting.power.child();
                self.power_on(setting);
            }
            (_, to) => self.crash(setting, to),
        }
        self.report(setting);
    }

    fn crash(&mut self, setting: &Setting, into: MachineState) {
        tracing::info!(node = %self.host.name, state = ?into, "crashed");
        if into == MachineState::Silent && !self.host.power.is_off() {
            self.host.power.darken();
        } else {
            self.host.power.cut();
        }
        setting.proxy.detach(&self.host.name);
        self.proxy = None;
        self.pods.clear();
        self.enter(setting, into);
    }

    /// Its Node is gone: it works on for a while, as nobody has switched it off yet.
    fn leave(&mut self, setting: &Setting) {
        if self.off_at.is_none() {
            let drain = if self.is_running() { setting.drain } else { Duration::ZERO };
            self.off_at = Some(Instant::now() + drain);
            if self.is_running() {
                self.enter(setting, MachineState::Leaving);
            }
        }
    }

    fn pod(&mut self, setting: &Arc<Setting>, key: &Key, pod: Option<&Arc<PodView>>) {
        let pod = pod.filter(|pod| !pod.finished);
        let known = self.pods.get(key);
        match (pod, known) {
            (Some(pod), Some(running)) if running.uid == pod.uid => running.tell(pod),
            (pod, known) => {
                if let Some(running) = known {
                    running.tell_gone();
                    self.pods.remove(key);
                }
                if let Some(pod) = pod
                    && !self.host.power.is_dark()
                {
                    let (key, pod) = (key.clone(), Arc::clone(pod));
                    let setting = Arc::clone(setting);
                    let run = Running::start(setting, self.host.clone(), key.clone(), pod);
                    self.pods.insert(key, run);
                }
            }
        }
    }

    /// Writes the status if the API doesn't show the node as it is.
    fn report(&mut self, setting: &Arc<Setting>) {
        let key = Key::node(&self.host.name);
        let Some(node) = setting.cluster.nodes.get(&key) else { return };
        let told = node.ready == Readiness::True && node.address == Some(self.host.address);
        let under_way = self.report.as_ref().is_some_and(|report| !report.is_finished());
        if told || under_way || self.state != MachineState::Up {
            return;
        }
        let patch = node::report(&self.host.name, &node.uid, self.host.address);
        let (setting, name) = (Arc::clone(setting), Arc::clone(&self.host.name));
        self.report = Some(self.host.power.spawn_program(async move {
            setting.writer.node_status(&name, patch).await;
        }));
    }
}
