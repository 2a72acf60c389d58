//! What every door that is paced does, whatever it leads to.

use seaway_core::{Lane, Pace as _, Urgency};

use crate::{Buckets, Rate};

/// A call that failed, as far as the pace goes.
pub trait Failure: Sized {
    /// Whether the provider refused it as one too many; none if nobody knows how it was taken.
    fn is_too_many(&self) -> Option<bool>;

    /// A call that could not be made, and why.
    fn not_made(why: &str) -> Self;
}

impl Buckets {
    /// Full buckets at this share of the published rates: the lane, the burst in calls, and the refill
    /// in calls per second.
    pub fn at_share(rates: impl IntoIterator<Item = (Lane, u32, f64)>, share: f64) -> Self {
        let rate = |burst, per_second| Rate { burst, per_second }.share(share);
        Self::new(
            rates.into_iter().map(|(lane, burst, per_second)| (lane, rate(burst, per_second))),
        )
    }

    /// Waits for a turn, and makes a call that reads. Who writes has waited before: the fence is checked
    /// after the wait.
    pub async fn read<T, F: Failure>(
        &self,
        lane: Lane,
        reading: impl Future<Output = Result<T, F>> + Send,
    ) -> Result<T, F> {
        let turn = self.turn(lane, Urgency::Create).await;
        let _turn = turn.map_err(|error| F::not_made(error.message()))?;
        self.hear(lane, reading).await
    }

    /// Makes a call, and takes note of how the provider took it.
    pub async fn hear<T, F: Failure>(
        &self,
        lane: Lane,
        calling: impl Future<Output = Result<T, F>> + Send,
    ) -> Result<T, F> {
        let answer = calling.await;
        match answer.as_ref().map_or_else(F::is_too_many, |_| Some(false)) {
            Some(true) => self.throttled(lane, None),
            Some(false) => self.answered(lane),
            None => {}
        }
        answer
    }
}
