//! What AWS's codes mean: the only reader of them.

use seaway_core::{ErrorKind, ProviderError};

use crate::api::Fault;

/// What a failed call is to the controller.
pub(crate) fn told(action: &'static str, fault: &Fault) -> ProviderError {
    let (kind, remedy) = match fault {
        Fault::Refused { code, .. } => meaning(code),
        Fault::NoAnswer(_) => (ErrorKind::Unavailable, ""),
        Fault::NotSent(_) => (ErrorKind::PermissionDenied, ""),
    };
    ProviderError::new(kind, action, format!("{fault}{remedy}"))
}

/// A call that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What was called.
    pub action: &'static str,
    /// Why it failed.
    pub fault: Fault,
}

impl Failed {
    /// The failure of a call to `action`.
    pub(crate) const fn of(action: &'static str) -> impl FnOnce(Fault) -> Self {
        move |fault| Self { action, fault }
    }
}

impl From<Failed> for ProviderError {
    fn from(failed: Failed) -> Self {
        told(failed.action, &failed.fault)
    }
}

/// Whether AWS asks us to slow down.
pub(crate) fn is_throttling(fault: &Fault) -> bool {
    fault.code().is_some_and(|code| meaning(code).0 == ErrorKind::Throttled)
}

/// Whether the name is taken, by us or by others.
pub(crate) fn is_taken(fault: &Fault) -> bool {
    matches!(
        fault.code(),
        Some(
            "DuplicateLoadBalancerName"
                | "DuplicateTargetGroupName"
                | "DuplicateListener"
                | "InvalidGroup.Duplicate"
        )
    )
}

/// Whether a rule that was to be added is there already.
pub(crate) fn is_there(fault: &Fault) -> bool {
    fault.code() == Some("InvalidPermission.Duplicate")
}

/// Whether some of the targets are not running.
pub(crate) fn is_invalid_target(fault: &Fault) -> bool {
    fault.code() == Some("InvalidTarget")
}

/// Whether a target group, or its load balancer, takes no more targets.
pub(crate) fn is_full(fault: &Fault) -> bool {
    matches!(fault.code(), Some("TooManyTargets" | "TooManyRegistrationsForTargetId"))
}

/// Whether the thing does not exist.
pub(crate) fn is_gone(fault: &Fault) -> bool {
    matches!(
        fault.code(),
        Some(
            "LoadBalancerNotFound"
                | "TargetGroupNotFound"
                | "ListenerNotFound"
                | "InvalidGroup.NotFound"
        )
    )
}

/// Sources: the lists of errors of each action in the ELB API reference 2015-12-01, the common errors
/// of both APIs, and the EC2 error codes.
fn meaning(code: &str) -> (ErrorKind, &'static str) {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "BandwidthLimitExceeded" => (ErrorKind::Throttled, ""),
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthFailure"
        | "OptInRequired"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "NotAuthorized" => (
            ErrorKind::PermissionDenied,
            "; the README of the provider has the policy that it needs",
        ),
        "OperationNotPermitted" => (
            ErrorKind::Conflict,
            "; if its deletion protection is on, turn off deletion_protection.enabled",
        ),
        "TooManyLoadBalancers"
        | "TooManyTargetGroups"
        | "TooManyListeners"
        | "TooManyTargets"
        | "TooManyTags"
        | "TooManyRegistrationsForTargetId"
        | "TooManyCertificates"
        | "TooManyUniqueTargetGroupsPerLoadBalancer"
        | "SecurityGroupLimitExceeded"
        | "RulesPerSecurityGroupLimitExceeded"
        | "AddressLimitExceeded"
        | "InsufficientFreeAddressesInSubnet" => {
            (ErrorKind::QuotaExceeded, "; Service Quotas has the limits of the account")
        }
        "DuplicateLoadBalancerName"
        | "DuplicateTargetGroupName"
        | "DuplicateListener"
        | "InvalidGroup.Duplicate"
        | "TargetGroupAssociationLimit" => (ErrorKind::Conflict, ""),
        "ResourceInUse"
        | "DependencyViolation"
        | "InternalFailure"
        | "InternalError"
        | "ServiceUnavailable"
        | "Unavailable"
        | "InternalServerError"
        | "RequestTimeout"
        | "RequestExpired"
        | "PriorRequestNotComplete"
        // What is not there may be on its way; what a user named is often mended in the account, and
        // not in the Service.
        | "LoadBalancerNotFound"
        | "TargetGroupNotFound"
        | "ListenerNotFound"
        | "SubnetNotFound"
        | "InvalidSubnet"
        | "InvalidSubnetID.NotFound"
        | "InvalidSecurityGroup"
        | "InvalidGroup.NotFound"
        | "CertificateNotFound"
        | "AllocationIdNotFound"
        | "InvalidTarget"
        | "AvailabilityZoneNotSupported"
        | "HealthUnavailable" => (ErrorKind::Unavailable, ""),
        "ValidationError"
        | "InvalidConfigurationRequest"
        | "InvalidScheme"
        | "IncompatibleProtocols"
        | "SSLPolicyNotFound"
        | "UnsupportedProtocol"
        | "InvalidLoadBalancerAction"
        | "ALPNPolicyNotFound"
        | "InvalidParameterValue"
        | "InvalidParameterCombination"
        | "MissingParameter"
        | "UnsupportedCertificate" => (ErrorKind::InvalidSpec, ""),
        _ => (ErrorKind::Unexpected, ""),
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::Class;

    use super::*;

    fn check(code: &str, kind: ErrorKind) {
        let error = told("CreateLoadBalancer", &Fault::refused(code, "why"));
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.message().contains(code), "the user can look it up: {error}");
    }

    #[test]
    fn codes_have_their_kinds() {
        check("Throttling", ErrorKind::Throttled);
        check("RequestLimitExceeded", ErrorKind::Throttled);
        check("AccessDenied", ErrorKind::PermissionDenied);
        check("UnauthorizedOperation", ErrorKind::PermissionDenied);
        check("TooManyTargets", ErrorKind::QuotaExceeded);
        check("DuplicateLoadBalancerName", ErrorKind::Conflict);
        check("OperationNotPermitted", ErrorKind::Conflict);
        check("ResourceInUse", ErrorKind::Unavailable);
        check("DependencyViolation", ErrorKind::Unavailable);
        check("ValidationError", ErrorKind::InvalidSpec);
        check("NeverHeardOf", ErrorKind::Unexpected);
    }

    #[test]
    fn what_had_no_answer_is_tried_again() {
        let error = told("RegisterTargets", &Fault::NoAnswer("connection closed".to_owned()));
        assert_eq!(error.class(), Class::Retryable);
    }
}
