//! The way from what is to what should be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ProviderError, ServiceUid};

/// A step, and whom it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned<S> {
    /// At most one writing call to the provider.
    pub step: S,
    /// The Service that it serves; none if it serves all that the key carries.
    pub serves: Option<ServiceUid>,
}

/// What a plan lacks before it can go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    #[default]
    Nothing,
    /// The ground must be converged first.
    Ground,
    /// What is known of the key came from a listing that shows too little.
    CloserLook,
    /// What changes at the provider by itself, such as a state, must be read again.
    Refresh,
}

/// Something that a user should know of a Service that is served all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// The `CamelCase` word for it: the reason of an Event.
    pub reason: Cow<'static, str>,
    /// A clause that names the thing, the value and the remedy.
    pub message: String,
}

impl Warning {
    /// A warning for this reason.
    pub fn new(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into() }
    }
}

/// Stages of steps. The steps of one stage may run side by side; a stage begins when the one before
/// it is done and learned. A plan need not reach the goal at once: the driver plans again until
/// nothing is left to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<S> {
    /// The stages, in order.
    pub stages: Vec<Vec<Planned<S>>>,
    /// Services that can't have what they ask for.
    pub refused: BTreeMap<ServiceUid, ProviderError>,
    /// What users should know of Services that are served all the same.
    pub warnings: BTreeMap<ServiceUid, BTreeSet<Warning>>,
    /// What must happen before this plan can be completed.
    pub needs: Needs,
    /// When to look again although nothing changed, e.g. while something is being provisioned.
    pub look_again: Option<Duration>,
}

impl<S> Default for Plan<S> {
    fn default() -> Self {
        Self {
            stages: Vec::new(),
            refused: BTreeMap::new(),
            warnings: BTreeMap::new(),
            needs: Needs::Nothing,
            look_again: None,
        }
    }
}

impl<S> Plan<S> {
    /// Whether there is no step in it.
    pub fn is_empty(&self) -> bool {
        self.stages.iter().all(Vec::is_empty)
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.stages.iter().map(Vec::len).sum()
    }

    /// Adds a stage, unless it is empty.
    pub fn stage(&mut self, steps: Vec<Planned<S>>) -> &mut Self {
        if !steps.is_empty() {
            self.stages.push(steps);
        }
        self
    }

    /// Adds something that the user of `uid` should know.
    pub fn warn(&mut self, uid: &ServiceUid, warning: Warning) -> &mut Self {
        self.warnings.entry(uid.clone()).or_default().insert(warning);
        self
    }

    /// Notes that the provider should be looked at again after `span`, or sooner.
    pub fn look_again_in(&mut self, span: Duration) -> &mut Self {
        self.look_again = Some(self.look_again.map_or(span, |sooner| sooner.min(span)));
        self
    }
}

impl<S> Planned<S> {
    /// A step that serves one Service.
    pub const fn of(uid: ServiceUid, step: S) -> Self {
        Self { step, serves: Some(uid) }
    }

    /// A step that serves all.
    pub const fn common(step: S) -> Self {
        Self { step, serves: None }
    }
}
