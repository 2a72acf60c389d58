//! What Google's statuses, reasons and codes mean: the only reader of them.
//!
//! The same trouble has several faces. A request that is refused at once has an HTTP status and a
//! reason in camel case; one that Google took has an operation, whose error has a code in capitals and
//! not always a status. The reasons and codes are compared without case and underscores, and where
//! they are too general (`invalid`, `conditionNotMet`) the text decides.

use std::borrow::Cow;

use seaway_core::{ErrorKind, ProviderError};

use crate::api::Fault;

/// What a failed call is to the controller.
pub(crate) fn told(operation: impl Into<Cow<'static, str>>, fault: &Fault) -> ProviderError {
    let (kind, remedy) = match fault {
        Fault::Refused { .. } => meaning(fault),
        Fault::NoAnswer(_) => (ErrorKind::Unavailable, ""),
        Fault::NotSent(_) => (ErrorKind::PermissionDenied, ""),
    };
    ProviderError::new(kind, operation, format!("{fault}{remedy}"))
}

/// Whether the thing does not exist. Of a thing that something else refers to, the refusal is another.
pub(crate) fn is_gone(fault: &Fault) -> bool {
    match fault {
        Fault::Refused { status: 404, .. } => true,
        Fault::Refused { reason, .. } => is(reason, &["notFound", "resourceNotFound"]),
        Fault::NoAnswer(_) | Fault::NotSent(_) => false,
    }
}

/// Whether the name is taken, by us or by others.
pub(crate) fn is_taken(fault: &Fault) -> bool {
    said(fault, &["alreadyExists", "resourceAlreadyExists", "duplicate"], &["already exists"])
        && !is_address_in_use(fault)
}

/// Whether an address that was asked for belongs to something else.
pub(crate) fn is_address_in_use(fault: &Fault) -> bool {
    said(fault, &["ipInUseByAnotherResource"], &["ip_in_use_by", "ip address is in-use"])
}

/// Whether something else refers to the thing, so that it can't go.
pub(crate) fn is_in_use(fault: &Fault) -> bool {
    said(fault, &["resourceInUseByAnotherResource", "resourceInUse"], &["being used by"])
        && !is_address_in_use(fault)
}

/// Whether Google asks us to slow down.
pub(crate) fn is_throttling(fault: &Fault) -> bool {
    match fault {
        Fault::Refused { status: 429, .. } => true,
        Fault::Refused { reason, .. } => is(
            reason,
            &[
                "rateLimitExceeded",
                "userRateLimitExceeded",
                "rateLimited",
                "concurrentOperationsQuotaExceeded",
                "resourceOperationRateExceeded",
                "operationRateExceeded",
                "tooManyRequests",
            ],
        ),
        Fault::NoAnswer(_) | Fault::NotSent(_) => false,
    }
}

/// Whether we may not do this.
pub(crate) fn is_forbidden(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { .. }) && meaning(fault).0 == ErrorKind::PermissionDenied
}

/// Whether somebody else changed the thing between our reading and writing it.
pub(crate) fn is_stale(fault: &Fault) -> bool {
    let Fault::Refused { status, reason, .. } = fault else { return false };
    (*status == 412 || is(reason, &["conditionNotMet"])) && !is_in_use(fault) && !is_policy(fault)
}

/// Whether the thing, or one that it refers to, is still being made.
pub(crate) fn is_not_ready(fault: &Fault) -> bool {
    said(fault, &["resourceNotReady"], &["is not ready"])
}

/// Whether an instance is in a load-balanced instance group of somebody else.
pub(crate) fn is_multiple_groups(fault: &Fault) -> bool {
    let reasons = ["instanceInMultipleLoadBalancedIgs", "instanceInMultipleLoadBalancedIg"];
    said(fault, &reasons, &["at most one load-balanced instance group"])
}

/// Whether a policy of the organization forbids it.
fn is_policy(fault: &Fault) -> bool {
    said(fault, &["orgPolicyViolated"], &["constraint constraints/"])
        || matches!(fault, Fault::Refused { message, .. }
            if message.contains("Constraint") && message.contains("violated"))
}

/// Whether it was refused with one of these reasons, or with one of these texts (in small letters).
fn said(fault: &Fault, reasons: &[&str], texts: &[&str]) -> bool {
    let Fault::Refused { reason, message, .. } = fault else { return false };
    is(reason, reasons) || {
        let message = message.to_ascii_lowercase();
        texts.iter().any(|text| message.contains(text))
    }
}

/// Whether a reason is one of these, in whatever way it is written.
fn is(reason: &str, reasons: &[&str]) -> bool {
    let plain = reason.chars().filter(|&letter| letter != '_');
    let plain: String = plain.map(|letter| letter.to_ascii_lowercase()).collect();
    reasons.iter().any(|it| it.eq_ignore_ascii_case(&plain))
}

const QUOTAS: &str =
    "; the quotas of the project are at https://console.cloud.google.com/iam-admin/quotas";
