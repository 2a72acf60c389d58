//! Taking objects away, at once or when nothing holds them any more.

mod options;

pub(crate) use options::DeleteOptions;
pub(super) use options::{FOREGROUND, ORPHAN};

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
        let mut state = lock(&self.state);
        let deletion = state.delete(kind, key, options);
        state.tidy();
        deletion
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
        let object = marked(kind, old, options);
        if kind.resource == Resource::Namespaces {
            return Ok(self.end_namespace(key, &current, object, options.is_dry_run()));
        }
        let goes = self.may_go(kind, &object);
        if options.is_dry_run() {
            return Ok(if goes {
                Deletion::Done(current)
            } else {
                Deletion::Begun(Arc::new(Object::new(object, current.revision())))
            });
        }
        if goes {
            // Watches are told of the object as it was, without the marks of deletion.
            let last = if meta::is_deleting(old) { object } else { old.clone() };
            return Ok(Deletion::Done(self.remove(kind, key, last)));
        }
        if object == *old {
            return Ok(Deletion::Begun(current));
        }
        let begun = self.store.put(kind.resource, key.clone(), object);
        self.see_to_dependents(kind, key);
        Ok(Deletion::Begun(begun))
    }

    /// Removes an object that nothing holds, and what hangs on it.
    pub(super) fn remove(&mut self, kind: &Kind, key: &Key, last: Value) -> Arc<Object> {
        if kind.resource == Resource::Services
            && let Ok(Some(spec)) = Service::deserialize(&last).map(|service| service.spec)
        {
            self.ledger.release(&spec);
        }
        let removed = self.store.remove(kind.resource, key, last);
        self.note_gone(removed.value());
        if kind.namespaced {
            self.close_namespace(&key.namespace);
        }
        removed
    }
}

/// The object with the marks of its deletion.
fn marked(kind: &Kind, old: &Value, options: &DeleteOptions) -> Value {
    let mut object = old.clone();
    let finalizers = options.finalizers(kind, old);
    let finalizers = if finalizers.is_empty() { Value::Null } else { finalizers.into() };
    meta::set(&mut object, "finalizers", finalizers);
    let first = !meta::is_deleting(old);
    if kind.resource == Resource::Namespaces {
        // The end of a namespace is not a matter of grace.
        if first {
            meta::set(&mut object, "deletionTimestamp", meta::moment(Timestamp::now()).into());
        }
        object["status"]["phase"] = "Terminating".into();
        return object;
    }
    let grace = grace(kind, old, options);
    let was = meta::at(old, &["metadata", "deletionGracePeriodSeconds"]).as_i64();
    // A later delete may shorten the grace, and never lengthens it.
    if first || was.is_some_and(|was| grace < was) {
        let end = Timestamp::now() + SignedDuration::from_secs(grace);
        meta::set(&mut object, "deletionTimestamp", meta::moment(end).into());
        meta::set(&mut object, "deletionGracePeriodSeconds", grace.into());
        if first && let Some(generation) = meta::at(old, &["metadata", "generation"]).as_i64() {
            meta::set(&mut object, "generation", (generation + 1).into());
        }
    }
    object
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
