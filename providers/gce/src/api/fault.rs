use std::fmt;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Google refused it, at once or while the operation ran.
    Refused {
        /// The HTTP status; 0 where an operation failed and told none.
        status: u16,
        /// The vendor's reason (`notFound`, `alreadyExists` …) or, of an operation, its code
        /// (`RESOURCE_IN_USE_BY_ANOTHER_RESOURCE` …).
        reason: String,
        /// The vendor's text.
        message: String,
    },
    /// There was no answer, or the operation did not end in time: nobody knows whether the call took
    /// effect.
    NoAnswer(String),
    /// The call could not be made: there are no credentials.
    NotSent(String),
}

impl Fault {
    /// A refusal.
    pub fn refused(status: u16, reason: &str, message: impl Into<String>) -> Self {
        Self::Refused { status, reason: reason.to_owned(), message: message.into() }
    }

    /// The vendor's reason or code, if it answered with one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::NoAnswer(_) | Self::NotSent(_) => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status: 0, reason, message } => write!(f, "{reason}: {message}"),
            Self::Refused { status, reason, message } => {
                write!(f, "{status} {reason}: {message}")
            }
            Self::NoAnswer(why) | Self::NotSent(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Fault {}
