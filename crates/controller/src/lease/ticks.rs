use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Tells how much time has gone by since some moment in the past. It counts also while the process is
/// stopped or the machine sleeps, and nobody can set it.
pub(super) trait Ticks: Send + Sync {
    /// Now.
    fn now(&self) -> Duration;
}

/// The kernel's clock of that kind.
pub(super) struct BootTicks;

/// Of those that never jump, the one that also counts while the machine sleeps. On a Mac that is the
/// monotonic one.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

impl Ticks for BootTicks {
    fn now(&self) -> Duration {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(CLOCK);
        // Neither is ever negative.
        let seconds = u64::try_from(tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(tv_nsec).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_and_never_back() {
        let first = BootTicks.now();
        assert!(first > Duration::ZERO && BootTicks.now() >= first);
    }
}
