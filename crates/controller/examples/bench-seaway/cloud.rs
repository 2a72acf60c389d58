//! The cloud: what there is, what a call costs, and how many were made.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use seaway_core::{Nodes, ServiceUid};
use serde_json::{Value, json};

/// The load balancers, with the nodes that each sends traffic to.
pub(crate) type Balancers = BTreeMap<ServiceUid, Nodes>;

/// A cloud in memory.
#[derive(Debug)]
pub(crate) struct Cloud {
    call: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    balancers: Balancers,
    calls: u64,
    active: SystemTime,
}

impl Cloud {
    /// The cloud in which each call takes so long: as a process before this one left it, if there was
    /// one.
    pub(crate) fn load(file: &Path, call: Duration) -> io::Result<Self> {
        let groups: Vec<(Nodes, Vec<ServiceUid>)> = match std::fs::read(file) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut balancers = Balancers::new();
        for (nodes, uids) in groups {
            balancers.extend(uids.into_iter().map(|uid| (uid, nodes.clone())));
        }
        let state = State { balancers, calls: 0, active: SystemTime::now() };
        Ok(Self { call, state: Mutex::new(state) })
    }

    /// Writes it down for the process that comes next. Most load balancers have the same nodes, which
    /// are written once.
    pub(crate) fn save(&self, file: &Path) -> io::Result<()> {
        let mut groups: Vec<(Nodes, Vec<ServiceUid>)> = Vec::new();
        for (uid, nodes) in &self.state().balancers {
            match groups.iter_mut().find(|(same, _)| same == nodes) {
                Some((_, uids)) => uids.push(uid.clone()),
                None => groups.push((nodes.clone(), vec![uid.clone()])),
            }
        }
        std::fs::write(file, serde_json::to_vec(&groups)?)
    }

    /// One call, which may change what there is.
    pub(crate) async fn ask<T>(&self, change: impl FnOnce(&mut Balancers) -> T) -> T {
        tokio::time::sleep(self.call).await;
        let mut state = self.state();
        state.calls += 1;
        state.active = SystemTime::now();
        change(&mut state.balancers)
    }

    /// Notes that something was done that is no call.
    pub(crate) fn touch(&self) {
        self.state().active = SystemTime::now();
    }

    /// How many calls there were, when something was done last, in milliseconds since 1970, and how
    /// many load balancers have so many nodes.
    pub(crate) fn counts(&self) -> Value {
        let state = self.state();
        let mut with: BTreeMap<usize, usize> = BTreeMap::new();
        for nodes in state.balancers.values() {
            *with.entry(nodes.len()).or_default() += 1;
        }
        let active = state.active.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        json!({
            "calls": state.calls,
            "active": u64::try_from(active.as_millis()).unwrap_or_default(),
            "with": with,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
