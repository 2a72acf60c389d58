use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long answers are waited for after the end.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a loop may sleep, so that it sees the end.
pub(super) const NAP: Duration = Duration::from_millis(50);

/// Counts what is done between the end of the warm-up and that of the span. What fails counts always.
#[derive(Debug)]
pub(super) struct Clock {
    begin: Instant,
    end: Instant,
    now: Instant,
    /// When counting began in fact, and ended.
    counted: Option<(Instant, Instant)>,
    done: u64,
    failed: u64,
}

/// What a loop is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Ask,
    /// No more questions: answers are waited for.
    Finish,
    Over,
}

impl Clock {
    pub(super) fn new(warm: Duration, span: Duration) -> Self {
        let now = Instant::now();
        let begin = now + warm;
        Self { begin, end: begin + span, now, counted: None, done: 0, failed: 0 }
    }

    /// Reads the time. It holds until the next turn: a look at the clock for each answer is dear.
    pub(super) fn turn(&mut self) -> Phase {
        self.now = Instant::now();
        if self.now < self.begin {
            return Phase::Ask;
        }
        let counted = self.counted.get_or_insert((self.now, self.now));
        if self.now < self.end {
            counted.1 = self.now;
            Phase::Ask
        } else if self.now < self.end + PATIENCE {
            Phase::Finish
        } else {
            Phase::Over
        }
    }

    pub(super) const fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn done(&mut self, amount: usize) {
        if self.counted.is_some() && self.now < self.end {
            self.done += amount as u64;
        }
    }

    /// Counts a failure; the first one is told.
    pub(super) fn failed(&mut self, why: impl Display) {
        if self.failed == 0 {
            eprintln!("  the first failure: {why}");
        }
        self.failed += 1;
    }

    /// How many were done, how many failed, and how long it took.
    pub(super) fn told(&self) -> (u64, u64, Duration) {
        let took = self.counted.map_or(Duration::ZERO, |(first, last)| last - first);
        (self.done, self.failed, took)
    }
}
