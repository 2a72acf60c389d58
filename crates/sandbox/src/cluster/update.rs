//! Changing objects.

use super::{Cluster, State};
use crate::{
    invalid::Cause,
    kind::{Kind, Resource},
    managed::{self, Manager},
    meta, rules,
    status::Status,
    store::{Key, lock, object::Object},
};
use serde_json::Value;
use std::sync::Arc;

/// Which part of the object a write is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// All but the status.
    Main,
    /// The status, and the metadata.
    Status,
}

/// One write to one object.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) kind: &'static Kind,
    pub(crate) key: Key,
    pub(crate) by: Manager,
    pub(crate) dry_run: bool,
}

impl Cluster {
    /// Replaces an object by what `change` makes of it, or keeps it if nothing differs.
    ///
    /// `change` returns a decoded object in the stored form.
    pub(crate) fn update(
        &self,
        update: &Update,
        change: impl FnOnce(&Object) -> Result<Value, Status>,
    ) -> Result<Arc<Object>, Status> {
        let mut state = lock(&self.state);
        let Some(current) = state.store.get(update.kind.resource, &update.key).cloned() else {
            return Err(Status::not_found(update.kind, &update.key.name));
        };
        let object = change(&current)?;
        let updated = state.replace(update, &current, object);
        state.tidy();
        updated
    }

    /// True if there is such an object.
    pub(crate) fn exists(&self, kind: &Kind, key: &Key) -> bool {
        lock(&self.state).store.get(kind.resource, key).is_some()
    }
}

impl State {
    fn replace(
        &mut self,
        update: &Update,
        current: &Arc<Object>,
        mut object: Value,
    ) -> Result<Arc<Object>, Status> {
        let (kind, key) = (update.kind, &update.key);
        let old = current.value();
        preconditions(kind, old, &object)?;
        let sent = object.clone();
        // It is told anew: the rules need not read it.
        managed::take(&mut object);
        for field in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "generateName",
        ] {
            meta::set(&mut object, field, meta::at(old, &["metadata", field]).clone());
        }
        let invalid = |causes: Vec<Cause>| Status::invalid(kind, &key.name, &causes);
        let claims = match update.by.part {
            Part::Main => {
                if kind.status {
                    meta::set_top(&mut object, "status", old["status"].clone());
                }
                rules::update(kind, &mut object, old, &mut self.ledger).map_err(invalid)?
            }
            Part::Status => {
                rules::update_status(kind, &mut object, old).map_err(invalid)?;
                crate::service::allocate::Claims::default()
            }
        };
        if let Err(causes) = rules::metadata::update(&object, old) {
            self.ledger.undo(&claims);
            return Err(invalid(causes));
        }
        managed::note(kind, Some(old), &mut object, &sent, &update.by);
        if object == *old || update.dry_run {
            self.ledger.undo(&claims);
            if update.dry_run && object != *old {
                return Ok(Arc::new(Object::new(object, current.revision())));
            }
            return Ok(Arc::clone(current));
        }
        if kind.generation && update.by.part == Part::Main && differs(&object, old) {
            let generation = meta::at(old, &["metadata", "generation"]).as_i64().unwrap_or(0);
            meta::set(&mut object, "generation", (generation + 1).into());
        }
        self.ledger.settle(&claims);
        if meta::is_deleting(&object) && self.may_go(kind, &object) {
            return Ok(self.remove(kind, key, object));
        }
        let owners = |object| meta::at(object, &["metadata", "ownerReferences"]);
        let has_others = owners(&object) != owners(old);
        let changed = self.store.put(kind.resource, key.clone(), object);
        if has_others {
            self.note_owners(old);
        }
        Ok(changed)
    }

    /// Nothing holds a deleted object any more: no finalizer, no grace, no content.
    pub(super) fn may_go(&self, kind: &Kind, object: &Value) -> bool {
        let grace = meta::at(object, &["metadata", "deletionGracePeriodSeconds"]);
        let held = kind.resource == Resource::Namespaces && self.holds_content(meta::name(object));
        meta::finalizers(object).next().is_none() && grace.as_i64().unwrap_or(0) == 0 && !held
    }
}

/// More than the metadata changed; the status did not, in a write to the main part.
fn differs(object: &Value, old: &Value) -> bool {
    fn content(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
        object.as_object().into_iter().flatten().filter(|(key, _)| *key != "metadata")
    }
    !content(object).eq(content(old))
}

fn preconditions(kind: &Kind, old: &Value, new: &Value) -> Result<(), Status> {
    let name = meta::name(old);
    let (had, has) = (meta::field(old, "uid"), meta::field(new, "uid"));
    if !has.is_empty() && has != had {
        let key = Key::new(meta::namespace(old), name);
        return Err(Status::another_object(kind, &key, "0", has, had));
    }
    let version = meta::field(new, "resourceVersion");
    if version.is_empty() {
        if !kind.unconditional_update {
            let why = "must be specified for an update";
            let cause = Cause::invalid("metadata.resourceVersion", 0, why);
            return Err(Status::invalid(kind, name, &[cause]));
        }
    } else if version != meta::field(old, "resourceVersion") {
        return Err(Status::stale(kind, name));
    }
    Ok(())
}
