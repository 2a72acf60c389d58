//! What a pass is to reach, and what is made of what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::{ErrorKind, Goal, Key, Member, Moment, Nodes, Report, ServiceUid, Want};
use seaway_intent::Service;
use seaway_intent::object::ServiceStatus;

use super::entry::{Entry, Stage, Verdict};
use super::{Effect, Roster};
use crate::queue::QueueKey;
use crate::status;

impl Roster {
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
                effects.extend(entry.stage.farewell(&uid));
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

    /// The Services that a pass over `key` may have something to say about.
    pub(crate) fn concerned(
        &self,
        key: &QueueKey,
        goal: &Goal,
    ) -> BTreeMap<ServiceUid, Arc<Service>> {
        let uids = goal.members.keys().chain(self.holdings.at(key));
        uids.filter_map(|uid| Some((uid.clone(), Arc::clone(self.service(uid)?)))).collect()
    }
}
