use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::{Key, Moment};

/// What is believed of the keys of one provider.
pub(super) struct Beliefs<O> {
    keys: BTreeMap<Key, Belief<O>>,
    /// When the first listing began. What an earlier process wrote right before may not show in it.
    first: Option<Moment>,
    /// Whether everything was listed once, with nothing hidden by lag: from then on a key that is
    /// not here has nothing.
    surveyed: bool,
    /// Orders writes and listings; a count, not a time.
    sequence: u64,
}

struct Belief<O> {
    seen: Arc<O>,
    /// A write was begun whose outcome is not known.
    doubted: bool,
    /// When it was last written to or read, in the sequence.
    touched: u64,
    /// When it was last written to.
    written: Option<Moment>,
}

impl<O> Default for Beliefs<O> {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), first: None, surveyed: false, sequence: 0 }
    }
}

impl<O: Default + PartialEq> Beliefs<O> {
    /// The next place in the sequence.
    pub(super) const fn tick(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// What was last known of `key`, certain or not.
    pub(super) fn last(&self, key: &Key) -> Option<Arc<O>> {
        self.keys.get(key).map(|belief| Arc::clone(&belief.seen))
    }

    /// What is known for certain of `key`; none if it must be looked at.
    pub(super) fn certain(&self, key: &Key) -> Option<Arc<O>> {
        match self.keys.get(key) {
            Some(belief) => (!belief.doubted).then(|| Arc::clone(&belief.seen)),
            None => self.surveyed.then(Arc::default),
        }
    }

    /// Everything known, certain or not.
    pub(super) fn all(&self) -> Vec<(Key, Arc<O>)> {
        self.keys.iter().map(|(key, belief)| (key.clone(), Arc::clone(&belief.seen))).collect()
    }

    /// Marks `key` doubted, before the first write to it.
    pub(super) fn doubt(&mut self, key: &Key, now: Moment) {
        let touched = self.tick();
        let belief = self.keys.entry(key.clone()).or_insert_with(|| Belief {
            seen: Arc::default(),
            doubted: true,
            touched,
            written: None,
        });
        belief.doubted = true;
        belief.touched = touched;
        belief.written = Some(now);
    }

    /// Takes what a pass knows of `key`; certain unless a write of it failed. `written` tells that
    /// the pass wrote, and when it ended.
    pub(super) fn settle(
        &mut self,
        key: &Key,
        seen: Arc<O>,
        certain: bool,
        written: Option<Moment>,
    ) {
        let touched = self.tick();
        let earlier = self.keys.get(key).and_then(|belief| belief.written);
        if certain && *seen == O::default() && written.or(earlier).is_none() {
            self.keys.remove(key);
            return;
        }
        self.keys.insert(
            key.clone(),
            Belief { seen, doubted: !certain, touched, written: written.or(earlier) },
        );
    }

    /// Folds a look at some keys that began at the place `began` in the sequence, and returns the
    /// keys of which something else is known now.
    pub(super) fn fold_look(
        &mut self,
        keys: &[Key],
        mut found: BTreeMap<Key, O>,
        began: u64,
    ) -> BTreeSet<Key> {
        let mut changed = BTreeSet::new();
        for key in keys {
            let fresh = found.remove(key).unwrap_or_default();
            let known = self.keys.get(key);
            if known.is_some_and(|belief| belief.touched > began) {
                continue;
            }
            let same = known.map_or_else(|| fresh == O::default(), |belief| *belief.seen == fresh);
            if !same {
                self.settle(key, Arc::new(fresh), true, None);
                changed.insert(key.clone());
            }
        }
        changed
    }

    /// Folds a listing that began at the place `began` in the sequence and at the time `at`, and
    /// returns the keys of which something else is known now. Nothing that was written less than
    /// `lag` before it began need show in it.
    pub(super) fn fold_listing(
        &mut self,
        mut listed: BTreeMap<Key, O>,
        (began, at): (u64, Moment),
        lag: Duration,
        merge: impl Fn(&O, O) -> O,
    ) -> BTreeSet<Key> {
        let first = *self.first.get_or_insert(at);
        self.surveyed |= first + lag <= at;
        let touched = self.tick();
        let mut changed = BTreeSet::new();
        self.keys.retain(|key, belief| {
            let fresh = listed.remove(key).unwrap_or_default();
            let lagging =
                !lag.is_zero() && belief.written.is_some_and(|written| at < written + lag);
            if belief.touched > began || lagging {
                return true;
            }
            let absent = fresh == O::default();
            let fresh = if absent { fresh } else { merge(&belief.seen, fresh) };
            if fresh != *belief.seen {
                belief.seen = Arc::new(fresh);
                belief.touched = touched;
                changed.insert(key.clone());
            }
            // A doubted key stays doubted, and is looked at before anything is planned; but who has
            // something there must be known meanwhile, or the sweep would pass it by.
            !absent || belief.doubted
        });
        listed.retain(|_, fresh| *fresh != O::default());
        for (key, fresh) in listed {
            changed.insert(key.clone());
            self.keys.insert(
                key,
                Belief { seen: Arc::new(fresh), doubted: false, touched, written: None },
            );
        }
        changed
    }
}
