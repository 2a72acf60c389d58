//! What the API says, as far as the simulation reads it: one watch per kind for the whole world.

mod node;
mod pod;
mod service;
mod slice;

pub(crate) use self::{
    node::{CRASH, NodeView, Readiness, SIMULATED},
    pod::PodView,
    service::{Policy, PortTarget, PortView, ServiceView},
    slice::{MANAGED_BY, SERVICE_NAME, SliceView},
};
use super::power::Power;
use futures::{StreamExt as _, pin_mut};
use k8s_openapi::api::{
    core::v1::{Node, Pod, Service},
    discovery::v1::EndpointSlice,
};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    runtime::{WatchStreamExt as _, watcher},
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug},
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::{mpsc, watch};

/// Namespace and name; the namespace of what has none is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Key {
    pub(crate) fn of<K: Resource>(object: &K) -> Self {
        Self {
            namespace: object.meta().namespace.as_deref().unwrap_or_default().into(),
            name: object.meta().name.as_deref().unwrap_or_default().into(),
        }
    }

    pub(crate) fn node(name: &str) -> Self {
        Self { namespace: "".into(), name: name.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

/// Something that is read here was added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    Node(Key),
    Pod(Key),
    Service(Key),
    Slice(Key),
}

/// The objects of one kind.
#[derive(Debug)]
pub(crate) struct Shelf<V>(RwLock<BTreeMap<Key, Arc<V>>>);

impl<V> Default for Shelf<V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<V> Shelf<V> {
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// All objects, or those of one namespace.
    pub(crate) fn all(&self, namespace: Option<&str>) -> Vec<(Key, Arc<V>)> {
        let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shelf
            .iter()
            .filter(|(key, _)| namespace.is_none_or(|n| *key.namespace == *n))
            .map(|(key, view)| (key.clone(), Arc::clone(view)))
            .collect()
    }

    fn put(&self, key: Key, view: V) -> bool
    where
        V: PartialEq,
    {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shelf.get(&key).is_some_and(|old| **old == view) {
            return false;
        }
        shelf.insert(key, Arc::new(view));
        true
    }

    fn remove(&self, key: &Key) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key).is_some()
    }
}

/// What the API holds, and who wants to hear of changes.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) nodes: Shelf<NodeView>,
    pub(crate) pods: Shelf<PodView>,
    pub(crate) services: Shelf<ServiceView>,
    pub(crate) slices: Shelf<SliceView>,
    listeners: RwLock<Vec<mpsc::UnboundedSender<Change>>>,
    listed: watch::Sender<BTreeSet<&'static str>>,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Shelf::default(),
            pods: Shelf::default(),
            services: Shelf::default(),
            slices: Shelf::default(),
            listeners: RwLock::default(),
            listed: watch::Sender::default(),
        }
    }

    /// Everything that changes from now on.
    pub(crate) fn subscribe(&self) -> mpsc::UnboundedReceiver<Change> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Waits until all four kinds were listed once: before, an absence means nothing.
    pub(crate) async fn listed(&self) {
        // The sender lives in `self`, so that the wait can't fail.
        let _ = self.listed.subscribe().wait_for(|kinds| kinds.len() == 4).await;
    }

    /// Starts the four watches.
    pub(crate) fn follow(self: &Arc<Self>, client: &Client, power: &Power) {
        let (me, api) = (Arc::clone(self), Api::<Node>::all(client.clone()));
        power.spawn(async move {
            me.follow_kind(api, &me.nodes, Change::Node).await;
        });
        let (me, api) = (Arc::clone(self), Api::<Pod>::all(client.clone()));
        power.spawn(async move {
            me.follow_kind(api, &me.pods, Change::Pod).await;
        });
        let (me, api) = (Arc::clone(self), Api::<Service>::all(client.clone()));
        power.spawn(async move {
            me.follow_kind(api, &me.services, Change::Service).await;
        });
        let (me, api) = (Arc::clone(self), Api::<EndpointSlice>::all(client.clone()));
        power.spawn(async move {
            me.follow_kind(api, &me.slices, Change::Slice).await;
        });
    }

    async fn follow_kind<K, V>(&self, api: Api<K>, shelf: &Shelf<V>, change: impl Fn(Key) -> Change)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
        V: PartialEq + for<'a> From<&'a K>,
    {
        let put = |object: &K| {
            let key = Key::of(object);
            if shelf.put(key.clone(), V::from(object)) {
                self.tell(&change(key));
            }
        };
        let mut seen = BTreeSet::new();
        let events = watcher(api, watcher::Config::default()).default_backoff();
        pin_mut!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(watcher::Event::Init) => seen.clear(),
                Ok(watcher::Event::InitApply(object)) => {
                    seen.insert(Key::of(&object));
                    put(&object);
                }
                Ok(watcher::Event::InitDone) => {
                    for key in shelf.keys() {
                        if !seen.contains(&key) && shelf.remove(&key) {
                            self.tell(&change(key));
                        }
                    }
                    seen.clear();
                    self.listed.send_modify(|kinds| {
                        kinds.insert(std::any::type_name::<K>());
                    });
                }
                Ok(watcher::Event::Apply(object)) => put(&object),
                Ok(watcher::Event::Delete(object)) => {
                    let key = Key::of(&object);
                    if shelf.remove(&key) {
                        self.tell(&change(key));
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, kind = %K::kind(&()), "the watch is interrupted");
                }
            }
        }
    }

    fn tell(&self, change: &Change) {
        for listener in self.listeners.read().unwrap_or_else(PoisonError::into_inner).iter() {
            // A part of the world that has ended doesn't listen any more.
            let _ = listener.send(change.clone());
        }
    }
}

/// Waits for a change, takes all that came with it, and forgets doubles; `None` at the end.
pub(crate) async fn gather(
    changes: &mut mpsc::UnboundedReceiver<Change>,
) -> Option<BTreeSet<Change>> {
    let mut batch = Vec::new();
    (changes.recv_many(&mut batch, usize::MAX >> 16).await > 0).then(|| batch.into_iter().collect())
}

/// The annotation of an object, if it has it.
fn annotation<'a, K: Resource>(object: &'a K, key: &str) -> Option<&'a str> {
    object.annotations().get(key).map(String::as_str)
}
