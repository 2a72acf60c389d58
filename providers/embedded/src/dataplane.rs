//! The load balancer that runs inside the controller's process.
//!
//! A room of its own: it knows nothing of Kubernetes or providers, and works on threads of its
//! own. Traffic has a thread per core (`seaway-proxy-N`), each with a loop of its own: all of them
//! accept at each TCP listener, and a connection stays with one from its accept to its end. Checks,
//! changes and timers have one thread (`seaway-health`), so that a busy byte path delays none of
//! them. [`DataPlane`] is the door.
//!
//! # Guarantees
//! - A change of targets, sources, affinity or checks touches no listener and no open connection.
//!   Clients that a narrowed source range shuts out keep their open TCP connections; their next
//!   datagram is refused.
//! - A removed target gets no new connection, and a draining one none while another is up; UDP
//!   flows leave it with their next datagram. If all targets are down, all are tried.
//! - Connections end by a reset, not as if complete, if the other side broke or a drain limit
//!   passed.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use seaway_health::{Checks, OnTurn};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use room::House;
use running::{Ground, Running};
use targets::Epoch;
use workers::Workers;

mod affinity;
mod balancer;
mod budget;
mod counters;
mod error;
mod front;
mod listener;
mod notice;
mod options;
mod proxy;
mod recent;
mod room;
mod running;
mod seldom;
mod sources;
mod state;
mod targets;
mod tcp;
mod tuning;
mod udp;
mod workers;

pub use balancer::{Balancer, BalancerId, Listener, Protocol, Target};
pub use counters::{Counts, TargetCounts};
pub use error::{Error, ErrorKind};
pub use options::{Keepalive, Options};
pub use seaway_health::{HealthCheck, Probe};
pub use sources::Sources;
pub use state::{BalancerState, PlaneState, TargetState};
pub use tuning::Tuning;

/// All balancers of this process. Usable from any runtime, and from none.
///
/// Dropping it ends everything at once; [`DataPlane::shutdown`] lets connections finish.
#[derive(Debug)]
pub struct DataPlane {
    core: Arc<Core>,
    threads: Mutex<Option<Threads>>,
}

/// What [`DataPlane::set`] answers if a listener's address is not on this machine: for those who know
/// it better than a bind does.
pub(crate) fn not_local(listener: &Listener) -> Error {
    Error::listen(listener.door(), &io::ErrorKind::AddrNotAvailable.into(), None)
}

#[derive(Debug)]
struct Core {
    ground: Ground,
    balancers: Mutex<BTreeMap<BalancerId, Arc<Running>>>,
    /// One change at a time; true: none any more.
    stopped: tokio::sync::Mutex<bool>,
}

#[derive(Debug)]
struct Threads {
    proxy: Vec<JoinHandle<()>>,
    health: JoinHandle<()>,
    /// Ends them all when it is dropped.
    stop: DropGuard,
}

