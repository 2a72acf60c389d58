//! A lease that is lost in the middle of things.

use std::sync::atomic::{AtomicUsize, Ordering};

use seaway_core::{Fence, ProviderError};

/// A fence that lets a number of writes through, and none after.
#[derive(Debug)]
pub struct ClosingFence(AtomicUsize);

impl ClosingFence {
    /// A fence that closes after this many writes.
    pub const fn after(writes: usize) -> Self {
        Self(AtomicUsize::new(writes))
    }
}

impl Fence for ClosingFence {
    fn check(&self) -> Result<(), ProviderError> {
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .map(|_| ())
            .map_err(|_| ProviderError::not_leader())
    }
}
