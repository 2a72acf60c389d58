use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

const EVERY_MILLIS: u64 = 60_000;

/// Has a message told once a minute at most, however often there is cause to.
#[derive(Debug, Default)]
pub(super) struct Notice {
    /// When it is due again, in milliseconds of the process.
    next: AtomicU64,
    causes: AtomicU64,
}

impl Notice {
    /// Notes a cause; if the message is due: how many there were since it was last told.
    pub(super) fn due(&self) -> Option<u64> {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        self.due_at(u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn due_at(&self, now: u64) -> Option<u64> {
        self.causes.fetch_add(1, Relaxed);
        let next = self.next.load(Relaxed);
        let then = now.saturating_add(EVERY_MILLIS);
        // Of several threads one tells it.
        if now < next || self.next.compare_exchange(next, then, Relaxed, Relaxed).is_err() {
            return None;
        }
        Some(self.causes.swap(0, Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_at_once_and_then_once_a_minute_with_what_came_between() {
        let notice = Notice::default();
        assert_eq!(notice.due_at(5), Some(1));
        assert_eq!(notice.due_at(6), None);
        assert_eq!(notice.due_at(60_004), None);
        assert_eq!(notice.due_at(60_005), Some(3));
        assert_eq!(notice.due_at(60_006), None);
        assert_eq!(notice.due_at(600_000), Some(2));
    }
}
