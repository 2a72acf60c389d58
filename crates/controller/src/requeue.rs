use std::time::Duration;

use seaway_core::{Class, ErrorKind, ProviderError};

/// The first wait after a failure, if nothing else is asked.
pub(crate) const FIRST: Duration = Duration::from_secs(5);
/// The longest wait, as a multiple of the first.
const LONGEST: u32 = 60;

/// How long to wait after failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requeue {
    /// After the first one.
    pub(crate) first: Duration,
}

impl Requeue {
    /// How long to wait before trying again after the `attempt`-th failure in a row (from 1): 5, 10,
    /// 20 … 300 s, and no shorter than the provider asked for. None if only a change helps.
    pub(crate) fn after(self, error: &ProviderError, attempt: u32) -> Option<Duration> {
        match error.class() {
            Class::Terminal => None,
            Class::Retryable => Some(self.backoff(attempt)),
            Class::Throttled { retry_after } => {
                Some(self.backoff(attempt).max(retry_after.unwrap_or_default()))
            }
        }
    }

    /// 5, 10, 20 … 300 s.
    pub(crate) fn backoff(self, attempt: u32) -> Duration {
        let times = 1 << attempt.saturating_sub(1).min(16);
        self.first.saturating_mul(times.min(LONGEST))
    }
}

/// Whether to try again as soon as another Service has given something back.
pub(crate) fn waits_for_room(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::QuotaExceeded | ErrorKind::Conflict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: ErrorKind, attempt: u32, expected: Option<u64>) {
        let error = ProviderError::new(kind, "test", "test");
        let requeue = Requeue { first: FIRST };
        assert_eq!(
            requeue.after(&error, attempt),
            expected.map(Duration::from_secs),
            "{kind:?} {attempt}"
        );
    }

    #[test]
    fn the_wait_doubles_from_5_to_300_seconds() {
        for (attempt, seconds) in
            [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (8, 300), (99, 300)]
        {
            check(ErrorKind::Unavailable, attempt, Some(seconds));
        }
    }

    #[test]
    fn a_mistake_of_the_user_waits_for_a_change() {
        check(ErrorKind::InvalidSpec, 1, None);
        check(ErrorKind::Unsupported, 1, None);
    }

    #[test]
    fn a_throttled_call_waits_at_least_as_long_as_it_was_told() {
        let error = ProviderError::new(ErrorKind::Throttled, "test", "test");
        let requeue = Requeue { first: FIRST };
        assert_eq!(requeue.after(&error, 1), Some(Duration::from_secs(5)));
        let told = error.retry_after(Duration::from_secs(42));
        assert_eq!(requeue.after(&told, 1), Some(Duration::from_secs(42)));
        assert_eq!(requeue.after(&told, 5), Some(Duration::from_secs(80)));
    }
}
