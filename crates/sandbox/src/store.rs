//! Objects by kind and key, with one revision for all of them.

pub(crate) mod history;
pub(crate) mod object;

use crate::kind::Resource;
use history::{Change, Happened, History};
use object::Object;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Namespace and name; the namespace is empty for what is cluster-wide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

#[derive(Debug)]
struct Shelf {
    objects: BTreeMap<Key, Arc<Object>>,
    history: History,
    changed: watch::Sender<u64>,
}

/// All objects. Every change gets the next revision.
#[derive(Debug)]
pub(crate) struct Store {
    shelves: [Shelf; Resource::COUNT],
    revision: u64,
}

impl Store {
    /// An empty store that remembers `window` changes of each kind.
    pub(crate) fn new(window: usize) -> Self {
        let shelf = |_| Shelf {
            objects: BTreeMap::new(),
            history: History::new(window),
            changed: watch::Sender::new(0),
        };
        Self { shelves: std::array::from_fn(shelf), revision: 0 }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, resource: Resource, key: &Key) -> Option<&Arc<Object>> {
        self.shelf(resource).objects.get(key)
    }

    /// The objects of one namespace, or of all if it is empty, in the order of their keys.
    pub(crate) fn list(
        &self,
        resource: Resource,
        namespace: &str,
    ) -> impl Iterator<Item = (&Key, &Arc<Object>)> {
        let from = Bound::Included(Key::new(namespace, ""));
        let all = namespace.is_empty();
        self.shelf(resource)
            .objects
            .range((from, Bound::Unbounded))
            .take_while(move |(key, _)| all || key.namespace == namespace)
    }

    /// Puts an object in its place, new or changed.
    pub(crate) fn put(&mut self, resource: Resource, key: Key, value: Value) -> Arc<Object> {
        self.revision += 1;
        let object = Arc::new(Object::new(value, self.revision));
        let shelf = &mut self.shelves[resource as usize];
        let previous = shelf.objects.insert(key, Arc::clone(&object));
        let happened = if previous.is_some() { Happened::Modified } else { Happened::Added };
        shelf.tell(Change { happened, object: Arc::clone(&object), previous });
        object
    }

    /// Takes an object away; `last` is the state that watches are told.
    pub(crate) fn remove(&mut self, resource: Resource, key: &Key, last: Value) -> Arc<Object> {
        self.revision += 1;
        let object = Arc::new(Object::new(last, self.revision));
        let shelf = &mut self.shelves[resource as usize];
        let previous = shelf.objects.remove(key);
        let happened = Happened::Deleted;
        shelf.tell(Change { happened, object: Arc::clone(&object), previous });
        object
    }

    pub(crate) fn since(&self, resource: Resource, revision: u64) -> Result<Vec<Change>, u64> {
        self.shelf(resource).history.since(revision)
    }

    /// Wakes when a kind changes.
    pub(crate) fn changes(&self, resource: Resource) -> watch::Receiver<u64> {
        self.shelf(resource).changed.subscribe()
    }

    fn shelf(&self, resource: Resource) -> &Shelf {
        &self.shelves[resource as usize]
    }
}

impl Shelf {
    fn tell(&mut self, change: Change) {
        let revision = change.object.revision();
        self.history.push(change);
        self.changed.send_replace(revision);
    }
}

/// Locks, whether or not another thread panicked: each write leaves the store whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
