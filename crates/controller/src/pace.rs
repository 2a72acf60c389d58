use std::sync::Arc;

use async_trait::async_trait;
use seaway_core::{Lane, Pace, ProviderError, Turn, Urgency};
use tokio::sync::Semaphore;

use crate::lease::Page;

/// At most so many calls to providers at once. A provider with rates of its own paces itself
/// further.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }
}

#[async_trait]
impl Pace for Slots {
    async fn turn(&self, _: Lane, _: Urgency) -> Result<Turn, ProviderError> {
        // The semaphore is never closed; without a permit the call would only go unpaced.
        Ok(Arc::clone(&self.0).acquire_owned().await.map_or_else(|_| Turn::free(), Turn::holding))
    }
}

/// Before a write to a provider it is taken back that everything of the provider is settled.
pub(crate) struct Unsettling {
    pub(crate) page: Arc<Page>,
    pub(crate) slots: Slots,
}

#[async_trait]
impl Pace for Unsettling {
    async fn turn(&self, lane: Lane, urgency: Urgency) -> Result<Turn, ProviderError> {
        // Without a slot: the other providers need them while the API server is slow.
        self.page.withdraw().await?;
        self.slots.turn(lane, urgency).await
    }
}
