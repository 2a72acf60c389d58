//! The one error that crosses a provider's border.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ServiceUid;

/// What went wrong, in the provider-neutral terms that the controller acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The Service asks for something that can't be: a value out of range, an unknown setting.
    InvalidSpec,
    /// The Service asks for something that this provider does not have.
    Unsupported,
    /// We may not do this: missing permissions, a port below 1024.
    PermissionDenied,
    /// A limit of the account, the pool or the machine is reached.
    QuotaExceeded,
    /// Something that is not ours stands in the way: a port in use, a name taken, a foreign mark.
    Conflict,
    /// The provider asks us to slow down.
    Throttled,
    /// The provider can't be reached, or is not ready; also "still in use".
    Unavailable,
    /// We are not the leader any more; every write stops.
    NotLeader,
    /// Anything that no table names. Retried, counted, and a bug to report.
    Unexpected,
}

impl ErrorKind {
    /// The `CamelCase` word for it: the reason of an Event or condition, and the label of a metric.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::InvalidSpec => "InvalidSpec",
            Self::Unsupported => "Unsupported",
            Self::PermissionDenied => "PermissionDenied",
            Self::QuotaExceeded => "QuotaExceeded",
            Self::Conflict => "Conflict",
            Self::Throttled => "Throttled",
            Self::Unavailable => "Unavailable",
            Self::NotLeader => "NotLeader",
            Self::Unexpected => "Unexpected",
        }
    }

    /// Whether the user has to change the Service: such errors are counted apart from failures.
    pub const fn is_user_error(self) -> bool {
        matches!(self, Self::InvalidSpec | Self::Unsupported)
    }
}

/// What an error means for the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Only a change of the Service or of the configuration helps.
    Terminal,
    /// Worth another try, later and later.
    Retryable,
    /// Worth another try, not before `retry_after` if the provider said so.
    Throttled {
        /// How long the provider asked us to wait.
        retry_after: Option<Duration>,
    },
}

/// An error of a provider.
///
/// The message is a lower-case clause without a full stop that names the thing, the value and, where
/// there is one, the remedy. It holds no secrets: it lands in Events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProviderError {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    message: String,
    retry_after: Option<Duration>,
    culprit: Option<ServiceUid>,
    #[serde(skip)]
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl ProviderError {
    /// An error of `kind` while doing `operation` (a noun phrase or an API action).
    pub fn new(
        kind: ErrorKind,
        operation: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            operation: operation.into(),
            message: message.into(),
            retry_after: None,
            culprit: None,
            source: None,
        }
    }

    /// The error of a writer that has lost its lease.
    pub fn not_leader() -> Self {
        Self::new(ErrorKind::NotLeader, "fence", "another controller holds the lease")
    }

    /// Adds how long the provider asked us to wait.
    #[must_use]
    pub const fn retry_after(mut self, span: Duration) -> Self {
        self.retry_after = Some(span);
        self
    }

    /// Adds the Service that spoiled a step which serves all.
    #[must_use]
    pub fn blame(mut self, uid: ServiceUid) -> Self {
        self.culprit = Some(uid);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was being done.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The text for the user.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The Service that spoiled a step which serves all.
    pub const fn culprit(&self) -> Option<&ServiceUid> {
        self.culprit.as_ref()
    }

    /// What it means for the next try: derived from the kind alone.
    pub const fn class(&self) -> Class {
        match self.kind {
            ErrorKind::InvalidSpec | ErrorKind::Unsupported => Class::Terminal,
            ErrorKind::Throttled => Class::Throttled { retry_after: self.retry_after },
            ErrorKind::PermissionDenied
            | ErrorKind::QuotaExceeded
            | ErrorKind::Conflict
            | ErrorKind::Unavailable
            | ErrorKind::NotLeader
            | ErrorKind::Unexpected => Class::Retryable,
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.message)
    }
}

impl std::error::Error for ProviderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Errors are equal if they tell the same; the cause is not compared.
impl PartialEq for ProviderError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.operation == other.operation
            && self.message == other.message
            && self.retry_after == other.retry_after
            && self.culprit == other.culprit
    }
}
