//! What a DELETE may say.

use crate::{
    invalid::Cause,
    kind::{Kind, Resource},
    meta,
    status::Status,
};
use serde::Deserialize;
use serde_json::Value;

/// The finalizer of what waits until its dependents are let go.
pub(in crate::cluster) const ORPHAN: &str = "orphan";
/// The finalizer of what waits until the dependents that block it are gone.
pub(in crate::cluster) const FOREGROUND: &str = "foregroundDeletion";

/// How an object is deleted, and what becomes of its dependents.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeleteOptions {
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) preconditions: Option<Preconditions>,
    /// The old name of a propagation policy.
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) dry_run: Option<Vec<String>>,
}

/// The object that is meant, and no other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preconditions {
    uid: Option<String>,
    resource_version: Option<String>,
}

impl DeleteOptions {
    /// Deletes what depends on the object, and does not wait for it.
    pub(in crate::cluster) fn background() -> Self {
        Self { propagation_policy: Some("Background".to_owned()), ..Self::default() }
    }

    /// Deletes what depends on the object, and waits for it.
    pub(in crate::cluster) fn foreground() -> Self {
        Self { propagation_policy: Some("Foreground".to_owned()), ..Self::default() }
    }

    /// Refuses what no deletion can be.
    pub(crate) fn validate(&self) -> Result<(), Status> {
        let mut causes = Vec::new();
        if let Some(policy) = &self.propagation_policy {
            let field = "propagationPolicy";
            if self.orphan_dependents.is_some() {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                causes.push(Cause::invalid(field, policy, why));
            }
            let known = ["Foreground", "Background", "Orphan", "nil"];
            if !known[..3].contains(&policy.as_str()) {
                causes.push(Cause::unsupported(field, policy, &known));
            }
        }
        if let Some(stages) = &self.dry_run
            && stages.iter().any(|stage| stage != "All")
        {
            causes.push(Cause::unsupported("dryRun", stages, &["All"]));
        }
        if causes.is_empty() {
            return Ok(());
        }
        Err(Status::invalid_options("DeleteOptions", &causes))
    }

    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run.as_ref().is_some_and(|stages| !stages.is_empty())
    }

    /// Refuses to delete another object than the one that is meant.
    pub(in crate::cluster) fn check(&self, kind: &Kind, object: &Value) -> Result<(), Status> {
        let Some(wanted) = &self.preconditions else { return Ok(()) };
        for (what, wanted, has, since) in [
            ("UID", &wanted.uid, meta::field(object, "uid"), "deleted and then recreated"),
            (
                "ResourceVersion",
                &wanted.resource_version,
                meta::field(object, "resourceVersion"),
                "modified",
            ),
        ] {
            if let Some(wanted) = wanted
                && wanted != has
            {
                let why = format!(
                    "the {what} in the precondition ({wanted}) does not match the {what} in record \
                     ({has}). The object might have been {since}"
                );
                return Err(Status::unmet_precondition(kind, meta::name(object), &why));
            }
        }
        Ok(())
    }

    /// The finalizers of an object that is deleted so. What this deletion says of the dependents
    /// wins over what the object says.
    pub(in crate::cluster) fn finalizers(&self, kind: &Kind, object: &Value) -> Vec<String> {
        let has = |wanted: &str| meta::finalizers(object).any(|finalizer| finalizer == wanted);
        let own = [ORPHAN, FOREGROUND].into_iter().find(|finalizer| has(finalizer));
        let waits_for = match (self.orphan_dependents, self.propagation_policy.as_deref()) {
            (Some(true), _) | (None, Some("Orphan")) => Some(ORPHAN),
            (None, Some("Foreground")) => Some(FOREGROUND),
            (Some(false), _) | (None, Some(_)) => None,
            (None, None) => own,
        };
        let waits_for = waits_for.filter(|finalizer| match kind.resource {
            // Nothing depends on an event, and a namespace waits for what is in it anyway.
            Resource::Events => false,
            Resource::Namespaces => *finalizer == ORPHAN,
            Resource::Services
            | Resource::Nodes
            | Resource::ConfigMaps
            | Resource::Pods
            | Resource::EndpointSlices
            | Resource::Leases => true,
        });
        let others = meta::finalizers(object).filter(|it| ![ORPHAN, FOREGROUND].contains(it));
        others.chain(waits_for).map(str::to_owned).collect()
    }
}
