use std::collections::BTreeSet;
use std::sync::Arc;

use seaway_core::{LbSpec, Moment, ProviderError};
use seaway_intent::Service;
use seaway_intent::object::ServiceStatus;

use crate::cluster::ServiceName;
use crate::queue::QueueKey;
use crate::requeue;
use crate::status::{self, Said, Standing};

/// What is known of a Service that concerns us.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) service: Arc<Service>,
    /// The newest version seen, or returned by a write of ours.
    pub(super) version: u64,
    pub(super) verdict: Verdict,
    pub(super) stage: Stage,
    /// The object is no more.
    pub(super) gone: bool,
    /// The key whose address the status shows.
    pub(super) served_at: Option<QueueKey>,
    /// How many passes and explanations are under way that may write to its status.
    pub(super) passes: u32,
    /// The version in which its status was seen to change during those: our own write, or somebody's.
    pub(super) stirred: Option<u64>,
    /// What we wrote to its status last, and the version after it. None once it is to say something
    /// else, until it does.
    pub(super) shown: Option<(Said, u64)>,
    /// What is known of the health of its targets.
    pub(super) standing: Option<Standing>,
    /// Annotations that nobody reads, each with what was meant, most likely.
    pub(super) unread: Vec<String>,
    /// Failures in a row.
    pub(super) attempts: u32,
    /// The last of them.
    pub(super) trouble: Option<ProviderError>,
}

/// What a Service is to get.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// A load balancer as `spec` says, at `key`.
    Wanted { key: QueueKey, spec: Arc<LbSpec> },
    /// Nothing, since it asks for what can't be; what it has stays, or becomes `fallback`. `mixed`:
    /// what can't be is several protocols on one address.
    Refused { error: ProviderError, fallback: Option<Arc<LbSpec>>, mixed: bool },
    /// What it has is to stay as it is, and nothing is written (`seaway.dev/pause`).
    Paused,
    /// Nothing of ours.
    Unwanted,
}

/// How far a Service has come in our hands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// It has no finalizer of ours, and needs none.
    Outside,
    /// Our finalizer is being put on.
    Admitting,
    /// Our finalizer is on: providers may be written to.
    Carried,
    /// What it has is being taken down.
    Leaving(Leaving),
}

/// What must still be passed over, after pass number `since`, before a Service is gone everywhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leaving {
    pub(super) keys: BTreeSet<QueueKey>,
    pub(super) grounds: BTreeSet<QueueKey>,
    pub(super) since: u64,
    /// There was something to take down.
    pub(super) had: bool,
    /// It is left there on purpose (`seaway.dev/retain`).
    pub(super) kept: bool,
}

impl Leaving {
    /// Nothing is left to be passed over.
    pub(super) const fn over(since: u64) -> Self {
        Self { keys: BTreeSet::new(), grounds: BTreeSet::new(), since, had: false, kept: false }
    }

    pub(super) fn is_done(&self) -> bool {
        self.keys.is_empty() && self.grounds.is_empty()
    }

    /// Whether something is still to be taken down that stands on this ground.
    pub(super) fn stands_on(&self, ground: &QueueKey) -> bool {
        self.keys.iter().any(|key| key.provider == ground.provider)
    }
}

impl Entry {
    /// The next state of a Service, `old` being the one before.
    pub(super) fn new(
        service: Arc<Service>,
        version: u64,
        verdict: Verdict,
        old: Option<&Self>,
    ) -> Self {
        // A changed Service gets a fresh start; one that is as it was goes on waiting.
        let same = old.filter(|old| old.verdict == verdict);
        // A refusal is written over what we said, so nobody else is to blame for that it is gone.
        let shows = old.filter(|_| !matches!(verdict, Verdict::Refused { .. }));
        Self {
            service,
            version,
            verdict,
            stage: old.map_or(Stage::Outside, |old| old.stage.clone()),
            gone: false,
            served_at: old.and_then(|old| old.served_at.clone()),
            shown: shows.and_then(|old| old.shown.clone()),
            standing: old.and_then(|old| old.standing),
            unread: Vec::new(),
            passes: old.map_or(0, |old| old.passes),
            stirred: old.and_then(|old| old.stirred),
            attempts: same.map_or(0, |old| old.attempts),
            trouble: same.and_then(|old| old.trouble.clone()),
        }
    }

    /// Where it is to be carried.
    pub(super) fn key(&self) -> Option<QueueKey> {
        match &self.verdict {
            Verdict::Wanted { key, .. } => Some(key.clone()),
            Verdict::Refused { .. } | Verdict::Paused | Verdict::Unwanted => None,
        }
    }

    pub(super) fn name(&self) -> ServiceName {
        (self.service.metadata.namespace.clone(), self.service.metadata.name.clone())
    }

    /// Notes what a write of ours said, unless a later one is known.
    pub(super) fn said(&mut self, said: Said, version: u64) {
        if self.shown.as_ref().is_none_or(|(_, known)| *known <= version || version == 0) {
            self.shown = Some((said, version));
        }
    }

    /// Notes that who may write to its status is done, having written `update`. True if somebody else
    /// changed the status meanwhile.
    pub(super) fn ended(&mut self, update: Option<&(ServiceStatus, u64)>) -> bool {
        self.passes = self.passes.saturating_sub(1);
        let Some(seen) = self.stirred.take() else { return false };
        let is_echo = update.is_some_and(|(status, version)| {
            let ours = Service { status: status.clone(), ..(*self.service).clone() };
            *version == seen && status::agree(&self.service, &ours)
        });
        !is_echo
    }

    /// Whether it is refused and does not say why, and nobody is about to write that. `lost`: what it
    /// had is not there any more.
    pub(super) fn is_unexplained(&self, lost: impl FnOnce() -> bool) -> bool {
        let Verdict::Refused { error, mixed, .. } = &self.verdict else { return false };
        let missing = || status::refusal(&self.service, error, (*mixed, lost()), Moment::default());
        self.passes == 0 && missing().is_some()
    }

    /// Whether it was refused what it asks for, and asks for it still.
    pub(super) fn is_hopeless(&self) -> bool {
        self.trouble.as_ref().is_some_and(|error| error.kind().is_user_error())
    }

    pub(super) fn waits_for_room(&self) -> bool {
        self.trouble.as_ref().is_some_and(|error| requeue::waits_for_room(error.kind()))
    }

    /// Notes that a pass over `key` found nothing of it any more. True if that brought it further.
    pub(super) fn passed(&mut self, key: &QueueKey, begun: u64) -> bool {
        let Stage::Leaving(leaving) = &mut self.stage else { return false };
        if begun <= leaving.since {
            return false;
        }
        // The ground counts only once nothing stands on it any more.
        leaving.keys.remove(key) || (leaving.keys.is_empty() && leaving.grounds.remove(key))
    }
}
