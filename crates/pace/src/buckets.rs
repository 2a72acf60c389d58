//! All lanes of a provider, as its pace.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use seaway_core::{Lane, Pace, ProviderError, Turn, Urgency};
use tokio::time::Instant;

use crate::Rate;
use crate::line::Line;

/// A token bucket for each lane. Clones share them. A lane that has no rate is free.
#[derive(Clone)]
pub struct Buckets(Arc<BTreeMap<Lane, Line>>);

impl Buckets {
    /// Full buckets with these rates; of a lane that is named twice, the last one counts.
    pub fn new(rates: impl IntoIterator<Item = (Lane, Rate)>) -> Self {
        let now = Instant::now();
        let lines = rates.into_iter().map(|(lane, rate)| (lane, Line::new(rate, now)));
        Self(Arc::new(lines.collect()))
    }

    /// The provider refused a call of this `lane`: "too many". The bucket is empty from now on, and
    /// no turn is given until `retry_after` is over (a day at most); what has come in by then is one
    /// token at most. The refill rate is halved, if it was not within the last second, down to 1/16
    /// of the full one.
    pub fn throttled(&self, lane: Lane, retry_after: Option<Duration>) {
        if let Some(line) = self.0.get(&lane) {
            line.throttled(Instant::now(), retry_after);
        }
    }

    /// The provider answered a call of this `lane`, and be it with an error, as long as it was not
    /// "too many". Gives back 1/16 of the full refill rate, a second at the earliest after the last
    /// refusal, its `retry_after`, or the last raise.
    pub fn answered(&self, lane: Lane) {
        if let Some(line) = self.0.get(&lane) {
            line.answered(Instant::now());
        }
    }

    /// How many wait for a turn in this lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        self.0.get(&lane).map_or(0, Line::waiting)
    }

    /// How many turns per second this lane gives now, once its bucket is empty; infinitely many if
    /// it is free.
    pub fn rate(&self, lane: Lane) -> f64 {
        self.0.get(&lane).map_or(f64::INFINITY, Line::rate)
    }
}

#[async_trait]
impl Pace for Buckets {
    async fn turn(&self, lane: Lane, urgency: Urgency) -> Result<Turn, ProviderError> {
        if let Some(line) = self.0.get(&lane) {
            line.turn(urgency).await;
        }
        // The token is spent, so there is nothing to give back.
        Ok(Turn::free())
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes = self.0.iter().map(|(lane, line)| (lane.0, (line.rate(), line.waiting())));
        f.debug_map().entries(lanes).finish()
    }
}

#[cfg(test)]
mod tests;
