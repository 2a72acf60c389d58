use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often the loop goes round at least.
pub(crate) const BEAT: Duration = Duration::from_secs(5);

/// Whether the loop of a controller is alive, and whether it has read the cluster.
#[derive(Debug, Default)]
pub struct Pulse {
    synced: AtomicBool,
    last: Mutex<Option<Instant>>,
}

impl Pulse {
    /// The loop went round.
    pub(crate) fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// The cluster was read, and every provider asked once.
    pub(crate) fn set_synced(&self) {
        self.synced.store(true, Ordering::Release);
    }

    /// Whether the cluster was read, and every provider asked once.
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire)
    }

    /// How long ago the loop went round last, which it does every 5 seconds at least; none before it
    /// started.
    pub fn age(&self) -> Option<Duration> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).map(|last| last.elapsed())
    }
}
