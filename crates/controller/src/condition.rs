//! The conditions on a Service: the answer to "why is it pending?".

use seaway_core::{Moment, ProviderError};
use seaway_intent::object::{Condition, Service};

use crate::status::rfc3339;

/// A provider takes the Service, all of what it asks for.
pub const ACCEPTED: &str = "seaway.dev/Accepted";

/// Everything that the Service asked for is there. The message ends with the digest of what was
/// asked.
pub const PROVISIONED: &str = "seaway.dev/Provisioned";

/// Clients that come to the addresses are served: there is a target, and one at least is healthy as
/// far as that is known.
pub const SERVING: &str = "seaway.dev/Serving";

/// The condition of KEP-1435 (`k8s.io/api/core/v1`, `LoadBalancerPortsError`): on only if the provider
/// can't have several protocols on one address.
pub const PORTS_ERROR: &str = "LoadBalancerPortsError";

/// All of them.
pub(crate) const ALL: [&str; 4] = [ACCEPTED, PROVISIONED, SERVING, PORTS_ERROR];

/// Something to say of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Saying {
    kind: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Saying {
    pub(crate) fn yes(
        kind: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { kind, holds: true, reason, message: message.into() }
    }

    pub(crate) fn no(kind: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind, holds: false, reason, message: message.into() }
    }

    /// What an error says.
    pub(crate) fn wrong(kind: &'static str, error: &ProviderError) -> Self {
        Self::no(kind, error.kind().reason(), error.to_string())
    }
}

/// The condition of a kind on `service`.
pub(crate) fn of<'a>(service: &'a Service, kind: &str) -> Option<&'a Condition> {
    service.status.conditions.iter().find(|condition| condition.kind == kind)
}

/// The conditions that change when this is said, as they are to be. The time of a condition is that
/// of its last change from or to `True`.
pub(crate) fn changes(service: &Service, sayings: Vec<Saying>, now: Moment) -> Vec<Condition> {
    let changed = sayings.into_iter().filter_map(|saying| {
        let status = if saying.holds { "True" } else { "False" };
        let old = of(service, saying.kind);
        if old.is_some_and(|old| {
            (old.status.as_str(), old.reason.as_str(), &old.message)
                == (status, saying.reason, &saying.message)
        }) {
            return None;
        }
        let since = old.filter(|old| old.status == status);
        let since = since.and_then(|old| old.last_transition_time.clone());
        Some(Condition {
            kind: saying.kind.to_owned(),
            status: status.to_owned(),
            reason: saying.reason.to_owned(),
            message: saying.message,
            last_transition_time: Some(since.unwrap_or_else(|| rfc3339(now))),
            observed_generation: service.metadata.generation,
        })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_millis(1_767_323_045_123);
    const LATER: Moment = Moment::from_millis(1_767_323_105_123);

    #[test]
    fn what_is_said_already_is_not_said_again() {
        let mut service = Service::default();
        let saying = || vec![Saying::no(SERVING, "NoNodes", "there are none")];
        service.status.conditions = changes(&service, saying(), NOW);
        assert_eq!(service.status.conditions.len(), 1);
        assert_eq!(changes(&service, saying(), LATER), []);
    }

    #[test]
    fn the_time_is_that_of_the_last_change_of_the_status() {
        let mut service = Service::default();
        let at = |service: &Service, saying| {
            changes(service, vec![saying], LATER)[0].last_transition_time.clone().unwrap()
        };
        service.status.conditions =
            changes(&service, vec![Saying::no(SERVING, "NoNodes", "there are none")], NOW);
        let same = at(&service, Saying::no(SERVING, "NoHealthyTargets", "0 of 2"));
        assert_eq!(same, "2026-01-02T03:04:05Z");
        assert_eq!(at(&service, Saying::yes(SERVING, "Serving", "")), "2026-01-02T03:05:05Z");
    }
}
