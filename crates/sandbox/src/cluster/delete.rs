//! Taking objects away, at once or when nothing holds them any more.

use super::{Cluster, IMMORTAL, State};
use crate::{
    kind::{Kind, Resource},
    meta,
    status::Status,
    store::{Key, lock, object::Object},
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Service;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// What a DELETE may say. What an object owned goes after it, whatever it says of that.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeleteOptions {
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) preconditions: Option<Preconditions>,
    pub(crate) dry_run: Option<Vec<String>>,
}

/// The object that is meant, and no other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preconditions {
    uid: Option<String>,
    resource_version: Option<String>,
}

/// What became of a deletion.
#[derive(Clone, Debug)]
pub(crate) enum Deletion {
    /// The object is gone; this was its last state.
    Done(Arc<Object>),
    /// The object stays until nothing holds it.
    Begun(Arc<Object>),
}

impl Cluster {
    /// Deletes one object.
    pub(crate) fn delete(
        &self,
        kind: &Kind,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        lock(&self.state).delete(kind, key, options)
    }
}

impl State {
    pub(super) fn delete(
        &mut self,
        kind: &Kind,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        let Some(current) = self.store.get(kind.resource, key).cloned() else {
            return Err(Status::not_found(kind, &key.name));
        };
        let old = current.value();
        options.check(kind, old)?;
        if kind.resource == Resource::Namespaces && IMMORTAL.contains(&key.name.as_str()) {
            return Err(Status::forbidden(kind, &key.name, "this namespace may not be deleted"));
        }
        let grace = grace(kind, old, options);
        let mut object = old.clone();
        let was = meta::at(old, &["metadata", "deletionGracePeriodSeconds"]).as_i64();
        let first = !meta::is_deleting(old);
        // A later delete may shorten the grace, and never lengthens it.
        if first || was.is_some_and(|was| grace < was) {
            let end = Timestamp::now() + SignedDuration::from_secs(grace);
            meta::set(&mut object, "deletionTimestamp", meta::moment(end).into());
            meta::set(&mut object, "deletionGracePeriodSeconds", grace.into());
            if first && let Some(generation) = meta::at(old, &["metadata", "generation"]).as_i64() {
                meta::set(&mut object, "generation", (generation + 1).into());
            }
        }
        if kind.resource == Resource::Namespaces {
            object["status"]["phase"] = "Terminating".into();
        }
        if options.is_dry_run() {
            let object = Arc::new(Object::new(object, current.revision()));
            return Ok(Deletion::Done(object));
        }
        if kind.resource == Resource::Namespaces {
            self.empty_namespace(&key.name);
        }
        if self.may_go(kind, &object) {
            // Watches are told of the object as it was, without the marks of deletion.
            let last = if first { old.clone() } else { object };
            return Ok(Deletion::Done(self.remove(kind, key, last)));
        }
        if object == *old {
            return Ok(Deletion::Begun(current));
        }
        Ok(Deletion::Begun(self.store.put(kind.resource, key.clone(), object)))
    }

    /// Removes an object that nothing holds, and what hangs on it.
    pub(super) fn remove(&mut self, kind: &Kind, key: &Key, last: Value) -> Arc<Object> {
        if kind.resource == Resource::Services
            && let Ok(Some(spec)) = Service::deserialize(&last).map(|service| service.spec)
        {
            self.ledger.release(&spec);
        }
        let removed = self.store.remove(kind.resource, key, last);
        self.collect(meta::field(removed.value(), "uid"));
        if kind.namespaced {
            self.close_namespace(&key.namespace);
        }
        removed
    }
}

impl DeleteOptions {
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run.as_ref().is_some_and(|stages| stages.iter().any(|stage| stage == "All"))
    }

    fn check(&self, kind: &Kind, object: &Value) -> Result<(), Status> {
        let Some(wanted) = &self.preconditions else { return Ok(()) };
        for (what, wanted, has) in [
            ("UID", &wanted.uid, meta::field(object, "uid")),
            ("ResourceVersion", &wanted.resource_version, meta::field(object, "resourceVersion")),
        ] {
            if let Some(wanted) = wanted
                && wanted != has
            {
                let why = format!(
                    "Precondition failed: {what} in precondition: {wanted}, {what} in object \
                     meta: {has}"
                );
                return Err(Status::conflict(kind, meta::name(object), &why));
            }
        }
        Ok(())
    }
}

/// Only a Pod that a node may be running is given time.
fn grace(kind: &Kind, object: &Value, options: &DeleteOptions) -> i64 {
    if kind.resource != Resource::Pods
        || meta::text(object, &["spec", "nodeName"]).is_empty()
        || matches!(meta::text(object, &["status", "phase"]), "Succeeded" | "Failed")
    {
        return 0;
    }
    let own = meta::at(object, &["spec", "terminationGracePeriodSeconds"]).as_i64();
    options.grace_period_seconds.or(own).unwrap_or(30).max(0)
}
