use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::talk::Via;

/// So many misfortunes are told, each in its own words.
const TOLD: usize = 20;

/// What is counted, over all clusters.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Connections that were opened while changes were made, and answered.
    pub(super) new: Count,
    /// Those that were not, through a port that was served.
    pub(super) refused: Count,
    /// Connections that ended, or fell silent, before their client wanted.
    pub(super) broken: Count,
    /// New connections that went where nothing had been sent to for long.
    pub(super) misrouted: Count,
    /// Connections through ports that were closed, all open to the end.
    pub(super) drained: Count,
    told: Count,
    slowest: AtomicU64,
}

/// A count that many may add to.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicUsize);

impl Count {
    pub(super) fn add(&self, more: usize) -> usize {
        self.0.fetch_add(more, Relaxed)
    }

    pub(super) fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Tally {
    pub(super) fn refused(&self, at: SocketAddr, why: &impl Display) {
        self.refused.add(1);
        self.tell(format_args!("refused at {at}: {why}"));
    }

    pub(super) fn broken(&self, at: SocketAddr, via: Via, why: &impl Display) {
        self.broken.add(1);
        self.tell(format_args!("broken, from {at} to {}:{}: {why}", via.node, via.port));
    }

    pub(super) fn misrouted(&self, at: SocketAddr, via: Via) {
        self.misrouted.add(1);
        self.tell(format_args!("misrouted, from {at} to {}:{}", via.node, via.port));
    }

    fn tell(&self, what: impl Display) {
        if self.told.add(1) < TOLD {
            eprintln!("changes: {what}");
        }
    }

    /// Notes how long a change took until all clients saw it.
    pub(super) fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.slowest.fetch_max(micros, Relaxed);
    }

    pub(super) fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest.load(Relaxed))
    }
}
