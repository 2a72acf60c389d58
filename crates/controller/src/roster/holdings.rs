use std::collections::{BTreeMap, BTreeSet};

use seaway_core::ServiceUid;

use crate::queue::QueueKey;

/// Who has something at which key, both ways.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    by_key: BTreeMap<QueueKey, BTreeSet<ServiceUid>>,
    by_service: BTreeMap<ServiceUid, BTreeSet<QueueKey>>,
}

impl Holdings {
    /// These, and no others, have something at `key`.
    pub(super) fn set(&mut self, key: QueueKey, uids: BTreeSet<ServiceUid>) {
        for gone in self.by_key.remove(&key).unwrap_or_default().difference(&uids) {
            if let Some(keys) = self.by_service.get_mut(gone) {
                keys.remove(&key);
                if keys.is_empty() {
                    self.by_service.remove(gone);
                }
            }
        }
        for uid in &uids {
            self.by_service.entry(uid.clone()).or_default().insert(key.clone());
        }
        if !uids.is_empty() {
            self.by_key.insert(key, uids);
        }
    }

    /// These have something at `key` as well.
    pub(super) fn add(&mut self, key: &QueueKey, uids: &BTreeSet<ServiceUid>) {
        let all = self.at(key).chain(uids).cloned().collect();
        self.set(key.clone(), all);
    }

    /// The keys at which somebody has something.
    pub(super) fn keys(&self) -> impl Iterator<Item = &QueueKey> {
        self.by_key.keys()
    }

    /// Who has something where.
    pub(super) fn all(&self) -> impl Iterator<Item = (&QueueKey, &ServiceUid)> {
        self.by_key.iter().flat_map(|(key, uids)| uids.iter().map(move |uid| (key, uid)))
    }

    /// Who has something at `key`.
    pub(super) fn at(&self, key: &QueueKey) -> impl Iterator<Item = &ServiceUid> {
        self.by_key.get(key).into_iter().flatten()
    }

    /// Where a Service has something.
    pub(super) fn of(&self, uid: &ServiceUid) -> impl Iterator<Item = &QueueKey> {
        self.by_service.get(uid).into_iter().flatten()
    }

    /// Whether a Service has anything anywhere.
    pub(super) fn has(&self, uid: &ServiceUid) -> bool {
        self.by_service.contains_key(uid)
    }
}
