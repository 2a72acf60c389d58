//! The cluster: the store, and what is allocated from it, under one lock.

mod bind;
mod create;
mod delete;
mod garbage;
mod namespace;
mod update;

pub(crate) use delete::{DeleteOptions, Deletion};
pub(crate) use update::{Part, Update};

use crate::{
    kind::{Kind, Resource},
    managed::{Manager, Operation},
    service::allocate::Ledger,
    status::Status,
    store::{Key, Store, history::Change, lock, object::Object},
};
use garbage::Chores;
use ipnet::IpNet;
use serde_json::{Value, json};
use std::{
    ops::RangeInclusive,
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

/// Who makes what is there on the first day.
const SERVER: &str = "kube-apiserver";
/// Namespaces that can't be deleted.
const IMMORTAL: &[&str] = &["default", "kube-public", "kube-system"];

/// All state of one sandbox.
#[derive(Debug)]
pub(crate) struct Cluster {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    store: Store,
    ledger: Ledger,
    chores: Chores,
}

impl Cluster {
    /// A cluster as it is on its first day.
    pub(crate) fn new(
        nets: &[IpNet],
        ports: &RangeInclusive<u16>,
        window: usize,
    ) -> Result<Self, Status> {
        let ledger = Ledger::new(nets, ports);
        let first = ledger.first_address();
        let state = State { store: Store::new(window), ledger, chores: Chores::default() };
        let cluster = Self { state: Mutex::new(state) };
        let namespaces = Kind::of(Resource::Namespaces);
        let by = Manager::new(Operation::Update, SERVER, "v1".to_owned(), Part::Main);
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            cluster.create(namespaces, json!({ "metadata": { "name": name } }), &by, false)?;
        }
        if let Some(ip) = first {
            let service = json!({
                "metadata": {
                    "name": "kubernetes",
                    "namespace": "default",
                    "labels": { "component": "apiserver", "provider": "kubernetes" },
                },
                "spec": {
                    "clusterIP": ip.to_string(),
                    "ports": [{ "name": "https", "port": 443, "targetPort": 6443 }],
                },
            });
            cluster.create(Kind::of(Resource::Services), service, &by, false)?;
        }
        Ok(cluster)
    }

    pub(crate) fn get(&self, kind: &Kind, key: &Key) -> Result<Arc<Object>, Status> {
        let state = lock(&self.state);
        let found = state.store.get(kind.resource, key).cloned();
        found.ok_or_else(|| Status::not_found(kind, &key.name))
    }

    /// The objects of a namespace (of all, if it is empty), and the revision of the list.
    pub(crate) fn list(&self, resource: Resource, namespace: &str) -> (Vec<Arc<Object>>, u64) {
        let state = lock(&self.state);
        let objects = state.store.list(resource, namespace);
        (objects.map(|(_, object)| Arc::clone(object)).collect(), state.store.revision())
    }

    /// The changes after a revision, and the revision up to which they reach.
    pub(crate) fn since(
        &self,
        resource: Resource,
        revision: u64,
    ) -> Result<(Vec<Change>, u64), Status> {
        let state = lock(&self.state);
        let changes = state.store.since(resource, revision);
        let changes = changes.map_err(|oldest| Status::expired(revision, oldest))?;
        Ok((changes, state.store.revision()))
    }

    /// Wakes when objects of a kind change.
    pub(crate) fn changes(&self, resource: Resource) -> watch::Receiver<u64> {
        lock(&self.state).store.changes(resource)
    }
}

fn key_of(kind: &Kind, object: &Value) -> Key {
    let namespace = if kind.namespaced { crate::meta::namespace(object) } else { "" };
    Key::new(namespace, crate::meta::name(object))
}
