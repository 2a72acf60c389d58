use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{Key, Moment, ServiceUid};

use crate::queue::QueueKey;

/// In how many inventories every key is looked at closely once, where a survey shows too little.
const ROUNDS: usize = 12;

/// When providers are read again, to find what others have changed, and what nobody owns.
#[derive(Debug)]
pub(super) struct Inventory {
    every: Duration,
    /// How often a provider could not be read, in a row.
    failures: BTreeMap<&'static str, u32>,
    /// Where the round of close looks at a provider's keys stands.
    round: BTreeMap<&'static str, Key>,
    /// What belonged to nobody in the last inventory.
    orphans: BTreeSet<(QueueKey, ServiceUid)>,
}

impl Inventory {
    pub(super) const fn new(every: Duration) -> Self {
        Self { every, failures: BTreeMap::new(), round: BTreeMap::new(), orphans: BTreeSet::new() }
    }

    /// How long until the next one: up to a tenth longer than asked, so that controllers that started
    /// together do not ask together for ever.
    pub(super) fn wait(&self, now: Moment) -> Duration {
        let part = u32::try_from(now.as_millis() % 100).unwrap_or_default();
        self.every + self.every * part / 1000
    }

    /// Counts a failure, and returns how many there were in a row.
    pub(super) fn failed(&mut self, provider: &'static str) -> u32 {
        let count = self.failures.entry(provider).or_default();
        *count += 1;
        *count
    }

    /// Forgets the failures of a provider.
    pub(super) fn succeeded(&mut self, provider: &'static str) {
        self.failures.remove(provider);
    }

    /// The next keys to be looked at closely, out of all of a provider.
    pub(super) fn next(&mut self, provider: &'static str, keys: &BTreeSet<Key>) -> Vec<Key> {
        let count = keys.len().div_ceil(ROUNDS);
        let last = self.round.get(provider);
        let later = keys.iter().filter(|key| last.is_none_or(|last| *key > last));
        let next: Vec<_> = later.chain(keys).take(count).cloned().collect();
        if let Some(last) = next.last() {
            self.round.insert(provider, last.clone());
        }
        next
    }

    /// Notes what belongs to nobody now, and returns what belonged to nobody before either: a Service
    /// that was made a moment ago may not be known yet.
    pub(super) fn orphaned(
        &mut self,
        orphans: BTreeSet<(QueueKey, ServiceUid)>,
    ) -> BTreeSet<(QueueKey, ServiceUid)> {
        let certain = orphans.intersection(&self.orphans).cloned().collect();
        self.orphans = orphans;
        certain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_turn() {
        let mut inventory = Inventory::new(Duration::from_mins(5));
        let keys: BTreeSet<_> = (0..30).map(|n| Key::shared(format!("{n:02}"))).collect();
        let mut seen = BTreeSet::new();
        for _ in 0..ROUNDS {
            let next = inventory.next("toy", &keys);
            assert_eq!(next.len(), 3);
            seen.extend(next);
        }
        assert_eq!(seen, keys);
        assert_eq!(inventory.next("toy", &BTreeSet::new()), []);
    }

    #[test]
    fn only_what_was_nobodys_twice_is_certain() {
        let mut inventory = Inventory::new(Duration::from_mins(5));
        let orphan = |name: &str| {
            (QueueKey { provider: "toy", key: Key::own(name.into()) }, ServiceUid::from(name))
        };
        assert_eq!(inventory.orphaned([orphan("a")].into()), [].into());
        assert_eq!(inventory.orphaned([orphan("a"), orphan("b")].into()), [orphan("a")].into());
        assert_eq!(inventory.orphaned([].into()), [].into());
        assert_eq!(inventory.orphaned([orphan("b")].into()), [].into());
    }

    #[test]
    fn the_wait_is_a_tenth_longer_at_most() {
        let inventory = Inventory::new(Duration::from_secs(100));
        for millis in [0, 50, 99, 1_099] {
            let wait = inventory.wait(Moment::from_millis(millis));
            assert!((100..110).contains(&wait.as_secs()), "{wait:?}");
        }
    }
}
