//! How a Service goes: its keys, then the grounds, then the finalizer.

use std::collections::BTreeSet;

use seaway_core::{Key, ServiceUid};

use super::entry::{Entry, Leaving, Stage, Verdict};
use super::{Effect, Roster};
use crate::queue::QueueKey;

impl Roster {
    /// Folds that a Service is no more. If somebody took our finalizer off, what it had is taken down
    /// all the same.
    pub(crate) fn vanish(&mut self, uid: &ServiceUid) -> Vec<Effect> {
        let Some(entry) = self.entries.get(uid) else { return Vec::new() };
        let stage = match &entry.stage {
            Stage::Leaving(leaving) if leaving.is_done() => return self.dismissed(uid),
            Stage::Leaving(leaving) => Stage::Leaving(leaving.clone()),
            Stage::Outside | Stage::Admitting | Stage::Carried => {
                Stage::Leaving(self.leave(uid, entry.key()))
            }
        };
        let effects = stage.farewell(uid);
        let entry = Entry { verdict: Verdict::Unwanted, gone: true, stage, ..entry.clone() };
        self.put(uid.clone(), entry);
        effects
    }

    /// What must be passed over before a Service that leaves is gone everywhere.
    pub(super) fn leave(&self, uid: &ServiceUid, home: Option<QueueKey>) -> Leaving {
        let keys: BTreeSet<_> = self.holdings.of(uid).cloned().chain(home).collect();
        let grounds = self
            .drivers
            .iter()
            .filter(|(name, driver)| {
                driver.capabilities().ground
                    && (keys.is_empty() || keys.iter().any(|key| key.provider == **name))
            })
            .map(|(provider, _)| QueueKey { provider, key: Key::Ground })
            .collect();
        let keys: BTreeSet<_> = keys.into_iter().filter(|key| key.key != Key::Ground).collect();
        Leaving { had: !keys.is_empty(), keys, grounds, since: self.begun }
    }

    /// Our finalizer is off a Service now, or the Service is gone.
    pub(crate) fn dismissed(&mut self, uid: &ServiceUid) -> Vec<Effect> {
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        if entry.verdict != Verdict::Unwanted && !entry.gone {
            // It was wanted again meanwhile.
            entry.stage = Stage::Admitting;
            self.leaving.remove(uid);
            return vec![Effect::Admit(uid.clone())];
        }
        let name = entry.name();
        self.forget(uid, &name);
        self.passes_for_room()
    }

    /// What is left of an effect that could not be had at first.
    pub(crate) fn again(&mut self, effect: Effect) -> Vec<Effect> {
        let (Effect::Admit(uid) | Effect::Dismiss(uid)) = &effect else { return vec![effect] };
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        match (&effect, &entry.stage) {
            (Effect::Admit(_), Stage::Admitting) => vec![effect],
            (Effect::Dismiss(_), Stage::Leaving(leaving)) if leaving.is_done() => {
                let Some(key) = entry.key() else { return vec![effect] };
                // It was wanted again meanwhile, and has the finalizer still.
                entry.stage = Stage::Carried;
                self.leaving.remove(uid);
                self.passes_for(&key)
            }
            _ => Vec::new(),
        }
    }

    /// Whether a Service is gone, and only what it had is left.
    pub(crate) fn is_gone(&self, uid: &ServiceUid) -> bool {
        self.entries.get(uid).is_none_or(|entry| entry.gone)
    }

    /// Whether a Service that leaves had anything: if not, there is nothing to tell.
    pub(crate) fn had_something(&self, uid: &ServiceUid) -> bool {
        self.entries
            .get(uid)
            .is_some_and(|entry| matches!(&entry.stage, Stage::Leaving(leaving) if leaving.had))
    }
}

impl Stage {
    /// The next thing to do for a Service that leaves: its keys, then the grounds, then goodbye.
    pub(super) fn farewell(&self, uid: &ServiceUid) -> Vec<Effect> {
        let Self::Leaving(leaving) = self else { return Vec::new() };
        if leaving.is_done() {
            return vec![Effect::Dismiss(uid.clone())];
        }
        let next = if leaving.keys.is_empty() { &leaving.grounds } else { &leaving.keys };
        next.iter().cloned().map(Effect::Pass).collect()
    }
}
