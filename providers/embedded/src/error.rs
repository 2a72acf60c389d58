use seaway_core::{ErrorKind, ProviderError};

use crate::dataplane;

/// What an error of the data plane is to the controller. Its message names the address and the
/// remedy already.
pub(crate) fn told(operation: &'static str, error: &dataplane::Error) -> ProviderError {
    ProviderError::new(kind(error.kind()), operation, error.to_string())
}

fn kind(kind: dataplane::ErrorKind) -> ErrorKind {
    match kind {
        dataplane::ErrorKind::InUse => ErrorKind::Conflict,
        dataplane::ErrorKind::NotLocal | dataplane::ErrorKind::Stopped => ErrorKind::Unavailable,
        dataplane::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        dataplane::ErrorKind::TooManyFiles => ErrorKind::QuotaExceeded,
        dataplane::ErrorKind::Invalid => ErrorKind::InvalidSpec,
        dataplane::ErrorKind::Other => ErrorKind::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::Class;

    use super::*;

    fn check(from: dataplane::ErrorKind, to: ErrorKind) {
        assert_eq!(kind(from), to, "{from:?}");
        let retried = ProviderError::new(to, "test", "test").class() == Class::Retryable;
        // What is not the Service's own fault may mend without a change of the Service.
        assert_eq!(retried, from != dataplane::ErrorKind::Invalid, "{from:?}");
    }

    #[test]
    fn every_error_of_the_data_plane_has_its_kind() {
        check(dataplane::ErrorKind::InUse, ErrorKind::Conflict);
        check(dataplane::ErrorKind::NotLocal, ErrorKind::Unavailable);
        check(dataplane::ErrorKind::Stopped, ErrorKind::Unavailable);
        check(dataplane::ErrorKind::PermissionDenied, ErrorKind::PermissionDenied);
        check(dataplane::ErrorKind::TooManyFiles, ErrorKind::QuotaExceeded);
        check(dataplane::ErrorKind::Invalid, ErrorKind::InvalidSpec);
        check(dataplane::ErrorKind::Other, ErrorKind::Unexpected);
    }
}
