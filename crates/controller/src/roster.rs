use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::{Key, ProviderError, ServiceUid, SharedDriver, TargetKind};
use seaway_intent::{Selection, Service, controls};

use crate::cluster::{Cluster, ServiceName};
use crate::object::Seen;
use crate::queue::QueueKey;
use crate::recorder::Note;

mod arrival;
mod departure;
mod entry;
mod holdings;
mod judge;
mod names;
#[cfg(test)]
pub(crate) mod paper;
mod passing;
#[cfg(test)]
mod tests;
mod view;
mod vouched;

pub(crate) use self::arrival::{Admission, Refusal};
pub(crate) use self::departure::Remains;
use self::entry::{Entry, Stage, Verdict};
use self::holdings::Holdings;
pub(crate) use self::names::Names;
pub(crate) use self::passing::Known;
use self::vouched::Vouched;

/// What a change asks of the loop.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// A pass over this key.
    Pass(QueueKey),
    /// Our finalizer on this Service.
    Admit(ServiceUid),
    /// Our finalizer off this Service: nothing of it is left anywhere.
    Dismiss(ServiceUid),
    /// Why it can't be served, in its conditions.
    Explain(ServiceUid),
    /// A word to its owner.
    Tell(ServiceUid, Note),
}

/// What may be written to Kubernetes, and who writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stance {
    /// We do.
    Leads,
    /// Another controller does: what it has not written yet is waited for.
    Follows,
    /// Nobody does: the finalizer is taken for granted.
    Rehearses,
}

/// Which Service is to be carried by which key, and who has something where. It does no I/O: a change
/// comes in, effects go out.
pub(crate) struct Roster {
    drivers: BTreeMap<&'static str, SharedDriver>,
    selection: Selection,
    stance: Stance,
    entries: BTreeMap<ServiceUid, Entry>,
    names: Names,
    assigned: BTreeMap<QueueKey, BTreeSet<ServiceUid>>,
    /// Those that are being taken down.
    leaving: BTreeSet<ServiceUid>,
    holdings: Holdings,
    /// Services whose things stay although they are gone.
    retained: BTreeSet<ServiceUid>,
    /// Services that are no more, and whose things are to go.
    condemned: BTreeSet<ServiceUid>,
    /// Services that select their nodes by label.
    selecting: BTreeSet<ServiceUid>,
    /// Providers that were not read yet.
    unread: BTreeSet<&'static str>,
    /// Services that wait for those to be read before they go.
    deferred: BTreeMap<ServiceUid, Seen<Service>>,
    vouched: Vouched,
    /// Counts the passes begun, so that one that began before a Service left does not speak of it.
    begun: u64,
}

impl Roster {
    pub(crate) fn new(
        drivers: BTreeMap<&'static str, SharedDriver>,
        selection: Selection,
        stance: Stance,
    ) -> Self {
        Self {
            drivers,
            selection,
            stance,
            entries: BTreeMap::new(),
            names: Names::default(),
            assigned: BTreeMap::new(),
            leaving: BTreeSet::new(),
            holdings: Holdings::default(),
            retained: BTreeSet::new(),
            condemned: BTreeSet::new(),
            selecting: BTreeSet::new(),
            unread: BTreeSet::new(),
            deferred: BTreeMap::new(),
            vouched: Vouched::default(),
            begun: 0,
        }
    }

    /// The driver of a provider that is served.
    pub(crate) fn driver(&self, provider: &str) -> Option<&SharedDriver> {
        self.drivers.get(provider)
    }

    /// The names of the Services that concern us, now and from now on.
    pub(crate) fn names(&self) -> Names {
        self.names.clone()
    }

    /// The Service by this uid.
    pub(crate) fn service(&self, uid: &ServiceUid) -> Option<&Arc<Service>> {
        self.entries.get(uid).map(|entry| &entry.service)
    }

