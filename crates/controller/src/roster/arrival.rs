//! How a Service comes: what it wants, and what that asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use seaway_core::{ProviderError, Readiness, ServiceUid};
use seaway_intent::Service;
use seaway_intent::object::ServiceStatus;

use super::entry::{Entry, Leaving, Stage, Verdict};
use super::{Effect, Roster, Stance};
use crate::FINALIZER;
use crate::cluster::{Cluster, ServiceName};
use crate::object::Seen;
use crate::queue::QueueKey;
use crate::recorder::Note;
use crate::{status, write};

/// What it takes to let a Service in.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) service: Arc<Service>,
    pub(crate) provider: &'static str,
    /// Annotations that nobody reads.
    pub(crate) unread: Vec<String>,
}

/// Why a Service can't be served.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) service: Arc<Service>,
    pub(crate) error: ProviderError,
    /// It asks for several protocols on one address.
    pub(crate) mixed: bool,
    /// What it had is not there any more.
    pub(crate) lost: bool,
}

impl Roster {
    /// Folds a Service as it is now.
    pub(crate) fn apply(&mut self, seen: Seen<Service>, cluster: &Cluster) -> Vec<Effect> {
        let Seen { version, object: service } = seen;
        let uid = write::uid(&service.metadata);
        let name = (service.metadata.namespace.clone(), service.metadata.name.clone());
        let mut effects = Vec::new();
        if let Some(other) = self.names.get(&name).filter(|other| *other != uid) {
            effects.extend(self.vanish(&other));
        }
        let old = self.entries.get(&uid);
        if old.is_some_and(|old| version != 0 && version < old.version) {
            // Older than what our own last write returned: the newer one is on its way.
            return effects;
        }
        let ours = status::is_ours(&service.metadata);
        let verdict = self.judge(&service, cluster, ours);
        // Who follows has no finalizer to take off, and none that waits for it: what is not here, nor
        // on its way, is gone.
        let nothing = if self.follows() {
            old.is_none_or(|old| old.stage == Stage::Outside && old.passes == 0)
        } else {
            !ours
        };
        if verdict == Verdict::Unwanted && nothing && !self.holdings.has(&uid) {
            let left = old.is_some_and(|old| matches!(old.stage, Stage::Leaving(_)));
            let tidy = old.is_some_and(|old| matches!(old.verdict, Verdict::Refused { .. }))
                && status::is_marked(&service)
                && !self.follows();
            if tidy {
                // It was refused, and is not ours any more: what we said of it goes.
                let stage = Stage::Leaving(Leaving::over(self.begun));
                let effects = stage.farewell(&uid);
                let entry = Entry::new(Arc::new(service), version, verdict, old);
                self.put(uid, Entry { stage, ..entry });
                return effects;
            }
            self.forget(&uid, &name);
            if left {
                // The watch was faster than the answer to the write that let it go.
                effects.extend(self.passes_for_room());
            }
            return effects;
        }
        if verdict == Verdict::Unwanted && !self.unread.is_empty() {
            // Only who has read every provider can tell that nothing is left of it.
            self.deferred.insert(uid, Seen { version, object: service });
            return effects;
        }
        let asks_else = old.is_none_or(|old| {
            old.verdict != verdict || old.service.metadata.deleting != service.metadata.deleting
        });
        let stirred = old.is_some_and(|old| self.has_stirred(&old.service, &service));
        // While a pass writes to the status, its own write may be seen before its answer. Whose it was
        // is known once the pass is over; until then it is not even to be tried again.
        let waits = stirred && !asks_else && old.is_some_and(|old| old.passes > 0);
        let changed = asks_else || (stirred && !waits);
        let mut entry = Entry::new(Arc::new(service), version, verdict, old);
        if waits {
            entry.stirred = Some(version);
        }
        if stirred && self.follows() {
            // What it was refused may be had at what the status shows now.
            (entry.attempts, entry.trouble) = (0, None);
        }
        entry.unread = self.unread_annotations(&entry);
        // Nobody reads it, so it asks for nothing; but the condition tells of it.
        let misread = old.map_or_else(
            // Whoever lets it in tells of it; where nobody does, it is told here.
            || self.stance == Stance::Rehearses && !entry.unread.is_empty(),
            |old| old.unread != entry.unread,
        );
        let home = old.and_then(Entry::key);
        let ours = ours || self.stance == Stance::Rehearses;
        let (stage, more) = self.stage(&uid, &entry, ours, changed || misread, home);
        if misread && stage == Stage::Carried && !entry.unread.is_empty() && !self.follows() {
            effects.push(Effect::Tell(uid.clone(), Note::Unread(entry.unread.join(", "))));
        }
        self.put(uid, Entry { stage, ..entry });
        effects.extend(self.let_go(more));
        effects
    }