const ROLES: &str = "; the README of the provider has the roles that it needs";

/// Sources: the errors of the Compute Engine API ("Handle API errors", "Troubleshooting resource
/// errors"), and the refusals that the research on Google's own controllers has collected.
fn meaning(fault: &Fault) -> (ErrorKind, &'static str) {
    let Fault::Refused { status, reason, .. } = fault else {
        return (ErrorKind::Unavailable, "");
    };
    if is_throttling(fault) {
        (ErrorKind::Throttled, "")
    } else if is_policy(fault) {
        (ErrorKind::PermissionDenied, "; a policy of the organization forbids it")
    } else if is_address_in_use(fault) {
        (ErrorKind::Conflict, "; ask for an address that nothing uses")
    } else if is_multiple_groups(fault) {
        let remedy =
            "; take the instance out of the other group, or that group out of its load balancer";
        (ErrorKind::Conflict, remedy)
    } else if is(reason, QUOTA) {
        (ErrorKind::QuotaExceeded, QUOTAS)
    } else if is(reason, SPACE) {
        (ErrorKind::QuotaExceeded, "; the subnetwork has no free address")
    } else if is(reason, FORBIDDEN) {
        (ErrorKind::PermissionDenied, ROLES)
    } else if is(reason, SCOPES) {
        (ErrorKind::PermissionDenied, "; the instance needs the access scope cloud-platform")
    } else if is(reason, DISABLED) {
        (ErrorKind::PermissionDenied, "; enable the Compute Engine API of the project")
    } else if is_in_use(fault)
        || is_not_ready(fault)
        || is_stale(fault)
        || is_gone(fault)
        || is(reason, PASSING)
        || said(fault, &[], &["was not found", "cannot be found"])
    {
        // What is not there may be on its way; what a user named is often mended in the project, and
        // not in the Service.
        (ErrorKind::Unavailable, "")
    } else if is_taken(fault) || said(fault, &["foreignShape"], &["is conflicting with"]) {
        (ErrorKind::Conflict, "")
    } else if said(fault, &["unsupportedOperation", "unsupported"], &["is not supported"]) {
        (ErrorKind::Unsupported, "")
    } else if said(fault, &[], &["outside the", "not in the range"]) {
        (ErrorKind::InvalidSpec, "; ask for an address of the load balancer's subnetwork")
    } else if is(reason, INVALID) {
        (ErrorKind::InvalidSpec, "")
    } else {
        by_status(*status)
    }
}

const fn by_status(status: u16) -> (ErrorKind, &'static str) {
    match status {
        400 => (ErrorKind::InvalidSpec, ""),
        401 | 403 => (ErrorKind::PermissionDenied, ROLES),
        408 | 500.. => (ErrorKind::Unavailable, ""),
        409 => (ErrorKind::Conflict, ""),
        _ => (ErrorKind::Unexpected, ""),
    }
}

const QUOTA: &[&str] = &[
    "quotaExceeded",
    "quotaExhausted",
    "limitExceeded",
    "dailyLimitExceeded",
    "groupLimitExceeded",
];
const SPACE: &[&str] = &["ipSpaceExhausted", "ipSpaceExhaustedWithDetails"];
const FORBIDDEN: &[&str] = &[
    "forbidden",
    "insufficientPermissions",
    "iamPermissionDenied",
    "permissionDenied",
    "permissionsError",
    "permissionError",
    "authError",
];
const SCOPES: &[&str] = &["accessTokenScopeInsufficient"];
const DISABLED: &[&str] = &["accessNotConfigured", "serviceDisabled"];
const PASSING: &[&str] = &[
    "backendError",
    "internalError",
    "internal",
    "memberAlreadyExists",
    "serviceUnavailable",
    "timeout",
    "zoneResourcePoolExhausted",
];
const INVALID: &[&str] = &[
    "badRequest",
    "invalid",
    "invalidArgument",
    "invalidFieldValue",
    "invalidParameter",
    "invalidUsage",
    "required",
    "requiredFieldMissing",
];

#[cfg(test)]
mod tests {
    use seaway_core::Class;

    use super::*;

    fn check(status: u16, reason: &str, message: &str, kind: ErrorKind) {
        let error = told("firewalls.insert", &Fault::refused(status, reason, message));
        assert_eq!(error.kind(), kind, "{status} {reason} {message}");
        assert!(error.message().contains(reason), "the user can look it up: {error}");
    }