    /// Why a Service is not to be served.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&Arc<Service>, &ProviderError)> {
        self.entries.values().filter_map(|entry| match &entry.verdict {
            Verdict::Refused { error, .. } => Some((&entry.service, error)),
            Verdict::Wanted { .. } | Verdict::Paused | Verdict::Unwanted => None,
        })
    }

    /// The annotations of Services that nobody reads.
    pub(crate) fn unread(&self) -> impl Iterator<Item = (&Arc<Service>, &[String])> {
        let all = self.entries.values().map(|entry| (&entry.service, &*entry.unread));
        all.filter(|(_, unread)| !unread.is_empty())
    }

    /// Every key that has something to do or something to hold, the grounds first.
    pub(crate) fn keys(&self) -> BTreeSet<QueueKey> {
        let mut keys: BTreeSet<_> = self.assigned.keys().cloned().collect();
        keys.extend(self.entries.keys().flat_map(|uid| self.holdings.of(uid).cloned()));
        keys.extend(
            self.drivers
                .iter()
                .filter(|(_, driver)| driver.capabilities().ground)
                .map(|(provider, _)| QueueKey { provider, key: Key::Ground }),
        );
        keys
    }

    /// Takes over what a provider says that it holds.
    pub(crate) fn hold(&mut self, provider: &'static str) {
        let Some(driver) = self.drivers.get(provider) else { return };
        for (key, uids) in driver.holders() {
            self.holdings.set(QueueKey { provider, key }, uids);
        }
        self.retained.extend(driver.retained());
    }

    /// A provider can't be read yet: what may have something there does not go before it is.
    pub(crate) fn miss(&mut self, provider: &'static str) {
        self.unread.insert(provider);
    }

    /// Whether a provider was read.
    pub(crate) fn was_read(&self, provider: &str) -> bool {
        !self.unread.contains(provider)
    }

    /// A provider that could not be read before is read now.
    pub(crate) fn regain(&mut self, provider: &'static str, cluster: &Cluster) -> Vec<Effect> {
        self.unread.remove(provider);
        self.hold(provider);
        let keys = self.keys().into_iter().filter(|key| key.provider == provider);
        let mut effects: Vec<_> = keys.map(Effect::Pass).collect();
        if self.unread.is_empty() {
            for seen in std::mem::take(&mut self.deferred).into_values() {
                effects.extend(self.apply(seen, cluster));
            }
        }
        effects
    }

    /// Lets go of what is held for Services that are no more: the next pass takes it down.
    pub(crate) fn condemn(&mut self, uids: impl IntoIterator<Item = ServiceUid>) {
        self.condemned = uids.into_iter().collect();
    }

    /// Whether a pass over `key` is somebody's.
    pub(crate) fn is_assigned(&self, key: &QueueKey) -> bool {
        key.key == Key::Ground || self.assigned.contains_key(key)
    }

    /// Whether anything is to be done at `key`, or somebody has something there.
    pub(crate) fn concerns(&self, key: &QueueKey) -> bool {
        self.is_assigned(key) || self.holdings.at(key).next().is_some()
    }

    /// What is held for Services that are no more.
    pub(crate) fn orphans(&self) -> BTreeSet<(QueueKey, ServiceUid)> {
        let dead = |uid: &ServiceUid| {
            !self.entries.contains_key(uid)
                && !self.retained.contains(uid)
                && !self.deferred.contains_key(uid)
        };
        let held = self.holdings.all().filter(|(_, uid)| dead(uid));
        held.map(|(key, uid)| (key.clone(), uid.clone())).collect()
    }

    /// The keys that a change of the nodes concerns: where targets are the nodes themselves, the
    /// ground alone knows them.
    pub(crate) fn nodes_changed(&self) -> Vec<QueueKey> {
        let concerned = |key: &QueueKey| {
            self.drivers.get(key.provider).is_some_and(|driver| {
                key.key == Key::Ground || driver.capabilities().target_kind == TargetKind::NodePort
            })
        };
        self.keys().into_iter().filter(concerned).collect()
    }

    /// The passes that a change of a Service at `key` needs: the ground knows the members too.
    fn passes_for(&self, key: &QueueKey) -> Vec<Effect> {
        let ground = self
            .drivers
            .get(key.provider)
            .filter(|driver| driver.capabilities().ground)
            .map(|_| QueueKey { provider: key.provider, key: Key::Ground });
        ground.into_iter().chain([key.clone()]).map(Effect::Pass).collect()
    }

    /// The passes over the Services that may get what another one has given back.
    fn passes_for_room(&self) -> Vec<Effect> {
        let waiting = self.entries.values().filter(|entry| entry.waits_for_room());
        waiting.filter_map(Entry::key).map(Effect::Pass).collect()
    }

    /// Whether all that is written to Kubernetes is another controller's affair.
    fn follows(&self) -> bool {
        self.stance == Stance::Follows
    }

    fn put(&mut self, uid: ServiceUid, entry: Entry) {
        if let Some(old) = self.entries.get(&uid).and_then(Entry::key) {
            self.unassign(&uid, &old);
        }
        if let Some(key) = entry.key() {
            self.assigned.entry(key).or_default().insert(uid.clone());
        }
        if controls::may_select(&entry.service.metadata.annotations) {
            self.selecting.insert(uid.clone());
        } else {
            self.selecting.remove(&uid);
        }
        if let Stage::Leaving(leaving) = &entry.stage {
            self.leaving.insert(uid.clone());
            if leaving.kept {
                self.retained.insert(uid.clone());
            }
        } else {
            self.leaving.remove(&uid);
        }
        self.names.give(entry.name(), &uid);
        self.entries.insert(uid, entry);
    }

    fn unassign(&mut self, uid: &ServiceUid, key: &QueueKey) {
        if let Some(uids) = self.assigned.get_mut(key) {
            uids.remove(uid);
            if uids.is_empty() {
                self.assigned.remove(key);
            }
        }
    }

    fn forget(&mut self, uid: &ServiceUid, name: &ServiceName) {
        if let Some(key) = self.entries.remove(uid).and_then(|entry| entry.key()) {
            self.unassign(uid, &key);
        }
        self.leaving.remove(uid);
        self.selecting.remove(uid);
        self.names.take(name, uid);
    }
}
