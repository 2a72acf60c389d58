use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;

/// Who holds a Lease; nobody if the field is empty.
pub(super) fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref().and_then(held_by)
}

/// The same of its spec.
pub(super) fn held_by(spec: &LeaseSpec) -> Option<&str> {
    spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// For how long the holder may be silent. `usual`: what is taken if the record does not say.
pub(super) fn duration(spec: &LeaseSpec, usual: Duration) -> Duration {
    let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    seconds.filter(|seconds| *seconds > 0).map_or(usual, Duration::from_secs)
}

/// What a holder writes: the first time, after another one, or again.
pub(super) fn held(
    before: Option<&LeaseSpec>,
    us: &str,
    lasts: Duration,
    now: Timestamp,
) -> LeaseSpec {
    let again = before.filter(|spec| held_by(spec) == Some(us));
    let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or_default();
    LeaseSpec {
        holder_identity: Some(us.to_owned()),
        lease_duration_seconds: Some(i32::try_from(lasts.as_secs()).unwrap_or(i32::MAX)),
        acquire_time: again
            .and_then(|spec| spec.acquire_time.clone())
            .or_else(|| Some(MicroTime::from(now))),
        renew_time: Some(MicroTime::from(now)),
        lease_transitions: Some(match (before, again) {
            (Some(_), None) => transitions.saturating_add(1),
            _ => transitions,
        }),
        ..before.cloned().unwrap_or_default()
    }
}

/// What a holder leaves behind when it goes, as client-go does.
pub(super) fn released(before: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        acquire_time: Some(MicroTime::from(now)),
        renew_time: Some(MicroTime::from(now)),
        ..before.clone()
    }
}
