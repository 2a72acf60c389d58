use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};
use tokio::{sync::watch, time::Instant};

/// A simulated machine as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The name of its Node.
    pub name: Arc<str>,
    /// Its own loopback address.
    pub address: Ipv4Addr,
    /// What it is doing.
    pub state: MachineState,
    /// The uid of its Node.
    pub(crate) uid: String,
    pub(crate) since: Instant,
}

/// What a simulated machine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineState {
    /// It works.
    Up,
    /// Its Node is deleted; it works until it is switched off.
    Leaving,
    /// It crashed: its sockets are gone.
    Crashed,
    /// It crashed: its sockets are there, and nothing answers.
    Silent,
}

/// All machines, for who wants to see them or wait for them.
#[derive(Debug, Default)]
pub(crate) struct Fleet(watch::Sender<BTreeMap<Arc<str>, Machine>>);

impl Fleet {
    pub(crate) fn set(&self, machine: Machine) {
        self.0.send_modify(|machines| {
            machines.insert(Arc::clone(&machine.name), machine);
        });
    }

    pub(crate) fn remove(&self, name: &str) {
        self.0.send_modify(|machines| {
            machines.remove(name);
        });
    }

    pub(crate) fn get(&self, name: &str) -> Option<Machine> {
        self.0.borrow().get(name).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Machine> {
        self.0.borrow().values().cloned().collect()
    }

    /// Tells of every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<BTreeMap<Arc<str>, Machine>> {
        self.0.subscribe()
    }
}
