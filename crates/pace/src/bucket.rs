//! The tokens of a lane, and what a refusal does to its rate. No clock is read here.

use std::time::Duration;

use tokio::time::Instant;

use crate::Rate;

/// What an answer adds, and what is left after many refusals: parts of the full rate.
const SIXTEENTH: f64 = 1.0 / 16.0;
/// The refusals of so long are one event; raises are no closer together.
const EVENT: Duration = Duration::from_secs(1);
/// The longest wait or hold that is believed: a provider that asks for more makes a mistake.
const LONGEST: Duration = Duration::from_hours(24);
/// Nothing shorter can be slept, in seconds: a token that is due so soon is there.
const INSTANT: f64 = 1e-9;

/// The tokens of a lane.
#[derive(Debug)]
pub(crate) struct Bucket {
    burst: f64,
    /// Tokens per second while nothing is refused.
    full: f64,
    /// The part of the full rate that is in force, from 1/16 to 1.
    share: f64,
    /// A hair below zero after a token that was given within the last instant before it was due.
    tokens: f64,
    /// Until when the tokens are counted.
    counted: Instant,
    /// No token is given before.
    held: Instant,
    halved: Option<Instant>,
    /// The last refusal, the end of its hold, or the last raise.
    settled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        let burst = f64::from(rate.burst.max(1));
        Self {
            burst,
            full: rate.per_second.max(0.0),
            share: 1.0,
            tokens: burst,
            counted: now,
            held: now,
            halved: None,
            settled: now,
        }
    }

    /// Tokens per second.
    pub(crate) fn rate(&self) -> f64 {
        self.full * self.share
    }

    /// Takes a token.
    ///
    /// # Errors
    /// If there is none: when to ask again.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        self.count(now);
        let missing = (1.0 - self.tokens).max(0.0);
        let wait = if missing > 0.0 { missing / self.rate() } else { 0.0 };
        let there = wait < INSTANT;
        if there && now >= self.held {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = Duration::try_from_secs_f64(wait).unwrap_or(LONGEST).min(LONGEST);
        Err((now + wait).max(self.held))
    }

    /// A call was refused: half the rate, no tokens, and none before `retry_after`.
    pub(crate) fn throttled(&mut self, now: Instant, retry_after: Option<Duration>) {
        self.count(now);
        self.tokens = self.tokens.min(0.0);
        if self.halved.is_none_or(|then| now.saturating_duration_since(then) >= EVENT) {
            self.share = (self.share / 2.0).max(SIXTEENTH);
            self.halved = Some(now);
        }
        let hold = retry_after.unwrap_or_default().min(LONGEST);
        self.held = self.held.max(now + hold);
        self.settled = self.held;
    }

    /// A call was answered. Says whether that raised the rate.
    pub(crate) fn answered(&mut self, now: Instant) -> bool {
        let raised = self.share < 1.0 && now >= self.settled + EVENT;
        if raised {
            self.count(now);
            self.share = (self.share + SIXTEENTH).min(1.0);
            self.settled = now;
        }
        raised
    }

    /// Adds what has come in since the tokens were last counted.
    fn count(&mut self, now: Instant) {
        // A hold ends with one token at most: what the provider allows then is a call, not a burst.
        if self.counted < self.held {
            self.pour(now.min(self.held), 1.0);
        }
        self.pour(now, self.burst);
    }

    fn pour(&mut self, until: Instant, room: f64) {
        let span = until.saturating_duration_since(self.counted);
        self.tokens = self.rate().mul_add(span.as_secs_f64(), self.tokens).min(room);
        self.counted = self.counted.max(until);
    }
}

#[cfg(test)]
mod tests;
