use std::collections::{BTreeMap, BTreeSet};

use seaway_core::Key;
use tokio::time::Instant;

/// What a pass works on: a provider, by name, and one of its keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QueueKey {
    pub(crate) provider: &'static str,
    pub(crate) key: Key,
}

impl QueueKey {
    /// The ground of the same provider.
    pub(crate) fn ground(&self) -> Self {
        Self { provider: self.provider, key: Key::Ground }
    }
}

/// Keys, and when each is due. A key stands in it once; one that is being worked on is not handed
/// out again before it is done, so that two passes over one load balancer never run side by side.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    by_time: BTreeSet<(Instant, QueueKey)>,
    times: BTreeMap<QueueKey, Instant>,
    running: BTreeSet<QueueKey>,
}

impl Queue {
    /// Wants a pass over `key` at `when`, or earlier if one is wanted earlier.
    pub(crate) fn add(&mut self, key: QueueKey, when: Instant) {
        match self.times.get(&key) {
            Some(earlier) if *earlier <= when => return,
            Some(later) => {
                self.by_time.remove(&(*later, key.clone()));
            }
            None => {}
        }
        self.times.insert(key.clone(), when);
        if !self.running.contains(&key) {
            self.by_time.insert((when, key));
        }
    }

    /// When the next key is due that nobody works on.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.by_time.first().map(|(when, _)| *when)
    }

    /// How many keys are due and not worked on.
    pub(crate) fn due(&self, now: Instant) -> usize {
        self.by_time.iter().take_while(|(when, _)| *when <= now).count()
    }

    /// Hands out a key that is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<QueueKey> {
        if self.next_due()? > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.times.remove(&key);
        self.running.insert(key.clone());
        Some(key)
    }

    /// The pass over `key` is over.
    pub(crate) fn done(&mut self, key: &QueueKey) {
        self.running.remove(key);
        if let Some(when) = self.times.get(key) {
            self.by_time.insert((*when, key.clone()));
        }
    }

    /// Whether nothing is wanted or under way at a provider.
    pub(crate) fn is_idle(&self, provider: &'static str) -> bool {
        // The ground is the first of a provider's keys.
        let first = QueueKey { provider, key: Key::Ground };
        let wanted = self.times.range(&first..).next().map(|(key, _)| key);
        let running = self.running.range(&first..).next();
        [wanted, running].into_iter().flatten().all(|key| key.provider != provider)
    }

    /// How many passes run.
    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(name: &str) -> QueueKey {
        QueueKey { provider: "p", key: Key::shared(name) }
    }

    #[test]
    fn a_key_stands_in_it_once_at_the_earlier_time() {
        let now = Instant::now();
        let mut queue = Queue::default();
        queue.add(key("a"), now + Duration::from_secs(9));
        queue.add(key("a"), now);
        queue.add(key("a"), now + Duration::from_secs(5));
        assert_eq!(queue.take(now), Some(key("a")));
        assert_eq!(queue.next_due(), None);
    }

    #[test]
    fn a_key_that_is_worked_on_waits_until_it_is_done() {
        let now = Instant::now();
        let mut queue = Queue::default();
        queue.add(key("a"), now);
        assert_eq!(queue.take(now), Some(key("a")));
        queue.add(key("a"), now);
        assert_eq!(queue.take(now), None);
        assert_eq!(queue.running(), 1);
        queue.done(&key("a"));
        assert_eq!(queue.take(now), Some(key("a")));
    }

    #[test]
    fn a_provider_is_idle_once_nothing_is_wanted_or_under_way_there() {
        let now = Instant::now();
        let mut queue = Queue::default();
        let other = QueueKey { provider: "q", key: Key::Ground };
        queue.add(other, now + Duration::from_secs(9));
        assert!(queue.is_idle("p") && !queue.is_idle("q") && queue.is_idle("r"));
        queue.add(key("a"), now);
        assert!(!queue.is_idle("p"), "it is wanted");
        queue.take(now);
        assert!(!queue.is_idle("p"), "it is under way");
        queue.done(&key("a"));
        assert!(queue.is_idle("p"));
    }

    #[test]
    fn keys_come_in_the_order_of_their_times() {
        let now = Instant::now();
        let mut queue = Queue::default();
        queue.add(key("late"), now + Duration::from_secs(2));
        queue.add(key("soon"), now + Duration::from_secs(1));
        assert_eq!(queue.take(now), None);
        let then = now + Duration::from_secs(3);
        assert_eq!(queue.take(then), Some(key("soon")));
        assert_eq!(queue.take(then), Some(key("late")));
    }
}
