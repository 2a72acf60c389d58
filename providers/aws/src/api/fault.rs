use std::fmt;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// AWS answered with this code (`ThrottlingException`, `TooManyTargets` …).
    Refused {
        /// The vendor's code.
        code: String,
        /// The vendor's text.
        message: String,
    },
    /// There was no answer: nobody knows whether the call took effect.
    NoAnswer(String),
    /// The call could not be made: there are no credentials, or no region.
    NotSent(String),
}

impl Fault {
    /// A refusal with this code.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::Refused { code: code.to_owned(), message: message.into() }
    }

    /// The vendor's code, if it answered with one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NoAnswer(_) | Self::NotSent(_) => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(f, "{code}: {message}"),
            Self::NoAnswer(why) | Self::NotSent(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Fault {}
