//! How often may be asked.

use std::time::Duration;

use tokio::time::Instant;

use crate::pattern::{Class, Pattern};
use crate::refusal::Refusal;

/// A token bucket for the methods that fit a pattern (as of a [`Fault`](crate::Fault)).
#[derive(Clone, Debug)]
pub struct Rate {
    pattern: Pattern,
    burst: f64,
    per_second: f64,
    status: u16,
    tokens: f64,
    since: Option<Instant>,
}

impl Rate {
    /// So many calls at once, and so many a second; more are answered 403 `rateLimitExceeded`.
    pub fn new(pattern: &str, burst: u32, per_second: f64) -> Self {
        let (pattern, burst) = (Pattern::new(pattern), f64::from(burst));
        Self { pattern, burst, per_second, status: 403, tokens: burst, since: None }
    }

    /// Answers 429 instead, as Google also does.
    #[must_use]
    pub fn with_429(self) -> Self {
        Self { status: 429, ..self }
    }

    /// Refuses a call for which there is no token.
    pub(crate) fn take(&mut self, id: &str, class: Class, now: Instant) -> Result<(), Refusal> {
        if !self.pattern.fits(id, class) {
            return Ok(());
        }
        let gone = self.since.map_or(Duration::ZERO, |since| now.duration_since(since));
        self.since = Some(now);
        self.tokens = (self.tokens + gone.as_secs_f64() * self.per_second).min(self.burst);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(if self.status == 429 { Refusal::too_many() } else { Refusal::rate_limited() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bucket_gives_a_burst_and_fills_with_time() {
        let mut rate = Rate::new("write", 2, 10.0);
        let mut now = Instant::now();
        let mut take = |now| rate.take("compute.firewalls.insert", Class::Write, now).is_ok();
        assert_eq!([take(now), take(now), take(now)], [true, true, false]);
        now += Duration::from_millis(110);
        assert_eq!([take(now), take(now)], [true, false]);
    }

    #[test]
    fn other_methods_take_nothing() {
        let mut rate = Rate::new("write", 1, 0.0).with_429();
        let now = Instant::now();
        assert!(rate.take("compute.firewalls.list", Class::Read, now).is_ok());
        assert!(rate.take("compute.firewalls.insert", Class::Write, now).is_ok());
        let refusal = rate.take("compute.firewalls.insert", Class::Write, now).unwrap_err();
        assert_eq!(refusal.status, 429);
    }
}
