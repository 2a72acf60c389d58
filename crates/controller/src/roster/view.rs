//! What is known of each Service, for people.

use std::collections::BTreeMap;

use seaway_core::{Key, ServiceUid};

use super::Roster;
use super::entry::{Entry, Stage, Verdict};
use crate::inspect::{self, Place, ServiceView, Trouble};
use crate::status;

impl Roster {
    /// The providers that are served, and whether each was read.
    pub(crate) fn providers(&self) -> BTreeMap<String, bool> {
        let names = self.drivers.keys();
        names.map(|name| ((*name).to_owned(), self.was_read(name))).collect()
    }

    /// At how many keys each provider has something, the grounds aside.
    pub(crate) fn held(&self) -> BTreeMap<&'static str, usize> {
        let mut held: BTreeMap<_, _> = self.drivers.keys().map(|name| (*name, 0)).collect();
        for key in self.holdings.keys().filter(|key| key.key != Key::Ground) {
            *held.entry(key.provider).or_default() += 1;
        }
        held
    }

    /// Every Service that concerns us, by namespace and name.
    pub(crate) fn views(&self) -> Vec<ServiceView> {
        let mut views: Vec<_> =
            self.entries.iter().map(|(uid, entry)| self.view(uid, entry)).collect();
        views.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        views
    }

    fn view(&self, uid: &ServiceUid, entry: &Entry) -> ServiceView {
        let home = entry.key().or_else(|| self.holdings.of(uid).next().cloned());
        let driver = home.as_ref().and_then(|home| self.drivers.get(home.provider));
        let readiness = driver.zip(home.as_ref());
        let held_at = self
            .holdings
            .of(uid)
            .map(|key| Place { provider: key.provider.to_owned(), key: key.key.clone() });
        let refusal = match &entry.verdict {
            Verdict::Refused { error, .. } => Some((error, 1)),
            Verdict::Wanted { .. } | Verdict::Paused | Verdict::Unwanted => None,
        };
        let failure = entry.trouble.as_ref().map(|error| (error, entry.attempts));
        let trouble = refusal.or(failure);
        ServiceView {
            namespace: entry.service.metadata.namespace.clone(),
            name: entry.service.metadata.name.clone(),
            uid: uid.clone(),
            provider: home.as_ref().map(|home| home.provider.to_owned()),
            key: home.as_ref().map(|home| home.key.clone()),
            stage: match (&entry.verdict, &entry.stage) {
                (Verdict::Paused, _) => inspect::Stage::Paused,
                (Verdict::Refused { .. }, _) => inspect::Stage::Refused,
                (_, Stage::Carried) if entry.is_hopeless() => inspect::Stage::Refused,
                (_, Stage::Leaving(_)) | (Verdict::Unwanted, _) => inspect::Stage::Leaving,
                // What it waits for whoever leads says in the conditions.
                (_, Stage::Outside)
                    if self.follows() && status::is_ours(&entry.service.metadata) =>
                {
                    inspect::Stage::Carried
                }
                (_, Stage::Outside | Stage::Admitting) => inspect::Stage::Admitting,
                (_, Stage::Carried) => inspect::Stage::Carried,
            },
            readiness: readiness.map(|(driver, home)| driver.readiness(&home.key, uid)),
            held_at: held_at.collect(),
            trouble: trouble.map(|(error, attempts)| Trouble { error: error.clone(), attempts }),
            targets: Vec::new(),
        }
    }
}
