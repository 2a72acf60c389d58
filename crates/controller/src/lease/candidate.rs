use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::jiff::Timestamp;

use super::Timing;
use super::record;

/// What one controller knows of the Lease, and wants to do about it. No I/O, and no clock: time comes
/// in as an argument.
pub(super) struct Candidate {
    identity: String,
    timing: Timing,
    /// The Lease, as it was read or written last; none if there is none.
    lease: Option<Lease>,
    /// What it said, and when we saw it say so first. It outlives the Lease: who deletes that does not
    /// stop its holder.
    seen: Option<(LeaseSpec, Duration)>,
}

/// How things stand after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// We lead.
    Ours,
    /// Another one does.
    Held(String),
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// This one leads: look again later.
    Wait(String),
    /// Create the Lease.
    Create(Lease),
    /// Write it, unless it has changed meanwhile.
    Replace(Lease),
}

impl Candidate {
    pub(super) const fn new(identity: String, timing: Timing) -> Self {
        Self { identity, timing, lease: None, seen: None }
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// The Lease is like this now. Only a change of what it says is a sign of life: its times are those
    /// of another machine's clock, and are not looked at.
    pub(super) fn see(&mut self, lease: Option<Lease>, now: Duration) {
        let spec = lease.as_ref().map(|lease| lease.spec.clone().unwrap_or_default());
        if let Some(spec) = spec
            && self.seen.as_ref().is_none_or(|(seen, _)| *seen != spec)
        {
            self.seen = Some((spec, now));
        }
        self.lease = lease;
    }

    /// What to do, as far as is known. `wall` is only written down, for people.
    pub(super) fn wish(&self, now: Duration, wall: Timestamp) -> Wish {
        if let Some((spec, since)) = &self.seen
            && let Some(holder) = record::held_by(spec)
            && holder != self.identity
            && now < *since + record::duration(spec, self.timing.lease_duration)
        {
            return Wish::Wait(holder.to_owned());
        }
        let before = self.seen.as_ref().map(|(spec, _)| spec);
        let spec = record::held(before, &self.identity, self.timing.lease_duration, wall);
        match &self.lease {
            // The version is sent along, so that of two who try at once one fails.
            Some(lease) => Wish::Replace(Lease { spec: Some(spec), ..lease.clone() }),
            None => Wish::Create(Lease { spec: Some(spec), ..Lease::default() }),
        }
    }

    /// What to write when we go, if the Lease is ours.
    pub(super) fn farewell(&self, wall: Timestamp) -> Option<Lease> {
        let lease = self.lease.as_ref()?;
        if record::holder(lease) != Some(&self.identity) {
            return None;
        }
        let spec = record::released(lease.spec.as_ref()?, wall);
        Some(Lease { spec: Some(spec), ..lease.clone() })
    }
}
