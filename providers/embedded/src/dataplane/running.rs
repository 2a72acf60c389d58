use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use seaway_health::Checks;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::affinity::Affinity;
use super::balancer::{Door, Protocol};
use super::counters::{Counter, Counters};
use super::front::{Notices, Rules};
use super::listener::{Bound, Opened, Serving};
use super::room::House;
use super::sources::Admission;
use super::state::BalancerState;
use super::targets::{Epoch, Pool, Wanted};
use super::workers::Workers;
use super::{Balancer, BalancerId, Options};

/// What all balancers of a plane share.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) options: Arc<Options>,
    pub(super) house: Arc<House>,
    pub(super) epoch: Arc<Epoch>,
    pub(super) checks: Arc<Checks>,
    /// Carry the traffic.
    pub(super) workers: Arc<Workers>,
    /// Carries everything else.
    pub(super) control: Handle,
    /// Ends every connection.
    pub(super) end: CancellationToken,
    /// The connections of closed listeners, until they have ended.
    pub(super) leftovers: TaskTracker,
}

/// A balancer that serves.
#[derive(Debug)]
pub(super) struct Running {
    applied: ArcSwap<Balancer>,
    rules: Arc<Rules>,
    serving: Mutex<BTreeMap<Door, Serving>>,
}

/// The sockets that a change needs, listening already: from here on it can't fail.
#[derive(Debug, Default)]
pub(super) struct Opening(BTreeMap<Door, Opened>);

impl Running {
    pub(super) fn new(id: BalancerId, ground: &Ground) -> Self {
        let rules = Rules {
            id,
            tuning: ArcSwap::default(),
            admission: ArcSwap::from_pointee(Admission::Only(Vec::new())),
            affinity: Affinity::new(ground.options.affinity_clients),
            counters: Counters::default(),
            seats: Counter::default(),
            house: Arc::clone(&ground.house),
            notices: Notices::default(),
        };
        Self { applied: ArcSwap::default(), rules: Arc::new(rules), serving: Mutex::default() }
    }

    fn serving(&self) -> MutexGuard<'_, BTreeMap<Door, Serving>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn applied(&self) -> Arc<Balancer> {
        self.applied.load_full()
    }

    pub(super) fn has(&self, door: Door) -> bool {
        self.serving().contains_key(&door)
    }

    /// Opens what `want` needs and isn't open yet: all of it, or nothing.
    pub(super) fn open(
        &self,
        want: &Balancer,
        ground: &Ground,
    ) -> Result<Opening, (Door, io::Error)> {
        let mut bound = Vec::new();
        for listener in &want.listeners {
            let door = listener.door();
            if !self.has(door) {
                let socket = Bound::bind(door, &ground.options);
                bound.push(socket.map_err(|error| (door, error))?);
            }
        }
        let mut opening = Opening::default();
        for socket in bound {
            let door = socket.door;
            let opened = socket.listen(ground.options.backlog, &ground.workers);
            opening.0.insert(door, opened.map_err(|error| (door, error))?);
        }
        Ok(opening)
    }

    /// Makes the balancer what `want` says, and returns the listeners that it has no more.
    pub(super) fn change(
        &self,
        want: Arc<Balancer>,
        Opening(mut opening): Opening,
        ground: &Ground,
    ) -> Vec<Serving> {
        self.rules.admission.store(Arc::new(Admission::new(&want.sources)));
        self.rules.affinity.set(want.affinity);
        self.rules.tuning.store(Arc::new(want.tuning));
        let tcp = want.listeners.iter().find(|listener| listener.protocol == Protocol::Tcp);
        let mut serving = self.serving();
        let mut gone = std::mem::take(&mut *serving);
        for listener in &want.listeners {
            let door = listener.door();
            let check_port = match listener.protocol {
                Protocol::Tcp => Some(listener.target_port),
                Protocol::Udp => tcp.map(|tcp| tcp.target_port),
            };
            let wanted = Wanted {
                targets: &want.targets,
                port: listener.target_port,
                health: &want.health,
                check_port,
            };
            if let Some(open) = gone.remove(&door) {
                open.front.pool.set(&wanted, &ground.checks);
                serving.insert(door, open);
            } else if let Some(opened) = opening.remove(&door) {
                let pool = Pool::new(Arc::clone(&ground.epoch));
                pool.set(&wanted, &ground.checks);
                let end = ground.end.child_token();
                let options = Arc::clone(&ground.options);
                let rules = Arc::clone(&self.rules);
                let workers = Arc::clone(&ground.workers);
                serving.insert(door, opened.serve(rules, pool, options, (end, workers)));
            }
        }
        self.applied.store(want);
        gone.into_values().collect()
    }

    /// Takes all listeners out of the balancer.
    pub(super) fn clear(&self) -> Vec<Serving> {
        std::mem::take(&mut *self.serving()).into_values().collect()
    }

    pub(super) fn state(&self) -> BalancerState {
        let mut state = BalancerState::new(self.applied(), self.rules.counters.read());
        for serving in self.serving().values() {
            let (pool, ring) = (&serving.front.pool, serving.front.pool.ring());
            for member in pool.members().iter() {
                state.add(member, &ring);
            }
        }
        state
    }
}

impl Ground {
    /// Closes listeners; the ports are free when this returns, open connections live on
    /// for up to `limit`.
    pub(super) async fn close(&self, listeners: Vec<Serving>, limit: Duration) {
        for listener in listeners {
            let leftover = listener.close().await;
            self.leftovers.spawn_on(leftover.drain(limit), &self.control);
        }
    }
}