impl DataPlane {
    /// Starts the threads; nothing is open yet.
    pub fn start(options: Options) -> Result<Self, Error> {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = if options.threads == 0 { cores() } else { options.threads };
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let guard = stop.clone().drop_guard();
        let (workers, proxy) = Workers::start(threads, &stop)
            .map_err(|error| Error::start("the proxy threads", &error))?;
        let control = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::start("the health checks", &error))?;
        let (epoch, control_handle) = (Arc::new(Epoch::default()), control.handle().clone());
        let listener = Arc::clone(&epoch) as Arc<dyn OnTurn>;
        let checks = Checks::new(options.checks_at_once, listener, control_handle.clone());
        let health = thread::Builder::new()
            .name("seaway-health".to_owned())
            .spawn(move || control.block_on(stopped))
            .map_err(|error| Error::start("the health thread", &error))?;
        let ground = Ground {
            house: Arc::new(House::new(&options)),
            options: Arc::new(options),
            epoch,
            checks,
            workers: Arc::new(workers),
            control: control_handle,
            end: CancellationToken::new(),
            leftovers: TaskTracker::new(),
        };
        let (balancers, stopped) = (Mutex::default(), tokio::sync::Mutex::new(false));
        let threads = Mutex::new(Some(Threads { proxy, health, stop: guard }));
        Ok(Self { core: Arc::new(Core { ground, balancers, stopped }), threads })
    }

    /// Makes a balancer what `want` says: listeners are opened, changed in place, or closed.
    ///
    /// # Guarantees
    /// If one listener can't be opened, nothing at all has changed. Otherwise all is in force
    /// when this returns, and the ports of closed listeners are free; their open connections
    /// live on for up to [`Options::listener_drain`]. Once begun, a change is completed even if
    /// the future is dropped.
    pub async fn set(&self, id: BalancerId, want: impl Into<Arc<Balancer>>) -> Result<(), Error> {
        let (core, want) = (Arc::clone(&self.core), want.into());
        let change = async move { core.set(id, want).await };
        // It fails only if the runtime is gone.
        self.core.ground.control.spawn(change).await.unwrap_or_else(|_| Err(Error::stopped()))
    }

    /// Closes all listeners of a balancer, as [`DataPlane::set`] closes one; an unknown one is
    /// fine.
    pub async fn remove(&self, id: BalancerId) {
        let core = Arc::clone(&self.core);
        let change = async move { core.remove(&id).await };
        // It fails only if the runtime is gone, and all balancers with it.
        drop(self.core.ground.control.spawn(change).await);
    }

    /// What is open now. Never waits for traffic, nor makes traffic wait.
    pub fn state(&self) -> BTreeMap<BalancerId, BalancerState> {
        let balancers = self.core.balancers().clone();
        balancers.into_iter().map(|(id, running)| (id, running.state())).collect()
    }

    /// What one balancer is now; none if it isn't there.
    pub fn state_of(&self, id: &BalancerId) -> Option<BalancerState> {
        let running = self.core.balancers().get(id).cloned()?;
        Some(running.state())
    }

    /// What all balancers use up together.
    pub fn plane_state(&self) -> PlaneState {
        self.core.ground.house.state()
    }

    /// What one balancer was last set to; none if it isn't there. As cheap as one look-up.
    pub fn applied(&self, id: &BalancerId) -> Option<Arc<Balancer>> {
        self.core.balancers().get(id).map(|running| running.applied())
    }

    /// What every balancer was last set to: [`DataPlane::state`] without what traffic makes of it.
    pub fn all_applied(&self) -> BTreeMap<BalancerId, Arc<Balancer>> {
        let balancers = self.core.balancers();
        balancers.iter().map(|(id, running)| (id.clone(), running.applied())).collect()
    }

    /// Closes all listeners, lets open connections live up to `deadline`, and ends the threads.
    pub async fn shutdown(&self, deadline: Duration) {
        let core = Arc::clone(&self.core);
        drop(self.core.ground.control.spawn(async move { core.stop(deadline).await }).await);
        let threads = self.threads().take();
        let Some(threads) = threads else { return };
        let (done, joined) = oneshot::channel();
        // Joining threads blocks, and this may be the only thread of the caller's runtime.
        let join = move || {
            threads.join();
            let _ = done.send(());
        };
        match thread::Builder::new().name("seaway-shutdown".to_owned()).spawn(join) {
            Ok(thread) => {
                drop(joined.await);
                // It has said its last word, so this doesn't wait.
                drop(thread.join());
            }
            Err(error) => tracing::warn!(%error, "can't wait for the data plane's threads"),
        }
    }

    fn threads(&self) -> MutexGuard<'_, Option<Threads>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads {
    fn join(self) {
        drop(self.stop);
        for thread in self.proxy.into_iter().chain([self.health]) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "a thread of the data plane ended badly");
            }
        }
    }
}

impl Core {
    fn balancers(&self) -> MutexGuard<'_, BTreeMap<BalancerId, Arc<Running>>> {
        self.balancers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn set(&self, id: BalancerId, want: Arc<Balancer>) -> Result<(), Error> {
        let stopped = self.stopped.lock().await;
        if *stopped {
            return Err(Error::stopped());
        }
        want.validate()?;
        let known = self.balancers().get(&id).cloned();
        let running = known.unwrap_or_else(|| Arc::new(Running::new(id.clone(), &self.ground)));
        let opening = running.open(&want, &self.ground).map_err(|(door, error)| {
            let balancers = self.balancers();
            let holder = balancers.iter().find(|(_, running)| running.has(door));
            Error::listen(door, &error, holder.map(|(id, _)| id.to_string()).as_deref())
        })?;
        let gone = running.change(want, opening, &self.ground);
        self.balancers().insert(id, running);
        self.ground.close(gone, self.ground.options.listener_drain).await;
        Ok(())
    }

    async fn remove(&self, id: &BalancerId) {
        let _turn = self.stopped.lock().await;
        let removed = self.balancers().remove(id);
        if let Some(running) = removed {
            self.ground.close(running.clear(), self.ground.options.listener_drain).await;
        }
    }

    async fn stop(&self, deadline: Duration) {
        let mut stopped = self.stopped.lock().await;
        *stopped = true;
        let balancers = std::mem::take(&mut *self.balancers());
        for running in balancers.into_values() {
            self.ground.close(running.clear(), deadline).await;
        }
        let leftovers = &self.ground.leftovers;
        leftovers.close();
        if tokio::time::timeout(deadline, leftovers.wait()).await.is_err() {
            self.ground.end.cancel();
            leftovers.wait().await;
        }
    }
}
