//! How long a daemon that died waits for its next try.

use std::time::Duration;

/// The waits between the tries: the first, then each twice the one before, up to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first death.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// Who lived this long starts again with the first wait.
    pub calm: Duration,
}

impl Default for Backoff {
    /// 100 ms, doubling to 10 s; 30 s of life are calm.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            most: Duration::from_secs(10),
            calm: Duration::from_secs(30),
        }
    }
}

/// Where in the waits a daemon is.
#[derive(Debug)]
pub(super) struct Patience {
    backoff: Backoff,
    next: Duration,
}

impl Patience {
    pub(super) const fn new(backoff: Backoff) -> Self {
        Self { backoff, next: backoff.first }
    }

    /// The wait after a life of `lived`.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= self.backoff.calm {
            self.next = self.backoff.first;
        }
        let wait = self.next.min(self.backoff.most);
        self.next = wait.saturating_mul(2);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lives: &[u64], waits: &[u64]) {
        let mut patience = Patience::new(Backoff::default());
        let told = lives.iter().map(|life| patience.after(Duration::from_millis(*life)));
        let told: Vec<_> = told.map(|wait| wait.as_millis()).collect();
        assert_eq!(told, waits.iter().copied().map(u128::from).collect::<Vec<_>>());
    }

    #[test]
    fn a_daemon_that_dies_again_and_again_waits_longer_and_longer() {
        check(&[0; 9], &[100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn a_daemon_that_lived_for_long_is_started_soon() {
        check(&[0, 0, 29_999, 30_000, 0], &[100, 200, 400, 100, 200]);
    }
}