    /// Whether somebody has changed what the status of a Service shows, as far as it matters to us.
    fn has_stirred(&self, old: &Service, new: &Service) -> bool {
        if self.follows() {
            return is_shown(old) != is_shown(new)
                || old.status.load_balancer != new.status.load_balancer;
        }
        !status::agree(old, new)
    }

    /// The stage that a Service enters, and what that asks for. `home` is where it was to be carried
    /// before.
    fn stage(
        &self,
        uid: &ServiceUid,
        entry: &Entry,
        ours: bool,
        changed: bool,
        home: Option<QueueKey>,
    ) -> (Stage, Vec<Effect>) {
        match (&entry.verdict, &entry.stage) {
            // On its way out: once that is over, it is taken in again if it is wanted.
            (_, Stage::Leaving(leaving)) if leaving.is_done() => (entry.stage.clone(), Vec::new()),
            (Verdict::Paused, _) => {
                let tell = Effect::Tell(uid.clone(), Note::Paused(entry.service.metadata.deleting));
                let effects = if changed && !self.follows() { vec![tell] } else { Vec::new() };
                (if ours { Stage::Carried } else { Stage::Outside }, effects)
            }
            (Verdict::Unwanted, Stage::Leaving(_)) => (entry.stage.clone(), Vec::new()),
            (Verdict::Unwanted, _) => {
                let stage = Stage::Leaving(self.leave(uid, &entry.service, home));
                let effects = stage.farewell(uid);
                (stage, effects)
            }
            (Verdict::Wanted { .. }, stage) if self.follows() && !is_shown(&entry.service) => {
                // What goes is gone by the time that it comes again: maybe at another address.
                let leaves = matches!(stage, Stage::Leaving(_));
                (if leaves { stage.clone() } else { Stage::Outside }, Vec::new())
            }
            (Verdict::Wanted { key, .. }, stage) if ours => {
                let fresh = changed || *stage != Stage::Carried;
                (Stage::Carried, if fresh { self.passes_for(key) } else { Vec::new() })
            }
            (Verdict::Wanted { .. }, Stage::Admitting) => (Stage::Admitting, Vec::new()),
            (Verdict::Wanted { .. }, _) => (Stage::Admitting, vec![Effect::Admit(uid.clone())]),
            (Verdict::Refused { .. }, _) => {
                let mut effects = Vec::new();
                if changed {
                    // Whoever leads explains; here it matters only if it is served elsewhere.
                    if !self.follows() || is_shown(&entry.service) {
                        effects.push(Effect::Explain(uid.clone()));
                    }
                    effects.extend(self.holdings.of(uid).cloned().map(Effect::Pass));
                }
                (if ours { Stage::Carried } else { Stage::Outside }, effects)
            }
        }
    }

    /// Folds that these Services, and no others, are there.
    pub(crate) fn restart(
        &mut self,
        services: Vec<Seen<Service>>,
        cluster: &Cluster,
    ) -> Vec<Effect> {
        let there: BTreeSet<ServiceUid> =
            services.iter().map(|seen| write::uid(&seen.object.metadata)).collect();
        let gone: Vec<_> =
            self.entries.keys().filter(|uid| !there.contains(*uid)).cloned().collect();
        let mut effects: Vec<_> = gone.iter().flat_map(|uid| self.vanish(uid)).collect();
        for service in services {
            effects.extend(self.apply(service, cluster));
        }
        effects
    }

