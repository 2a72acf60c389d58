//! How a Service goes: its keys, then the grounds, then the finalizer.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{BalancerKey, Key, ServiceUid};
use seaway_intent::{Around, Service, controls};

use super::entry::{Entry, Leaving, Stage, Verdict};
use super::{Effect, Roster};
use crate::queue::QueueKey;
use crate::status;

/// What became of what a Service had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remains {
    /// It had nothing: there is nothing to tell.
    Nothing,
    /// It is taken down.
    TakenDown,
    /// It stays, on purpose.
    Kept,
}

impl Roster {
    /// Folds that a Service is no more. If somebody took our finalizer off, what it had is taken down
    /// all the same.
    pub(crate) fn vanish(&mut self, uid: &ServiceUid) -> Vec<Effect> {
        let Some(entry) = self.entries.get(uid) else { return Vec::new() };
        let stage = match &entry.stage {
            Stage::Leaving(leaving) if leaving.is_done() => return self.dismissed(uid),
            Stage::Leaving(leaving) => Stage::Leaving(leaving.clone()),
            Stage::Outside | Stage::Admitting | Stage::Carried => {
                Stage::Leaving(self.leave(uid, &entry.service, entry.key()))
            }
        };
        let effects = stage.farewell(uid);
        let entry = Entry { verdict: Verdict::Unwanted, gone: true, stage, ..entry.clone() };
        self.put(uid.clone(), entry);
        self.let_go(effects)
    }

    /// Lets go at once of who leaves with nothing left here, where there is no finalizer to take off.
    pub(super) fn let_go(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        if !self.follows() {
            return effects;
        }
        let mut left = Vec::new();
        for effect in effects {
            match &effect {
                Effect::Dismiss(uid) => left.extend(self.dismissed(uid)),
                Effect::Pass(_) | Effect::Admit(_) | Effect::Explain(_) | Effect::Tell(..) => {
                    left.push(effect);
                }
            }
        }
        left
    }

    /// What must be passed over before a Service that leaves is gone everywhere.
    pub(super) fn leave(
        &self,
        uid: &ServiceUid,
        service: &Service,
        home: Option<QueueKey>,
    ) -> Leaving {
        let is_stranger = home.is_none();
        let held: BTreeSet<_> = self.holdings.of(uid).cloned().collect();
        // Where it was to be carried counts too: a pass may be under way there. Whether it had
        // anything there is known once that was passed over.
        let had = held.iter().any(|key| key.key != Key::Ground);
        let keys: BTreeSet<_> = held.into_iter().chain(home).collect();
        let keeps = |key: &QueueKey| {
            self.drivers.get(key.provider).is_some_and(|driver| driver.capabilities().retain)
        };
        // Only deletion: a Service that changes its type gives its load balancer up.
        if service.spec.kind == "LoadBalancer"
            && controls::retain(&service.metadata.annotations) == Ok(true)
            && keys.iter().all(keeps)
        {
            return Leaving { had, kept: true, ..Leaving::over(self.begun) };
        }
        let keys: BTreeSet<_> = if is_stranger && status::is_ours(&service.metadata) {
            keys.into_iter().chain(self.cradles(uid, service)).collect()
        } else {
            keys
        };
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
        Leaving { had, kept: false, keys, grounds, since: self.begun }
    }

    /// Where a Service may have something that nobody has seen: who was here before us may have begun
    /// it right before its end, and no survey need show that.
    fn cradles(&self, uid: &ServiceUid, service: &Service) -> impl Iterator<Item = QueueKey> {
        let maker = status::provider(service).filter(|name| self.drivers.contains_key(name));
        let drivers = self.drivers.iter();
        let makers = drivers.filter(move |(name, _)| maker.is_none_or(|maker| maker == **name));
        makers.map(|(provider, driver)| {
            let (keys, labels) = (&*driver.capabilities().settings, &BTreeMap::new());
            let spec = match seaway_intent::build(service, Around { slices: None, keys, labels }) {
                Ok(spec) => Some(spec),
                Err(rejection) => rejection.fallback().cloned(),
            };
            let own = || BalancerKey::Own(uid.clone());
            let key = spec.map_or_else(own, |spec| driver.balancer(&spec));
            QueueKey { provider, key: Key::Balancer(key) }
        })
    }

    /// Our finalizer is off a Service now, or the Service is gone.
    pub(crate) fn dismissed(&mut self, uid: &ServiceUid) -> Vec<Effect> {
        let follows = self.follows();
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        if entry.verdict != Verdict::Unwanted && !entry.gone {
            // It was wanted again meanwhile.
            entry.stage = if follows { Stage::Outside } else { Stage::Admitting };
            self.leaving.remove(uid);
            return if follows { Vec::new() } else { vec![Effect::Admit(uid.clone())] };
        }
        let name = entry.name();
        self.forget(uid, &name);
        self.passes_for_room()
    }

    /// What is left of an effect that could not be had at first.
    pub(crate) fn again(&mut self, effect: Effect) -> Vec<Effect> {
        let (Effect::Admit(uid) | Effect::Dismiss(uid) | Effect::Explain(uid)) = &effect else {
            return vec![effect];
        };
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        match (&effect, &entry.stage) {
            (Effect::Admit(_), Stage::Admitting) | (Effect::Explain(_), _) => vec![effect],
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

    /// What became of what a Service had that leaves.
    pub(crate) fn remains(&self, uid: &ServiceUid) -> Remains {
        match self.entries.get(uid).map(|entry| &entry.stage) {
            Some(Stage::Leaving(leaving)) if leaving.kept => Remains::Kept,
            Some(Stage::Leaving(leaving)) if leaving.had => Remains::TakenDown,
            _ => Remains::Nothing,
        }
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
