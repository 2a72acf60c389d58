use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ProviderError, Readiness, ServiceUid, Warning};

/// A step that was made, or tried, or in a rehearsal foreseen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// What it does, for a user.
    pub step: String,
    /// The Service that it serves; none if it serves all.
    pub serves: Option<ServiceUid>,
    /// Why it failed.
    pub error: Option<ProviderError>,
}

/// What a pass says of one Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberReport {
    /// How far it has come.
    pub readiness: Readiness,
    /// What stands in its way, of its own.
    pub error: Option<ProviderError>,
    /// What its user should know, although it is served.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub warnings: BTreeSet<Warning>,
    /// Everything that it asks for is there: no step of its own or of all is left to do.
    pub settled: bool,
}

/// What a pass did, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The steps, in order.
    pub steps: Vec<StepReport>,
    /// Every Service that is a member or has something here.
    pub members: BTreeMap<ServiceUid, MemberReport>,
    /// What stopped the whole pass.
    pub error: Option<ProviderError>,
    /// The ground must be converged before this key can be.
    pub needs_ground: bool,
    /// When to look again although nothing changed.
    pub look_again: Option<Duration>,
    /// Before it, something else was found there than was left, and somebody else has changed it.
    #[serde(default)]
    pub altered: bool,
    /// The Services that have something here now. Complete only if `error` is none.
    pub holds: BTreeSet<ServiceUid>,
    /// Nothing is left to do at this key, for anyone.
    pub settled: bool,
}

impl Report {
    /// Whether anything was written, or tried.
    pub fn wrote(&self) -> bool {
        !self.steps.is_empty()
    }
}
