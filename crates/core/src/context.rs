//! What the caller brings to a pass: the time, the fence, the pace and the tap.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Lane, Moment, ProviderError, Urgency};

/// Tells the time. The core reads no clock of its own, so tests bring theirs.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// Says whether we may still write.
pub trait Fence: Send + Sync {
    /// Checked right before every write.
    ///
    /// # Errors
    /// [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) once the lease is lost.
    fn check(&self) -> Result<(), ProviderError>;
}

/// Hands out turns, so that a provider is not asked more than it bears.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits until a call of this `lane` may be made. The turn is held for as long as the call lasts.
    ///
    /// # Errors
    /// If the call may not be made at all.
    async fn turn(&self, lane: Lane, urgency: Urgency) -> Result<Turn, ProviderError>;
}

/// A call to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A listing of everything.
    Survey,
    /// A look at some keys.
    Look,
    /// What changes by itself was read again.
    Refresh,
    /// A step.
    Apply,
}

impl Call {
    /// The word for it: the label of a metric.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::Look => "look",
            Self::Refresh => "refresh",
            Self::Apply => "apply",
        }
    }
}

/// Hears of every call to a provider, once it is answered.
pub trait Tap: Send + Sync {
    /// A call was made, took so long, and failed with this error if it failed.
    fn heard(
        &self,
        provider: &'static str,
        call: Call,
        took: Duration,
        error: Option<&ProviderError>,
    );
}

/// A turn, given back when dropped.
pub struct Turn(#[expect(dead_code, reason = "held for its drop")] Option<Box<dyn Any + Send>>);

impl Turn {
    /// A turn that gives back `permit` when dropped.
    pub fn holding(permit: impl Any + Send) -> Self {
        Self(Some(Box::new(permit)))
    }

    /// A turn that is free.
    pub const fn free() -> Self {
        Self(None)
    }
}

/// The first argument of every call that may take time.
#[derive(Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    fence: Arc<dyn Fence>,
    pace: Arc<dyn Pace>,
    tap: Arc<dyn Tap>,
}

impl Context {
    /// A context with this clock, whose writes are neither fenced nor paced.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, fence: Arc::new(Open), pace: Arc::new(Open), tap: Arc::new(Open) }
    }

    /// The same with another fence.
    #[must_use]
    pub fn fenced(mut self, fence: Arc<dyn Fence>) -> Self {
        self.fence = fence;
        self
    }

    /// The same at another pace.
    #[must_use]
    pub fn paced(mut self, pace: Arc<dyn Pace>) -> Self {
        self.pace = pace;
        self
    }

    /// The same, with every call to a provider told to `tap`.
    #[must_use]
    pub fn tapped(mut self, tap: Arc<dyn Tap>) -> Self {
        self.tap = tap;
        self
    }

    /// Makes a call to a provider, and tells the tap of it.
    pub(crate) async fn call<T>(
        &self,
        provider: &'static str,
        call: Call,
        making: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let began = self.now();
        let answer = making.await;
        self.tap.heard(provider, call, self.now().since(began), answer.as_ref().err());
        answer
    }

    /// The time.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Waits for a turn at the provider's own pace and at ours, **then** checks the fence: the turns
    /// may take minutes.
    ///
    /// # Errors
    /// [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) once the lease is lost.
    pub async fn turn(
        &self,
        own: Option<&dyn Pace>,
        lane: Lane,
        urgency: Urgency,
    ) -> Result<[Turn; 2], ProviderError> {
        let first = match own {
            Some(pace) => pace.turn(lane, urgency).await?,
            None => Turn::free(),
        };
        let second = self.pace.turn(lane, urgency).await?;
        self.fence.check()?;
        Ok([first, second])
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// No fence, no pace, no tap.
struct Open;

impl Fence for Open {
    fn check(&self) -> Result<(), ProviderError> {
        Ok(())
    }
}

impl Tap for Open {
    fn heard(&self, _: &'static str, _: Call, _: Duration, _: Option<&ProviderError>) {}
}

#[async_trait]
impl Pace for Open {
    async fn turn(&self, _: Lane, _: Urgency) -> Result<Turn, ProviderError> {
        Ok(Turn::free())
    }
}