    #[test]
    fn refusals_have_their_kinds() {
        check(403, "rateLimitExceeded", "Quota exceeded for quota group", ErrorKind::Throttled);
        check(403, "RATE_LIMIT_EXCEEDED", "Quota exceeded for quota metric", ErrorKind::Throttled);
        check(429, "whatever", "", ErrorKind::Throttled);
        check(403, "quotaExceeded", "", ErrorKind::QuotaExceeded);
        check(
            403,
            "QUOTA_EXCEEDED",
            "Quota 'FORWARDING_RULES' exceeded.",
            ErrorKind::QuotaExceeded,
        );
        check(0, "IP_SPACE_EXHAUSTED", "", ErrorKind::QuotaExceeded);
        check(403, "forbidden", "Required 'compute.firewalls.create'", ErrorKind::PermissionDenied);
        check(0, "PERMISSIONS_ERROR", "", ErrorKind::PermissionDenied);
        check(403, "NEVER_HEARD_OF", "", ErrorKind::PermissionDenied);
        let policy = "Constraint constraints/compute.x violated for project p";
        check(412, "conditionNotMet", policy, ErrorKind::PermissionDenied);
        check(409, "alreadyExists", "The resource 'x' already exists", ErrorKind::Conflict);
        check(409, "foreignShape", "", ErrorKind::Conflict);
        check(404, "notFound", "", ErrorKind::Unavailable);
        check(400, "resourceNotReady", "", ErrorKind::Unavailable);
        check(412, "conditionNotMet", "Invalid fingerprint.", ErrorKind::Unavailable);
        check(503, "backendError", "", ErrorKind::Unavailable);
        check(0, "INTERNAL_ERROR", "", ErrorKind::Unavailable);
        check(400, "invalid", "Feature x is not supported", ErrorKind::Unsupported);
        check(
            400,
            "invalid",
            "Invalid value for field 'resource.ports[5]'",
            ErrorKind::InvalidSpec,
        );
        let range = "Requested internal IP address is outside the subnetwork range";
        check(400, "invalid", range, ErrorKind::InvalidSpec);
        check(0, "NEVER_HEARD_OF", "", ErrorKind::Unexpected);
    }

    #[test]
    fn what_is_in_use_is_known_in_every_form() {
        for (status, reason, message) in [
            (
                400,
                "resourceInUseByAnotherResource",
                "The resource 'a' is already being used by 'b'",
            ),
            (412, "conditionNotMet", "can't be deleted because it's being used by 'b'"),
            (400, "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", ""),
            // kubernetes#66380: an operation that failed without a status.
            (0, "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", ""),
        ] {
            let fault = Fault::refused(status, reason, message);
            assert!(is_in_use(&fault), "{fault}");
            assert!(!is_stale(&fault) && !is_taken(&fault) && !is_gone(&fault), "{fault}");
            check(status, reason, message, ErrorKind::Unavailable);
        }
    }

    #[test]
    fn an_address_in_use_is_no_thing_in_use() {
        let internal = "IP_IN_USE_BY_ANOTHER_RESOURCE - IP '10.0.0.1' is already being used by \
                        another resource.";
        let external = "Invalid value for field 'resource.IPAddress': '192.0.2.1'. Specified IP \
                        address is in-use and would result in a conflict.";
        for (status, reason, message) in [
            (409, "alreadyExists", internal),
            (400, "invalid", external),
            (0, "IP_IN_USE_BY_ANOTHER_RESOURCE", ""),
        ] {
            let fault = Fault::refused(status, reason, message);
            assert!(is_address_in_use(&fault), "{fault}");
            assert!(!is_in_use(&fault) && !is_taken(&fault), "{fault}");
            check(status, reason, message, ErrorKind::Conflict);
        }
    }

    #[test]
    fn only_a_changed_thing_is_stale() {
        assert!(is_stale(&Fault::refused(412, "conditionNotMet", "Invalid fingerprint.")));
        assert!(is_stale(&Fault::refused(0, "CONDITION_NOT_MET", "")));
        let policy = "Constraint constraints/compute.x violated for project p";
        assert!(!is_stale(&Fault::refused(412, "conditionNotMet", policy)));
        assert!(!is_stale(&Fault::NoAnswer("412".to_owned())));
    }

    #[test]
    fn a_rate_is_no_lack_of_permission() {
        assert!(!is_forbidden(&Fault::refused(403, "rateLimitExceeded", "")));
        assert!(!is_forbidden(&Fault::refused(403, "quotaExceeded", "")));
        assert!(is_forbidden(&Fault::refused(403, "forbidden", "")));
        assert!(is_forbidden(&Fault::refused(403, "IAM_PERMISSION_DENIED", "")));
        assert!(!is_forbidden(&Fault::NotSent("no credentials".to_owned())));
    }

    #[test]
    fn an_instance_in_two_groups_is_named() {
        let message = "Validation failed for instance 'i': instance may belong to at most one \
                       load-balanced instance group.";
        assert!(is_multiple_groups(&Fault::refused(400, "invalid", message)));
        let code = "INSTANCE_IN_MULTIPLE_LOAD_BALANCED_IGS";
        assert!(is_multiple_groups(&Fault::refused(0, code, "")));
        check(400, "instanceInMultipleLoadBalancedIgs", "", ErrorKind::Conflict);
    }

    #[test]
    fn what_had_no_answer_is_tried_again() {
        let error = told("addresses.insert", &Fault::NoAnswer("connection closed".to_owned()));
        assert_eq!(error.class(), Class::Retryable);
    }
}
