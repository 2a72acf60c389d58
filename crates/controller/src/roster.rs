use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::{
    Capabilities, ErrorKind, Goal, Key, Member, Moment, Nodes, ProviderError, Report, ServiceUid,
    SharedDriver, TargetKind, Want,
};
use seaway_intent::object::ServiceStatus;
use seaway_intent::{Selection, Service};

use crate::FINALIZER;
use crate::cluster::{Cluster, ServiceName};
use crate::object::Seen;
use crate::queue::QueueKey;
use crate::recorder::Note;
use crate::status;

mod entry;
mod holdings;
#[cfg(test)]
mod tests;

use self::entry::{Entry, Leaving, Stage, Verdict};
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
                let effects = next_farewell(uid, &stage);
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
        let effects = next_farewell(uid, &stage);
        let entry = Entry { verdict: Verdict::Unwanted, gone: true, stage, ..entry.clone() };
        self.put(uid.clone(), entry);
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

    /// What a pass over `key` is to reach, and its place in the order of passes.
    pub(crate) fn goal(&mut self, key: &QueueKey, now: Moment, nodes: Nodes) -> (Goal, u64) {
        self.begun += 1;
        let uids: BTreeSet<&ServiceUid> = if key.key == Key::Ground {
            self.entries.keys().collect()
        } else {
            self.assigned.get(key).into_iter().flatten().chain(self.holdings.at(key)).collect()
        };
        let members = uids
            .into_iter()
            .filter_map(|uid| {
                let entry = self.entries.get(uid)?;
                let want = self.want(uid, entry, key)?;
                let published = status::published(&entry.service);
                let applied = status::applied(&entry.service);
                Some((uid.clone(), Member { want, published, applied }))
            })
            .collect();
        (Goal { now, nodes, members }, self.begun)
    }

    /// Folds what a pass found. `begun` is its place in the order of passes.
    pub(crate) fn fold(&mut self, key: &QueueKey, begun: u64, report: &Report) -> Vec<Effect> {
        if report.error.is_none() {
            self.holdings.set(key.clone(), report.holds.clone());
        } else {
            self.holdings.add(key, &report.holds);
        }
        let mut effects = Vec::new();
        if key.key == Key::Ground && report.wrote() {
            let keys = self.assigned.keys().filter(|other| other.provider == key.provider);
            effects.extend(keys.cloned().map(Effect::Pass));
        }
        if key.key != Key::Ground && report.needs_ground {
            effects.push(Effect::Pass(QueueKey { provider: key.provider, key: Key::Ground }));
        }
        if !report.settled || report.error.is_some() {
            return effects;
        }
        for uid in self.leaving.difference(&report.holds).cloned().collect::<Vec<_>>() {
            let Some(entry) = self.entries.get_mut(&uid) else { continue };
            if entry.passed(key, begun) {
                effects.extend(next_farewell(&uid, &entry.stage));
            }
        }
        effects
    }

    /// Notes what a pass wrote to the status of a Service. What it left behind elsewhere may go now.
    pub(crate) fn shown(
        &mut self,
        uid: &ServiceUid,
        key: &QueueKey,
        update: Option<(ServiceStatus, u64)>,
    ) -> Vec<Effect> {
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        if let Some((status, version)) = update {
            entry.version = entry.version.max(version);
            Arc::make_mut(&mut entry.service).status = status;
        }
        if entry.served_at.as_ref() == Some(key) {
            return Vec::new();
        }
        entry.served_at = Some(key.clone());
        self.holdings.of(uid).filter(|other| *other != key).cloned().map(Effect::Pass).collect()
    }

    /// Counts a failure of a Service, and returns how many there were in a row.
    pub(crate) fn failed(&mut self, uid: &ServiceUid, kind: ErrorKind) -> u32 {
        self.entries.get_mut(uid).map_or(1, |entry| {
            entry.attempts += 1;
            entry.trouble = Some(kind);
            entry.attempts
        })
    }

    /// Forgets the failures of a Service, unless only a change of it helps.
    pub(crate) fn succeeded(&mut self, uid: &ServiceUid) {
        if let Some(entry) = self.entries.get_mut(uid)
            && !entry.is_hopeless()
        {
            entry.attempts = 0;
            entry.trouble = None;
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

    /// The Services that a pass over `key` may have something to say about.
    pub(crate) fn concerned(
        &self,
        key: &QueueKey,
        goal: &Goal,
    ) -> BTreeMap<ServiceUid, Arc<Service>> {
        let uids = goal.members.keys().chain(self.holdings.at(key));
        uids.filter_map(|uid| Some((uid.clone(), Arc::clone(self.service(uid)?)))).collect()
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

    /// What is wanted for a Service at a key; none if it is to have nothing there.
    fn want(&self, uid: &ServiceUid, entry: &Entry, key: &QueueKey) -> Option<Want> {
        let held = self.holdings.at(key).any(|holder| holder == uid);
        let hold = held.then_some(Want::Hold);
        match (&entry.stage, &entry.verdict) {
            // The ground must not be pulled away from under what is still being taken down.
            (Stage::Leaving(leaving), _) => {
                (key.key == Key::Ground && leaving.stands_on(key)).then_some(Want::Hold)
            }
            (Stage::Admitting | Stage::Outside, _) | (_, Verdict::Unwanted) => hold,
            // Asking again for what can't be would cost the others of a shared key a pass each time.
            (Stage::Carried, Verdict::Wanted { .. }) if entry.is_hopeless() => hold,
            (Stage::Carried, Verdict::Wanted { key: home, spec }) => {
                if key == home || (key.key == Key::Ground && key.provider == home.provider) {
                    return Some(Want::Present(Arc::clone(spec)));
                }
                // The old place is held until the status shows the new one.
                if entry.served_at.as_ref() == Some(home) { None } else { hold }
            }
            (Stage::Carried, Verdict::Refused { fallback, .. }) => match fallback {
                Some(closed) if held => Some(Want::Present(Arc::clone(closed))),
                _ => hold,
            },
        }
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

    /// What must be passed over before a Service that leaves is gone everywhere.
    fn leave(&self, uid: &ServiceUid, home: Option<QueueKey>) -> Leaving {
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

/// The next thing to do for a Service that leaves: its keys, then the grounds, then goodbye.
fn next_farewell(uid: &ServiceUid, stage: &Stage) -> Vec<Effect> {
    let Stage::Leaving(leaving) = stage else { return Vec::new() };
    if leaving.is_done() {
        return vec![Effect::Dismiss(uid.clone())];
    }
    let next = if leaving.keys.is_empty() { &leaving.grounds } else { &leaving.keys };
    next.iter().cloned().map(Effect::Pass).collect()
}
