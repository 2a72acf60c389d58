//! What an error means for the next try, and what a user reads of it.

use std::time::Duration;

use seaway_core::{Class, ErrorKind, ProviderError};

const KINDS: [ErrorKind; 9] = [
    ErrorKind::InvalidSpec,
    ErrorKind::Unsupported,
    ErrorKind::PermissionDenied,
    ErrorKind::QuotaExceeded,
    ErrorKind::Conflict,
    ErrorKind::Throttled,
    ErrorKind::Unavailable,
    ErrorKind::NotLeader,
    ErrorKind::Unexpected,
];

#[test]
fn the_class_comes_from_the_kind_alone() {
    for kind in KINDS {
        let class = match kind {
            ErrorKind::InvalidSpec | ErrorKind::Unsupported => Class::Terminal,
            ErrorKind::Throttled => Class::Throttled { retry_after: None },
            ErrorKind::PermissionDenied
            | ErrorKind::QuotaExceeded
            | ErrorKind::Conflict
            | ErrorKind::Unavailable
            | ErrorKind::NotLeader
            | ErrorKind::Unexpected => Class::Retryable,
        };
        let plain = ProviderError::new(kind, "operation", "message");
        assert_eq!(plain.class(), class, "{kind:?}");
        let adorned = plain.blame("uid".into()).because(std::fmt::Error);
        assert_eq!(adorned.class(), class, "{kind:?}");
    }
}

#[test]
fn only_what_the_user_has_to_change_is_a_user_error() {
    let terminal = |kind| ProviderError::new(kind, "", "").class() == Class::Terminal;
    for kind in KINDS {
        assert_eq!(kind.is_user_error(), terminal(kind), "{kind:?}");
    }
}

#[test]
fn the_reason_is_the_name_of_the_kind() {
    for kind in KINDS {
        assert_eq!(kind.reason(), format!("{kind:?}"));
    }
}

#[test]
fn only_throttling_says_how_long_to_wait() {
    let span = Duration::from_secs(7);
    let throttled = ProviderError::new(ErrorKind::Throttled, "call", "slow down");
    assert_eq!(throttled.retry_after(span).class(), Class::Throttled { retry_after: Some(span) });
    let unavailable = ProviderError::new(ErrorKind::Unavailable, "call", "down");
    assert_eq!(unavailable.retry_after(span).class(), Class::Retryable);
}

#[test]
fn the_text_has_the_operation_and_leaves_the_cause_to_its_source() {
    let error = ProviderError::new(ErrorKind::Conflict, "bind", "port 80 is in use")
        .because(std::io::Error::from(std::io::ErrorKind::AddrInUse));
    assert_eq!(error.to_string(), "bind: port 80 is in use");
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(error, ProviderError::new(ErrorKind::Conflict, "bind", "port 80 is in use"));
}

#[test]
fn an_error_crosses_a_process_border() {
    let error = ProviderError::new(ErrorKind::Throttled, "call", "slow down")
        .retry_after(Duration::from_millis(1500))
        .blame("uid".into());
    let json = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<ProviderError>(&json).unwrap(), error);
}
