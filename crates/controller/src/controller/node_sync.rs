use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::queue::QueueKey;

/// Measures how long a change of the nodes takes to reach every load balancer.
#[derive(Debug, Default)]
pub(super) struct NodeSync {
    since: Option<Instant>,
    left: BTreeSet<QueueKey>,
    failed: u64,
}

impl NodeSync {
    /// A change was seen.
    pub(super) fn seen(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// These are to be passed over.
    pub(super) fn begun(&mut self, keys: impl IntoIterator<Item = QueueKey>) {
        self.left.extend(keys);
    }

    /// One was passed over. Returns how long all of them took, and how many failed, once it was the
    /// last.
    pub(super) fn passed(
        &mut self,
        key: &QueueKey,
        well: bool,
        now: Instant,
    ) -> Option<(Duration, u64)> {
        if !self.left.remove(key) {
            return None;
        }
        self.failed += u64::from(!well);
        if !self.left.is_empty() {
            return None;
        }
        let took = now.duration_since(self.since.take()?);
        Some((took, std::mem::take(&mut self.failed)))
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::Key;

    use super::*;

    #[test]
    fn it_lasts_from_the_first_change_to_the_last_key() {
        let key = |name: &str| QueueKey { provider: "toy", key: Key::shared(name) };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut sync = NodeSync::default();
        sync.seen(at(0));
        sync.seen(at(1));
        sync.begun([key("a"), key("b")]);
        assert_eq!(sync.passed(&key("c"), true, at(2)), None, "it is not of this sync");
        assert_eq!(sync.passed(&key("a"), false, at(2)), None);
        assert_eq!(sync.passed(&key("b"), true, at(3)), Some((Duration::from_secs(3), 1)));
        assert_eq!(sync.passed(&key("b"), true, at(4)), None);
    }
}
