//! What a pass is to reach, and what is made of what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::{Goal, Key, Member, Moment, Nodes, ProviderError, Report, ServiceUid, Want};
use seaway_intent::Service;
use seaway_intent::object::ServiceStatus;

use super::entry::{Entry, Stage, Verdict};
use super::{Effect, Roster, Stance};
use crate::queue::QueueKey;
use crate::status::{self, Said, Standing};

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
                let Some(entry) = self.entries.get(uid) else {
                    // What is nobody's, or is to stay, goes only when it is swept.
                    return (!self.condemned.contains(uid)).then(|| (uid.clone(), Member::held()));
                };
                let want = self.want(uid, entry, key)?;
                let published = status::published(&entry.service);
                let applied = self.applied(key, entry);
                Some((uid.clone(), Member { want, published, applied }))
            })
            .collect();
        (Goal { now, nodes, members, follows: self.follows() }, self.begun)
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
            (Stage::Admitting | Stage::Outside, _) | (_, Verdict::Unwanted | Verdict::Paused) => {
                hold
            }
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
        self.note_pass(key, report);
        if report.error.is_none() {
            self.holdings.set(key.clone(), report.holds.clone());
        } else {
            self.holdings.add(key, &report.holds);
        }
        if key.key != Key::Ground {
            self.note_remains(report);
        }
        let mut effects = Vec::new();
        if key.key == Key::Ground && report.wrote() {
            let keys = self.assigned.keys().filter(|other| other.provider == key.provider);
            effects.extend(keys.cloned().map(Effect::Pass));
        }
        if key.key != Key::Ground && report.needs_ground {
            effects.push(Effect::Pass(key.ground()));
        }
        if !report.settled || report.error.is_some() {
            return effects;
        }
        for uid in self.leaving.difference(&report.holds).cloned().collect::<Vec<_>>() {
            let Some(entry) = self.entries.get_mut(&uid) else { continue };
            if entry.passed(key, begun) {
                let farewell = entry.stage.farewell(&uid);
                effects.extend(self.let_go(farewell));
            }
        }
        effects
    }

    /// Notes who of those that leave had something: only they are told that it is gone.
    fn note_remains(&mut self, report: &Report) {
        let served = report.steps.iter().filter_map(|step| step.serves.as_ref());
        for uid in served.chain(&report.holds).filter(|uid| self.leaving.contains(*uid)) {
            if let Some(Entry { stage: Stage::Leaving(leaving), .. }) = self.entries.get_mut(uid) {
                leaving.had = true;
            }
        }
    }

    /// Notes what a pass wrote to the status of a Service. What it left behind elsewhere may go now.
    pub(crate) fn shown(
        &mut self,
        uid: &ServiceUid,
        key: &QueueKey,
        update: Option<(ServiceStatus, u64)>,
    ) -> Vec<Effect> {
        if let Some((status, version)) = update {
            self.said(uid, status, version);
        }
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        if entry.shown.is_none() {
            // What needed no write was there already: from before a restart, say.
            entry.shown = Some((Said::of(&entry.service.status), entry.version));
        }
        if entry.served_at.as_ref() == Some(key) {
            return Vec::new();
        }
        entry.served_at = Some(key.clone());
        self.holdings.of(uid).filter(|other| *other != key).cloned().map(Effect::Pass).collect()
    }

    /// Notes what a write of ours says on a Service.
    pub(crate) fn said(&mut self, uid: &ServiceUid, status: ServiceStatus, version: u64) {
        if let Some(entry) = self.entries.get_mut(uid) {
            entry.said(Said::of(&status), version);
        }
        self.told(uid, status, version);
    }

    /// An explanation is over, and wrote this status. By now the Service may ask for something else,
    /// and whoever acted on that may have been faster.
    pub(crate) fn explained(
        &mut self,
        uid: &ServiceUid,
        update: Option<(ServiceStatus, u64)>,
    ) -> Vec<Effect> {
        let Some(entry) = self.entries.get_mut(uid) else { return Vec::new() };
        let stale = entry.ended(update.as_ref()) || update.is_some();
        let home = entry.key().filter(|_| stale);
        if let Some((status, version)) = update {
            self.said(uid, status, version);
        }
        home.map(Effect::Pass).into_iter().chain(self.unexplained([uid])).collect()
    }

    /// Those of these that are refused, and whose statuses say something else.
    pub(crate) fn unexplained<'a>(
        &self,
        uids: impl IntoIterator<Item = &'a ServiceUid>,
    ) -> Vec<Effect> {
        let silent = |uid: &&ServiceUid| {
            let unexplained = |entry: &Entry| entry.is_unexplained(|| self.is_lost(uid, entry));
            !self.follows() && self.entries.get(*uid).is_some_and(unexplained)
        };
        uids.into_iter().filter(silent).cloned().map(Effect::Explain).collect()
    }

    /// The same of all Services.
    pub(crate) fn all_unexplained(&self) -> Vec<Effect> {
        self.unexplained(self.entries.keys())
    }

    /// Whether a Service failed like this before, and has not got further since.
    pub(crate) fn has_failed(&self, uid: &ServiceUid, error: &ProviderError) -> bool {
        self.entries.get(uid).is_some_and(|entry| entry.trouble.as_ref() == Some(error))
    }

    /// Counts a failure of a Service, and returns how many there were in a row.
    pub(crate) fn failed(&mut self, uid: &ServiceUid, error: &ProviderError) -> u32 {
        self.entries.get_mut(uid).map_or(1, |entry| {
            entry.attempts += 1;
            entry.trouble = Some(error.clone());
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

    /// A pass or an explanation begins that may write to the statuses of these.
    pub(crate) fn begins<'a>(&mut self, uids: impl IntoIterator<Item = &'a ServiceUid>) {
        for uid in uids {
            if let Some(entry) = self.entries.get_mut(uid) {
                entry.passes += 1;
            }
        }
    }

    /// It is over, and wrote these statuses. What somebody else changed meanwhile is to be looked into.
    pub(crate) fn ends<'a>(
        &mut self,
        key: &QueueKey,
        wrote: impl IntoIterator<Item = (&'a ServiceUid, Option<&'a (ServiceStatus, u64)>)>,
    ) -> Vec<Effect> {
        let follows = self.follows();
        let mut effects = Vec::new();
        for (uid, update) in wrote {
            let Some(entry) = self.entries.get_mut(uid) else { continue };
            if !entry.ended(update) {
                continue;
            }
            match &entry.verdict {
                Verdict::Wanted { .. } => effects.push(Effect::Pass(key.clone())),
                Verdict::Refused { .. } if follows => effects.push(Effect::Explain(uid.clone())),
                // Who leads looks at the status that comes of it, see `unexplained`.
                Verdict::Refused { .. } | Verdict::Paused | Verdict::Unwanted => {}
            }
        }
        effects
    }

    /// The Services that a pass over `key` may have something to say about.
    pub(crate) fn concerned(&self, key: &QueueKey, goal: &Goal) -> BTreeMap<ServiceUid, Known> {
        let uids = goal.members.keys().chain(self.holdings.at(key));
        uids.filter_map(|uid| {
            let entry = self.entries.get(uid)?;
            let known = Known {
                service: Arc::clone(&entry.service),
                shown: entry.shown.as_ref().map(|(said, _)| said.clone()),
                standing: entry.standing,
                unread: entry.unread.clone(),
                writable: matches!(entry.verdict, Verdict::Wanted { .. }),
            };
            Some((uid.clone(), known))
        })
        .collect()
    }

    /// Folds what is known of the health of a Service's targets. A change that matters asks for a
    /// pass, which writes it to the conditions.
    pub(crate) fn weigh(&mut self, uid: &ServiceUid, standing: Standing) -> Option<Effect> {
        let entry = self.entries.get_mut(uid)?;
        let before = entry.standing.replace(standing);
        let serves = |standing: Standing| standing.usable > 0;
        // A Service is taken to be served until something else is known.
        let changed = before.is_none_or(serves) != serves(standing);
        // Only who leads has conditions to write.
        let idle = !changed || entry.stage != Stage::Carried || self.stance == Stance::Follows;
        if idle { None } else { entry.key().map(Effect::Pass) }
    }
}

/// What a pass knows of a Service.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// As it was seen last.
    pub(crate) service: Arc<Service>,
    /// What we wrote to its status last.
    pub(crate) shown: Option<Said>,
    /// The health of its targets.
    pub(crate) standing: Option<Standing>,
    /// Annotations that nobody reads.
    pub(crate) unread: Vec<String>,
    /// It is served as it asks, so what a pass finds goes to its status.
    pub(crate) writable: bool,
}
