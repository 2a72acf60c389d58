use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::{Key, Moment};

/// What is believed of the keys of one provider.
pub(super) struct Beliefs<O> {
    keys: BTreeMap<Key, Belief<O>>,
    /// Keys at which others have changed something, that were not passed over since.
    altered: BTreeSet<Key>,
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
    /// When something changed there of its own accord, in the sequence, if it was not read since.
    stirred: Option<u64>,
    /// When it was last written to or read, in the sequence.
    touched: u64,
    /// When it was last written to.
    written: Option<Moment>,
}

impl<O> Default for Beliefs<O> {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            altered: BTreeSet::new(),
            first: None,
            surveyed: false,
            sequence: 0,
        }
    }
}

impl<O> Belief<O> {
    const fn is_certain(&self) -> bool {
        !self.doubted && self.stirred.is_none()
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
            Some(belief) => belief.is_certain().then(|| Arc::clone(&belief.seen)),
            None => self.surveyed.then(Arc::default),
        }
    }

    /// What was left at `key`, if it has changed of its own accord since.
    pub(super) fn left(&self, key: &Key) -> Option<Arc<O>> {
        let belief = self.keys.get(key)?;
        (belief.stirred.is_some() && !belief.doubted).then(|| Arc::clone(&belief.seen))
    }

    /// Whether others were found to have changed something at `key` since this was asked last.
    pub(super) fn take_altered(&mut self, key: &Key) -> bool {
        self.altered.remove(key)
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
            stirred: None,
            touched,
            written: None,
        });
        belief.doubted = true;
        belief.touched = touched;
        belief.written = Some(now);
    }

    /// Notes that something has changed at `keys` of its own accord. It is no write of ours: what is
    /// listed meanwhile is as good as what was known.
    pub(super) fn stir(&mut self, keys: &BTreeSet<Key>) {
        for key in keys {
            let now = self.tick();
            let belief = self.keys.entry(key.clone()).or_insert_with(|| Belief {
                seen: Arc::default(),
                doubted: false,
                stirred: None,
                touched: 0,
                written: None,
            });
            belief.stirred = Some(now);
        }
    }

    /// Takes what is known of `key` by what was read since the place `began` in the sequence; certain
    /// unless a write of it failed, or it has changed of its own accord meanwhile. `written` tells
    /// that the pass wrote, and when it ended.
    pub(super) fn settle(
        &mut self,
        key: &Key,
        seen: Arc<O>,
        (began, certain): (u64, bool),
        written: Option<Moment>,
    ) {
        let touched = self.tick();
        let before = self.keys.get(key);
        let earlier = before.and_then(|belief| belief.written);
        let stirred = before.and_then(|belief| belief.stirred).filter(|stirred| *stirred > began);
        let nothing = *seen == O::default() && written.or(earlier).is_none();
        if certain && stirred.is_none() && nothing {
            self.keys.remove(key);
            return;
        }
        self.keys.insert(
            key.clone(),
            Belief { seen, doubted: !certain, stirred, touched, written: written.or(earlier) },
        );
    }

    /// Folds a look at some keys that began at the place `began` in the sequence, and returns the
    /// keys of which something else is known now.
    pub(super) fn fold_look(
        &mut self,
        keys: &[Key],
        mut found: BTreeMap<Key, O>,
        began: u64,
        altered: impl Fn(&O, &O) -> bool,
    ) -> BTreeSet<Key> {
        let (nothing, mut changed) = (O::default(), BTreeSet::new());
        for key in keys {
            let fresh = found.remove(key).unwrap_or_default();
            let known = self.keys.get(key);
            if known.is_some_and(|belief| belief.touched > began) {
                continue;
            }
            let left = known.map_or(&nothing, |belief| &*belief.seen);
            if *left != fresh {
                if altered(left, &fresh) {
                    self.altered.insert(key.clone());
                }
                self.settle(key, Arc::new(fresh), (began, true), None);
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
        altered: impl Fn(&O, &O) -> bool,
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
                if altered(&belief.seen, &fresh) {
                    self.altered.insert(key.clone());
                }
                belief.seen = Arc::new(fresh);
                belief.touched = touched;
                changed.insert(key.clone());
            }
            // A doubted key stays doubted, and is looked at before anything is planned; but who has
            // something there must be known meanwhile, or the sweep would pass it by.
            !absent || !belief.is_certain()
        });
        listed.retain(|_, fresh| *fresh != O::default());
        for (key, fresh) in listed {
            changed.insert(key.clone());
            if altered(&O::default(), &fresh) {
                self.altered.insert(key.clone());
            }
            self.keys.insert(
                key,
                Belief {
                    seen: Arc::new(fresh),
                    doubted: false,
                    stirred: None,
                    touched,
                    written: None,
                },
            );
        }
        changed
    }
}
