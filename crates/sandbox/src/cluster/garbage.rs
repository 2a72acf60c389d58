//! What becomes of the dependents of an object, as the garbage collector of a real cluster sees to.

use super::{
    DeleteOptions, State,
    delete::{FOREGROUND, ORPHAN},
};
use crate::{
    kind::{KINDS, Kind},
    meta,
    store::Key,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is still to be done once an object is gone, or waits for its dependents. It is done at the end
/// of a write, for all of them at once: chains of owners may be long, and crowds of dependents large.
#[derive(Debug, Default)]
pub(super) struct Chores {
    /// Owners that are gone.
    gone: BTreeSet<String>,
    /// Owners that wait for their dependents to go.
    waiting: BTreeSet<String>,
    /// Owners that may have waited for an object that changed, or is gone.
    freed: BTreeSet<String>,
}

impl State {
    /// Lets the dependents of an object that is being deleted go, or has them deleted, if it waits for
    /// that.
    pub(super) fn see_to_dependents(&mut self, kind: &Kind, key: &Key) {
        let Some(found) = self.store.get(kind.resource, key).cloned() else { return };
        let object = found.value();
        let uid = meta::field(object, "uid");
        if has_finalizer(object, ORPHAN) {
            let owner = BTreeSet::from([uid.to_owned()]);
            for (kind, key) in self.dependents(&owner) {
                self.disown(kind, &key, &owner);
            }
            self.release(kind, key, ORPHAN);
        }
        if has_finalizer(object, FOREGROUND) {
            // Who nobody blocks goes first, and then what depended on it.
            if self.is_blocked(uid) {
                self.chores.waiting.insert(uid.to_owned());
            }
            self.chores.freed.insert(uid.to_owned());
        }
    }

    /// An object is gone.
    pub(super) fn note_gone(&mut self, object: &Value) {
        self.chores.gone.insert(meta::field(object, "uid").to_owned());
        self.note_owners(object);
    }

    /// The owners of an object that changed, or is gone, may have waited for that.
    pub(super) fn note_owners(&mut self, object: &Value) {
        self.chores.freed.extend(owners(object).map(str::to_owned));
    }

    /// Does all that is to be done, and what comes of it.
    pub(super) fn tidy(&mut self) {
        loop {
            let Chores { gone, waiting, freed } = std::mem::take(&mut self.chores);
            if gone.is_empty() && waiting.is_empty() && freed.is_empty() {
                return;
            }
            self.collect(&gone, false);
            self.collect(&waiting, true);
            for uid in freed {
                self.unblock(&uid);
            }
        }
    }

    /// Deletes what has only these as its owners, now that they are gone or wait, and takes the
    /// references off what has others.
    fn collect(&mut self, uids: &BTreeSet<String>, waiting: bool) {
        if uids.is_empty() {
            return;
        }
        for (kind, key) in self.dependents(uids) {
            // It may be gone by now with another one.
            let Some(found) = self.store.get(kind.resource, &key).cloned() else { continue };
            let object = found.value();
            if meta::is_deleting(object) {
                if waiting {
                    self.open_circle(kind, &key);
                }
                continue;
            }
            if owners(object).any(|owner| !uids.contains(owner) && self.stays(owner)) {
                self.disown(kind, &key, uids);
                continue;
            }
            let own = BTreeSet::from([meta::field(object, "uid").to_owned()]);
            let waits = waiting && !self.dependents(&own).is_empty();
            let options =
                if waits { DeleteOptions::foreground() } else { DeleteOptions::default() };
            // It was there a moment ago, under the same lock; nothing else can go wrong.
            let _ = self.delete(kind, &key, &options);
            self.open_circle(kind, &key);
        }
    }

    /// An object that waits for one that waits, too, holds up nobody any more: they may wait for each
    /// other.
    fn open_circle(&mut self, kind: &Kind, key: &Key) {
        let Some(found) = self.store.get(kind.resource, key).cloned() else { return };
        let own = BTreeSet::from([meta::field(found.value(), "uid").to_owned()]);
        let blocks = |object: &Value| references(object).any(|it| it["blockOwnerDeletion"] == true);
        if !self.waits(kind, key)
            || !blocks(found.value())
            || !self.dependents(&own).iter().any(|(kind, key)| self.waits(kind, key))
        {
            return;
        }
        let mut object = found.value().clone();
        for owner in object["metadata"]["ownerReferences"].as_array_mut().into_iter().flatten() {
            owner["blockOwnerDeletion"] = false.into();
        }
        self.note_owners(&object);
        self.store.put(kind.resource, key.clone(), object);
    }

    fn unblock(&mut self, uid: &str) {
        if let Some((kind, key)) = self.find(uid)
            && self.waits(kind, &key)
            && !self.is_blocked(uid)
        {
            self.release(kind, &key, FOREGROUND);
        }
    }

    /// Takes a finalizer off an object, and the object away if nothing else holds it.
    fn release(&mut self, kind: &Kind, key: &Key, finalizer: &str) {
        let Some(found) = self.store.get(kind.resource, key).cloned() else { return };
        let mut object = found.value().clone();
        let others: Vec<&str> =
            meta::finalizers(found.value()).filter(|other| *other != finalizer).collect();
        let others = if others.is_empty() { Value::Null } else { others.into() };
        meta::set(&mut object, "finalizers", others);
        if self.may_go(kind, &object) {
            self.remove(kind, key, object);
        } else {
            self.store.put(kind.resource, key.clone(), object);
        }
    }

    /// Takes the references to these owners off an object.
    fn disown(&mut self, kind: &Kind, key: &Key, uids: &BTreeSet<String>) {
        let Some(found) = self.store.get(kind.resource, key).cloned() else { return };
        let mut object = found.value().clone();
        let is_other = |owner: &&Value| owner["uid"].as_str().is_none_or(|uid| !uids.contains(uid));
        let others: Vec<Value> = references(&object).filter(is_other).cloned().collect();
        let others = if others.is_empty() { Value::Null } else { others.into() };
        meta::set(&mut object, "ownerReferences", others);
        self.store.put(kind.resource, key.clone(), object);
    }

    fn dependents(&self, uids: &BTreeSet<String>) -> Vec<(&'static Kind, Key)> {
        self.all(|object| owners(object).any(|owner| uids.contains(owner)))
    }

    fn find(&self, uid: &str) -> Option<(&'static Kind, Key)> {
        self.all(|object| meta::field(object, "uid") == uid).into_iter().next()
    }

    fn all(&self, takes: impl Fn(&Value) -> bool) -> Vec<(&'static Kind, Key)> {
        let mut all = Vec::new();
        // Each resource once.
        for kind in KINDS.iter().filter(|kind| !kind.is_new_event()) {
            let objects = self.store.list(kind.resource, "");
            let taken = objects.filter(|(_, object)| takes(object.value()));
            all.extend(taken.map(|(key, _)| (kind, key.clone())));
        }
        all
    }

    /// Is there, and does not wait for its dependents to go.
    fn stays(&self, uid: &str) -> bool {
        self.find(uid).is_some_and(|(kind, key)| !self.waits(kind, &key))
    }

    /// Is being deleted, and waits for its dependents to go.
    fn waits(&self, kind: &Kind, key: &Key) -> bool {
        let found = self.store.get(kind.resource, key).map(|found| found.value());
        found.is_some_and(|object| meta::is_deleting(object) && has_finalizer(object, FOREGROUND))
    }

    fn is_blocked(&self, uid: &str) -> bool {
        let blocks = |owner: &Value| owner["uid"] == uid && owner["blockOwnerDeletion"] == true;
        !self.all(|object| references(object).any(blocks)).is_empty()
    }
}

fn references(object: &Value) -> impl Iterator<Item = &Value> {
    meta::at(object, &["metadata", "ownerReferences"]).as_array().into_iter().flatten()
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    references(object).filter_map(|owner| owner["uid"].as_str())
}

fn has_finalizer(object: &Value, wanted: &str) -> bool {
    meta::finalizers(object).any(|finalizer| finalizer == wanted)
}