    /// Judges the Services anew that a change of their EndpointSlices touches.
    pub(crate) fn touch(
        &mut self,
        names: &BTreeSet<ServiceName>,
        cluster: &Cluster,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in names {
            let Some(entry) = self.names.get(name).and_then(|uid| self.entries.get(&uid)) else {
                continue;
            };
            let seen = Seen { version: entry.version, object: (*entry.service).clone() };
            effects.extend(self.apply(seen, cluster));
        }
        effects
    }

    /// Judges the Services anew that select their nodes by label.
    pub(crate) fn reselect(&mut self, cluster: &Cluster) -> Vec<Effect> {
        let names: BTreeSet<_> =
            self.selecting.iter().filter_map(|uid| Some(self.entries.get(uid)?.name())).collect();
        self.touch(&names, cluster)
    }

    /// Whether any Service selects its nodes by label.
    pub(crate) fn selects_nodes(&self) -> bool {
        !self.selecting.is_empty()
    }

    /// What it takes to let a Service in; none if it is not wanted any more.
    pub(crate) fn admission(&self, uid: &ServiceUid) -> Option<Admission> {
        let entry = self.entries.get(uid)?;
        let Verdict::Wanted { key, .. } = &entry.verdict else { return None };
        let (service, unread) = (Arc::clone(&entry.service), entry.unread.clone());
        Some(Admission { service, provider: key.provider, unread })
    }

    /// Why a Service can't be served; none if it can, by now.
    pub(crate) fn refusal(&self, uid: &ServiceUid) -> Option<Refusal> {
        let entry = self.entries.get(uid)?;
        let Verdict::Refused { error, mixed, .. } = &entry.verdict else { return None };
        let (service, error) = (Arc::clone(&entry.service), error.clone());
        Some(Refusal { service, error, mixed: *mixed, lost: self.is_lost(uid, entry) })
    }

    /// Whether nothing of what a Service had is there any more, as far as every provider was read that
    /// may have made it.
    pub(super) fn is_lost(&self, uid: &ServiceUid, entry: &Entry) -> bool {
        let service = &entry.service;
        let makers = [self.selection.provider(service), status::provider(service)];
        let known = makers[0].is_some()
            && makers.into_iter().flatten().all(|name| self.drivers.contains_key(name));
        let is_gone = |key: &QueueKey| {
            let driver = self.drivers.get(key.provider);
            driver.is_some_and(|driver| driver.readiness(&key.key, uid) == Readiness::Gone)
        };
        known && self.unread.is_empty() && self.holdings.of(uid).all(is_gone)
    }

    /// Notes the status that a write of ours left, by our reckoning. Where the watch was faster it
    /// has shown what is there, and that counts.
    pub(crate) fn told(&mut self, uid: &ServiceUid, status: ServiceStatus, version: u64) {
        if let Some(entry) = self.entries.get_mut(uid)
            && (entry.version < version || version == 0)
        {
            entry.version = version.max(entry.version);
            Arc::make_mut(&mut entry.service).status = status;
        }
    }

    /// Our finalizer is on a Service now.
    pub(crate) fn admitted(
        &mut self,
        uid: &ServiceUid,
        (status, version): (ServiceStatus, u64),
    ) -> Vec<Effect> {
        self.told(uid, status, version);
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        if !matches!(entry.stage, Stage::Admitting) {
            return Vec::new();
        }
        entry.stage = Stage::Carried;
        Arc::make_mut(&mut entry.service).metadata.finalizers.push(FINALIZER.to_owned());
        let key = entry.key();
        key.map(|key| self.passes_for(&key)).unwrap_or_default()
    }
}

/// Whether whoever leads has let a Service in, and given it an address.
fn is_shown(service: &Service) -> bool {
    status::is_ours(&service.metadata) && !status::published(service).is_empty()
}
