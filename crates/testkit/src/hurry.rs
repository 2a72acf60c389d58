//! A world that lives faster, for whoever can't move the time of what runs in it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::ManualClock;

/// Lets the time of a world run so many times as fast as that of the machine, and says how long a
/// span of the world takes on the machine.
#[derive(Debug)]
pub struct Hurry {
    clock: Arc<ManualClock>,
    times: u32,
    began: Instant,
    told: Mutex<Duration>,
}

impl Hurry {
    /// The time of `clock` runs `times` as fast, from now on.
    pub fn new(clock: Arc<ManualClock>, times: u32) -> Self {
        Self { clock, times, began: Instant::now(), told: Mutex::default() }
    }

    /// Moves the clock to where it is by now. It stands still in between, so this goes before every
    /// look at the world.
    pub fn catch_up(&self) {
        let mut told = self.told.lock().unwrap();
        let now = self.began.elapsed() * self.times;
        self.clock.advance(now.saturating_sub(*told));
        *told = now;
    }

    /// How long a span of the world takes on the machine.
    pub fn shorten(&self, span: Duration) -> Duration {
        span / self.times
    }
}
