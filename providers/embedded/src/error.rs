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
