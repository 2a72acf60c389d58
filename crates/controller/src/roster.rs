use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::{Key, ProviderError, ServiceUid, SharedDriver, TargetKind};
use seaway_intent::{Selection, Service};

use crate::cluster::ServiceName;
use crate::queue::QueueKey;
use crate::recorder::Note;

mod arrival;
mod departure;
mod entry;
mod holdings;
#[cfg(test)]
pub(crate) mod paper;
mod passing;
#[cfg(test)]
mod tests;

use self::entry::{Entry, Stage, Verdict};
use self::holdings::Holdings;

/// What a change asks of the loop.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// A pass over this key.
    Pass(QueueKey),
    /// Our finalizer on this Service.
    Admit(ServiceUid),
    /// Our finalizer off this Service: nothing of it is left anywhere.
    Dismiss(ServiceUid),
    /// A word to its owner.
    Tell(ServiceUid, Note),
}

/// Which Service is to be carried by which key, and who has something where. It does no I/O: a change
/// comes in, effects go out.
pub(crate) struct Roster {
    drivers: BTreeMap<&'static str, SharedDriver>,
    selection: Selection,
    /// Nothing is written: the finalizer is taken for granted.
    dry: bool,
    entries: BTreeMap<ServiceUid, Entry>,
    names: BTreeMap<ServiceName, ServiceUid>,
    assigned: BTreeMap<QueueKey, BTreeSet<ServiceUid>>,
    /// Those that are being taken down.
    leaving: BTreeSet<ServiceUid>,
    holdings: Holdings,
    /// Counts the passes begun, so that one that began before a Service left does not speak of it.
    begun: u64,
}

impl Roster {
    pub(crate) fn new(
        drivers: BTreeMap<&'static str, SharedDriver>,
        selection: Selection,
        dry: bool,
    ) -> Self {
        Self {
            drivers,
            selection,
            dry,
            entries: BTreeMap::new(),
            names: BTreeMap::new(),
            assigned: BTreeMap::new(),
            leaving: BTreeSet::new(),
            holdings: Holdings::default(),
            begun: 0,
        }
    }

    /// The driver of a provider that is served.
    pub(crate) fn driver(&self, provider: &str) -> Option<&SharedDriver> {
        self.drivers.get(provider)
    }

    /// The Service by this uid.
    pub(crate) fn service(&self, uid: &ServiceUid) -> Option<&Arc<Service>> {
        self.entries.get(uid).map(|entry| &entry.service)
    }

    /// Why a Service is not to be served.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&Arc<Service>, &ProviderError)> {
        self.entries.values().filter_map(|entry| match &entry.verdict {
            Verdict::Refused { error, .. } => Some((&entry.service, error)),
            Verdict::Wanted { .. } | Verdict::Unwanted => None,
        })
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
    }

    /// The keys that a change of the nodes concerns: where targets are the nodes themselves, the
    /// ground alone knows them.
    pub(crate) fn nodes_changed(&self) -> Vec<Effect> {
        let concerned = |key: &QueueKey| {
            self.drivers.get(key.provider).is_some_and(|driver| {
                key.key == Key::Ground || driver.capabilities().target_kind == TargetKind::NodePort
            })
        };
        self.keys().into_iter().filter(concerned).map(Effect::Pass).collect()
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

    fn put(&mut self, uid: ServiceUid, entry: Entry) {
        if let Some(old) = self.entries.get(&uid).and_then(Entry::key) {
            self.unassign(&uid, &old);
        }
        if let Some(key) = entry.key() {
            self.assigned.entry(key).or_default().insert(uid.clone());
        }
        if matches!(entry.stage, Stage::Leaving(_)) {
            self.leaving.insert(uid.clone());
        } else {
            self.leaving.remove(&uid);
        }
        self.names.insert(entry.name(), uid.clone());
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
        if self.names.get(name) == Some(uid) {
            self.names.remove(name);
        }
    }
}
