//! The `EndpointSlice` controller.

mod desired;

use self::desired::MANAGER;
use super::{
    Setting,
    api::code,
    cluster::{Change, Key, gather},
};
use futures::{StreamExt as _, stream};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

const RETRY: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 8;
/// The pause after a round is as long as the round, within these bounds: what changes meanwhile
/// is written once. A thousand pods that start would else rewrite their slices a thousand times.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Keeps the slices of every Service that has a selector.
pub(crate) struct Endpoints {
    setting: Arc<Setting>,
    /// What was written for each Service, so that nothing is written twice.
    written: HashMap<Key, BTreeMap<String, EndpointSlice>>,
    /// The labels that a pod had when it was last seen: it may have left a Service.
    labels: HashMap<Key, BTreeMap<String, String>>,
}

impl Endpoints {
    pub(crate) fn new(setting: Arc<Setting>) -> Self {
        Self { setting, written: HashMap::new(), labels: HashMap::new() }
    }

    pub(crate) async fn run(mut self, mut changes: mpsc::UnboundedReceiver<Change>) {
        self.setting.cluster.listed().await;
        let mut again: BTreeSet<Key> = BTreeSet::new();
        loop {
            let batch = if again.is_empty() {
                gather(&mut changes).await
            } else {
                timeout(RETRY, gather(&mut changes)).await.unwrap_or_else(|_| Some(BTreeSet::new()))
            };
            let Some(batch) = batch else { return };
            let began = Instant::now();
            let mut dirty = std::mem::take(&mut again);
            dirty.extend(self.touched(batch));
            let wanted: Vec<_> = dirty.into_iter().map(|key| (self.wanted(&key), key)).collect();
            let me = &self;
            let results: Vec<_> = stream::iter(wanted)
                .map(|(wanted, key)| async move { (me.apply(&key, wanted).await, key) })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            for ((written, complete), key) in results {
                if !complete {
                    again.insert(key.clone());
                }
                if written.is_empty() {
                    self.written.remove(&key);
                } else {
                    self.written.insert(key, written);
                }
            }
            sleep(began.elapsed().clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
        }
    }

    /// The Services whose endpoints may differ after these changes.
    fn touched(&mut self, batch: BTreeSet<Change>) -> BTreeSet<Key> {
        let mut services = BTreeSet::new();
        for change in batch {
            match change {
                Change::Service(key) => {
                    services.insert(key);
                }
                Change::Pod(key) => {
                    let now = self.setting.cluster.pods.get(&key).map(|p| p.labels.clone());
                    let before = match &now {
                        Some(labels) => self.labels.insert(key.clone(), labels.clone()),
                        None => self.labels.remove(&key),
                    };
                    for (service, view) in self.setting.cluster.services.all(Some(&key.namespace)) {
                        let takes = |labels: &BTreeMap<String, String>| {
                            view.selector.iter().all(|(k, v)| labels.get(k) == Some(v))
                        };
                        if now.iter().chain(&before).any(takes) {
                            services.insert(service);
                        }
                    }
                }
                Change::Slice(key) => services.extend(self.disturbed(&key)),
                Change::Node(_) => {}
            }
        }
        services
    }

    /// The Service of a slice of ours that somebody deleted, or that nobody needs.
    fn disturbed(&mut self, slice: &Key) -> Option<Key> {
        if let Some(view) = self.setting.cluster.slices.get(slice) {
            if view.managed_by.as_deref() != Some(MANAGER) {
                return None;
            }
            let service = Key {
                namespace: Arc::clone(&slice.namespace),
                name: view.service.as_deref()?.into(),
            };
            // Left over from an earlier run: it is taken for written, and then found superfluous.
            let known = self.written.get(&service).is_some_and(|w| w.contains_key(&*slice.name));
            if !known {
                let written = self.written.entry(service.clone()).or_default();
                written.insert(slice.name.to_string(), EndpointSlice::default());
            }
            return (!known).then_some(service);
        }
        let (service, written) = (self.written.iter_mut())
            .find(|(key, w)| key.namespace == slice.namespace && w.contains_key(&*slice.name))?;
        written.remove(&*slice.name);
        Some(service.clone())
    }

    fn wanted(&self, key: &Key) -> BTreeMap<String, EndpointSlice> {
        let cluster = &self.setting.cluster;
        let service = cluster.services.get(key);
        let Some(service) =
            service.filter(|s| !s.selector.is_empty() && !s.external_name && s.ipv4)
        else {
            return BTreeMap::new();
        };
        let mut pods = cluster.pods.all(Some(&key.namespace));
        pods.retain(|(_, pod)| desired::selects(&service, pod));
        desired::slices(key, &service, &pods, |node| cluster.nodes.get(&Key::node(node)))
    }

    /// Writes what differs; returns what is there now, and whether that is all that is wanted.
    async fn apply(
        &self,
        key: &Key,
        wanted: BTreeMap<String, EndpointSlice>,
    ) -> (BTreeMap<String, EndpointSlice>, bool) {
        if self.setting.cluster.services.get(key).is_none() {
            // They go after their owner, unless whoever deleted it lets them go.
            return (BTreeMap::new(), true);
        }
        let api = Api::<EndpointSlice>::namespaced(self.setting.writer.client(), &key.namespace);
        let mut written = self.written.get(key).cloned().unwrap_or_default();
        let mut complete = true;
        for (name, slice) in &wanted {
            if written.get(name) == Some(slice) {
                continue;
            }
            let known = written.contains_key(name);
            match self.setting.writer.once(write(&api, slice, name, known)).await {
                Ok(()) => {
                    written.insert(name.clone(), slice.clone());
                }
                Err(error) => {
                    tracing::debug!(%error, service = %key, "a slice could not be written");
                    written.remove(name);
                    complete = false;
                }
            }
        }
        let superfluous: Vec<_> =
            written.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
        for name in superfluous {
            let params = DeleteParams::default();
            match self.setting.writer.once(api.delete(&name, &params)).await {
                Err(error) if code(&error) != Some(404) => {
                    tracing::debug!(%error, service = %key, "a slice could not be deleted");
                    complete = false;
                }
                Ok(_) | Err(_) => {
                    written.remove(&name);
                }
            }
        }
        (written, complete)
    }
}

async fn write(
    api: &Api<EndpointSlice>,
    slice: &EndpointSlice,
    name: &str,
    known: bool,
) -> kube::Result<()> {
    if !known {
        match api.create(&PostParams::default(), slice).await {
            Err(error) if code(&error) == Some(409) => {}
            created => return created.map(drop),
        }
    }
    // In a merge patch the lists are replaced as a whole.
    api.patch(name, &PatchParams::default(), &Patch::Merge(slice)).await.map(drop)
}
