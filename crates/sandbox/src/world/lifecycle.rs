//! What the node lifecycle controller and the pod garbage collector of a real cluster do.

use super::{
    Setting,
    cluster::{Change, Key, PodView, Readiness, gather},
    fleet::{Machine, MachineState},
    node, pod,
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// A pod may be seen before its node: so long nobody takes it for lost.
const QUARANTINE: Duration = Duration::from_secs(5);

/// Tells the API of nodes that went silent, and deletes the pods of nodes that are gone.
pub(crate) struct Lifecycle {
    setting: Arc<Setting>,
    /// Pods without a node or machine, and since when.
    lost: BTreeMap<Key, Instant>,
    /// Pods whose deletion was asked for, by uid.
    evicted: HashMap<Key, String>,
    /// Nodes whose silence was told, by when it began.
    told: HashMap<Arc<str>, Instant>,
}

impl Lifecycle {
    pub(crate) fn new(setting: Arc<Setting>) -> Self {
        Self { setting, lost: BTreeMap::new(), evicted: HashMap::new(), told: HashMap::new() }
    }

    pub(crate) async fn run(mut self, mut changes: mpsc::UnboundedReceiver<Change>) {
        self.setting.cluster.listed().await;
        let mut fleet = self.setting.fleet.watch();
        loop {
            let next = self.silent().map(|m| m.since + self.setting.node_monitor_grace);
            let next = next.chain(self.lost.values().map(|since| *since + QUARANTINE)).min();
            tokio::select! {
                batch = gather(&mut changes) => {
                    let Some(batch) = batch else { return };
                    self.look(batch).await;
                }
                changed = fleet.changed() => {
                    if changed.is_err() { return }
                    let leaving = (self.setting.fleet.all().into_iter())
                        .filter(|m| m.state == MachineState::Leaving)
                        .map(|m| Change::Node(Key::node(&m.name)));
                    self.look(leaving.collect()).await;
                }
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    self.mark_silent().await;
                    self.collect_lost().await;
                }
            }
        }
    }

    /// The machines that are silent and of which the API doesn't know it yet.
    fn silent(&self) -> impl Iterator<Item = Machine> {
        (self.setting.fleet.all().into_iter())
            .filter(|m| matches!(m.state, MachineState::Crashed | MachineState::Silent))
            .filter(|m| self.told.get(&m.name) != Some(&m.since))
    }

    async fn mark_silent(&mut self) {
        let due: Vec<_> = (self.silent())
            .filter(|m| m.since.elapsed() >= self.setting.node_monitor_grace)
            .collect();
        for machine in due {
            self.told.insert(Arc::clone(&machine.name), machine.since);
            let Some(node) = self.setting.cluster.nodes.get(&Key::node(&machine.name)) else {
                continue;
            };
            self.setting.writer.node_status(&machine.name, node::silence(&node.uid)).await;
            for (key, pod) in self.pods_on(&machine.name) {
                if let Some(ip) = pod.ip.filter(|_| pod.ready == Readiness::True) {
                    let status = pod::status(&pod, ip, machine.address, Timestamp::now(), false);
                    self.setting.writer.pod_status(&key, status).await;
                }
            }
        }
    }

    async fn look(&mut self, batch: BTreeSet<Change>) {
        let mut keys = BTreeSet::new();
        for change in batch {
            match change {
                Change::Pod(key) => {
                    keys.insert(key);
                }
                Change::Node(key) => {
                    if self.setting.cluster.nodes.get(&key).is_none() {
                        self.told.remove(&key.name);
                        keys.extend(self.pods_on(&key.name).into_iter().map(|(key, _)| key));
                    }
                }
                Change::Service(_) | Change::Slice(_) => {}
            }
        }
        for key in keys {
            self.look_at(&key).await;
        }
    }

    async fn look_at(&mut self, key: &Key) {
        let Some(pod) = self.setting.cluster.pods.get(key) else {
            self.lost.remove(key);
            self.evicted.remove(key);
            return;
        };
        let Some(node) = &pod.node else {
            // Nobody else would ever confirm the end of a pod that never began.
            if pod.deleting.is_some() {
                self.delete(key, &pod, Some(0)).await;
            }
            return;
        };
        if self.setting.cluster.nodes.get(&Key::node(node)).is_some() {
            self.lost.remove(key);
        } else {
            self.lost.entry(key.clone()).or_insert_with(Instant::now);
            if self.is_served(node) && pod.deleting.is_none() {
                self.delete(key, &pod, None).await;
            }
        }
    }

    /// Deletes what is lost for long enough, if the API says the same of its node.
    async fn collect_lost(&mut self) {
        let due: Vec<_> = (self.lost.iter())
            .filter(|(_, since)| since.elapsed() >= QUARANTINE)
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            self.lost.remove(&key);
            let Some(pod) = self.setting.cluster.pods.get(&key) else { continue };
            let Some(name) = pod.node.as_deref() else { continue };
            if self.is_served(name) {
                self.lost.insert(key, Instant::now());
                continue;
            }
            let api = Api::<Node>::all(self.setting.writer.client());
            match self.setting.writer.once(api.get_metadata_opt(name)).await {
                Ok(None) => self.delete(&key, &pod, Some(0)).await,
                Ok(Some(_)) => {}
                Err(_) => {
                    self.lost.insert(key, Instant::now());
                }
            }
        }
    }

    /// The machine of a Node that is gone still runs: its kubelet ends the pods in good order.
    fn is_served(&self, node: &str) -> bool {
        self.setting.fleet.get(node).is_some_and(|m| m.state == MachineState::Leaving)
    }

    async fn delete(&mut self, key: &Key, pod: &PodView, grace: Option<u32>) {
        let asked = self.evicted.get(key) == Some(&pod.uid);
        if asked && grace != Some(0) {
            return;
        }
        self.evicted.insert(key.clone(), pod.uid.clone());
        self.setting.writer.delete_pod(key, &pod.uid, grace).await;
    }

    fn pods_on(&self, node: &str) -> Vec<(Key, Arc<PodView>)> {
        let mut pods = self.setting.cluster.pods.all(None);
        pods.retain(|(_, pod)| pod.node.as_deref() == Some(node));
        pods
    }
}
