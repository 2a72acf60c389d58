//! Whose digests vouch for what no listing shows.

use std::collections::BTreeSet;

use seaway_core::{Digest, Report};

use super::Roster;
use super::entry::{Entry, Stage, Verdict};
use crate::queue::QueueKey;
use crate::status;

/// The providers of which everything was settled when this controller began, and the keys that it has
/// brought further since: of those it knows more by itself.
#[derive(Debug, Default)]
pub(super) struct Vouched {
    providers: BTreeSet<&'static str>,
    spent: BTreeSet<QueueKey>,
}

impl Roster {
    /// The digests in the statuses vouch for what `provider` has.
    pub(crate) fn trust(&mut self, provider: &'static str) {
        self.vouched.providers.insert(provider);
    }

    /// They vouch for nothing any more: the nodes are others than they were then.
    pub(crate) fn distrust(&mut self) {
        self.vouched = Vouched::default();
    }

    /// They vouch for nothing at this key any more: something else was found there.
    pub(crate) fn distrust_at(&mut self, key: &QueueKey) {
        if self.vouched.providers.contains(key.provider) {
            self.vouched.spent.insert(key.clone());
        }
    }

    /// Notes what a pass did: what was settled once is known, and what was written to is another.
    pub(super) fn note_pass(&mut self, key: &QueueKey, report: &Report) {
        if report.settled || report.wrote() {
            self.distrust_at(key);
        }
    }

    /// The digest that vouches for what a Service has at `key`.
    pub(super) fn applied(&self, key: &QueueKey, entry: &Entry) -> Option<Digest> {
        let Verdict::Wanted { key: home, spec } = &entry.verdict else { return None };
        let trusted = home.provider == key.provider
            && self.vouched.providers.contains(key.provider)
            && !self.vouched.spent.contains(key);
        // The digest of a spec leaves out which nodes have the labels that it asks for.
        (trusted && spec.node_selection.is_none())
            .then(|| status::applied(&entry.service, key.provider))
            .flatten()
    }

    /// Whether everything of `provider` is settled: nothing is left to do at any of its keys, and each
    /// Service whose status shows a digest has all that it says, with the nodes of now.
    pub(crate) fn vouches(&self, provider: &str, settled: &BTreeSet<QueueKey>) -> bool {
        let mut keys = self.keys().into_iter().filter(|key| key.provider == provider);
        keys.all(|key| settled.contains(&key))
            && self.entries.values().all(|entry| is_as_said(entry, provider))
    }
}

/// Whether a Service has all that the digest in its status says, if there is one.
fn is_as_said(entry: &Entry, provider: &str) -> bool {
    let Some(digest) = status::applied(&entry.service, provider) else { return true };
    match &entry.verdict {
        Verdict::Wanted { key, spec } => {
            key.provider == provider
                && entry.stage == Stage::Carried
                && entry.trouble.is_none()
                && spec.digest() == digest
        }
        // What it has is left as it was, whatever the nodes.
        Verdict::Refused { .. } | Verdict::Paused | Verdict::Unwanted => false,
    }
}
