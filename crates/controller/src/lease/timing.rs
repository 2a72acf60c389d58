use std::time::Duration;

use rand::Rng;

/// How long what may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the others wait for a sign of life before one of them takes over. Whole seconds, as
    /// the Lease has them.
    pub lease_duration: Duration,
    /// After so long without a successful renewal we stop.
    pub renew_deadline: Duration,
    /// The time between two attempts, at most.
    pub retry_period: Duration,
}

impl Default for Timing {
    /// As client-go has it.
    fn default() -> Self {
        Self {
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }
}

impl Timing {
    /// Whether a leader has stopped before another one starts, and has time for a second attempt.
    pub fn check(&self) -> bool {
        self.lease_duration > self.renew_deadline
            && self.renew_deadline > self.retry_period
            && self.retry_period > Duration::ZERO
    }

    /// The pause before the next attempt. It differs, so that candidates that started together do not
    /// ask together for ever.
    pub(super) fn pause(&self) -> Duration {
        self.retry_period.mul_f64(rand::rng().random_range(0.8..=1.0))
    }

    /// How long a request may take: two must fit in before the deadline.
    pub(super) fn request(&self) -> Duration {
        self.renew_deadline / 2
    }
}
