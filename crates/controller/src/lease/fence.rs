use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seaway_core::{ErrorKind, Fence, ProviderError};

use super::ticks::Ticks;

/// Lets writes through until the renew deadline has passed since the last successful renewal was
/// sent. A process that was stopped meanwhile finds it closed the moment it goes on, before any timer
/// fires.
pub struct LeaseFence {
    ticks: Arc<dyn Ticks>,
    /// When it closes, in nanoseconds; zero while we do not lead.
    until: AtomicU64,
}

impl LeaseFence {
    /// A fence that is closed.
    pub(super) const fn new(ticks: Arc<dyn Ticks>) -> Self {
        Self { ticks, until: AtomicU64::new(0) }
    }

    /// Opens it, or keeps it open.
    pub(super) fn open_until(&self, end: Duration) {
        self.until.store(nanos(end), Ordering::SeqCst);
    }

    /// Closes it at once.
    pub(super) fn close(&self) {
        self.until.store(0, Ordering::SeqCst);
    }

    /// How long it stays open, if nothing is done.
    pub(super) fn left(&self) -> Duration {
        let until = self.until.load(Ordering::SeqCst);
        Duration::from_nanos(until.saturating_sub(nanos(self.ticks.now())))
    }
}

/// It lasts for 584 years.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl Fence for LeaseFence {
    fn check(&self) -> Result<(), ProviderError> {
        if self.left().is_zero() {
            let why = "the Lease was not renewed in time; another controller may lead now";
            return Err(ProviderError::new(ErrorKind::NotLeader, "fence", why));
        }
        Ok(())
    }
}

impl fmt::Debug for LeaseFence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseFence").field("left", &self.left()).finish_non_exhaustive()
    }
}
