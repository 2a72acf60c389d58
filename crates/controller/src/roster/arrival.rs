//! How a Service comes: what it wants, and what that asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use seaway_core::{Capabilities, ErrorKind, Key, ProviderError, ServiceUid};
use seaway_intent::Service;

use super::entry::{Entry, Stage, Verdict};
use super::{Effect, Roster};
use crate::FINALIZER;
use crate::cluster::{Cluster, ServiceName};
use crate::object::Seen;
use crate::queue::QueueKey;
use crate::recorder::Note;

impl Roster {
    /// Folds a Service as it is now.
    pub(crate) fn apply(&mut self, seen: Seen<Service>, cluster: &Cluster) -> Vec<Effect> {
        let Seen { version, object: service } = seen;
        let uid = ServiceUid::from(service.metadata.uid.as_str());
        let name = (service.metadata.namespace.clone(), service.metadata.name.clone());
        let mut effects = Vec::new();
        if let Some(other) = self.names.get(&name).filter(|other| **other != uid).cloned() {
            effects.extend(self.vanish(&other));
        }
        let old = self.entries.get(&uid);
        if old.is_some_and(|old| version != 0 && version < old.version) {
            // Older than what our own last write returned: the newer one is on its way.
            return effects;
        }
        let verdict = self.judge(&service, cluster);
        let ours = service.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER);
        if verdict == Verdict::Unwanted && !ours && !self.holdings.has(&uid) {
            let left = old.is_some_and(|old| matches!(old.stage, Stage::Leaving(_)));
            self.forget(&uid, &name);
            if left {
                // The watch was faster than the answer to the write that let it go.
                effects.extend(self.passes_for_room());
            }
            return effects;
        }
        let shown = &service.status.load_balancer;
        let changed = old
            .is_none_or(|old| old.verdict != verdict || old.service.status.load_balancer != *shown);
        let entry = Entry::new(Arc::new(service), version, verdict, old);
        let home = old.and_then(Entry::key);
        let (stage, more) = self.stage(&uid, &entry, ours || self.dry, changed, home);
        self.put(uid, Entry { stage, ..entry });
        effects.extend(more);
        effects
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
            (Verdict::Unwanted, Stage::Leaving(_)) => (entry.stage.clone(), Vec::new()),
            (Verdict::Unwanted, _) => {
                let stage = Stage::Leaving(self.leave(uid, home));
                let effects = stage.farewell(uid);
                (stage, effects)
            }
            (Verdict::Wanted { key, .. }, stage) if ours => {
                let fresh = changed || *stage != Stage::Carried;
                (Stage::Carried, if fresh { self.passes_for(key) } else { Vec::new() })
            }
            (Verdict::Wanted { .. }, Stage::Admitting) => (Stage::Admitting, Vec::new()),
            (Verdict::Wanted { .. }, _) => (Stage::Admitting, vec![Effect::Admit(uid.clone())]),
            (Verdict::Refused { error, .. }, _) => {
                let mut effects = Vec::new();
                if changed {
                    effects.push(Effect::Tell(uid.clone(), Note::Failed(error.to_string())));
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
        let there: BTreeSet<ServiceUid> = services
            .iter()
            .map(|seen| ServiceUid::from(seen.object.metadata.uid.as_str()))
            .collect();
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
            let Some(entry) = self.names.get(name).and_then(|uid| self.entries.get(uid)) else {
                continue;
            };
            let seen = Seen { version: entry.version, object: (*entry.service).clone() };
            effects.extend(self.apply(seen, cluster));
        }
        effects
    }

    fn judge(&self, service: &Service, cluster: &Cluster) -> Verdict {
        let provider = self.selection.provider(service).and_then(|name| self.drivers.get(name));
        let Some(driver) = provider else { return Verdict::Unwanted };
        let can: &Capabilities = driver.capabilities();
        let name = (service.metadata.namespace.clone(), service.metadata.name.clone());
        let slices = can.local_nodes.then(|| cluster.slices(&name));
        let spec = match seaway_intent::build(service, slices.as_deref(), &can.settings) {
            Ok(spec) => spec,
            Err(rejection) => {
                let fallback = rejection.fallback().cloned().map(Arc::new);
                let text = rejection.to_string();
                let error = ProviderError::new(ErrorKind::InvalidSpec, "Service", text);
                return Verdict::Refused { error, fallback };
            }
        };
        match can.check(driver.name(), &spec) {
            Ok(()) => Verdict::Wanted {
                key: QueueKey {
                    provider: driver.name(),
                    key: Key::Balancer(driver.balancer(&spec)),
                },
                spec: Arc::new(spec),
            },
            Err(error) => Verdict::Refused { error, fallback: None },
        }
    }

    /// Our finalizer is on a Service now.
    pub(crate) fn admitted(&mut self, uid: &ServiceUid, version: u64) -> Vec<Effect> {
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        entry.version = entry.version.max(version);
        if !matches!(entry.stage, Stage::Admitting) {
            return Vec::new();
        }
        entry.stage = Stage::Carried;
        Arc::make_mut(&mut entry.service).metadata.finalizers.push(FINALIZER.to_owned());
        let key = entry.key();
        key.map(|key| self.passes_for(&key)).unwrap_or_default()
    }
}
