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

impl State {
    /// Does what an object that is being deleted waits for: its dependents are let go, or deleted.
    pub(super) fn see_to_dependents(&mut self, kind: &Kind, key: &Key) {
        let Some(found) = self.store.get(kind.resource, key).cloned() else { return };
        let object = found.value();
        let uid = meta::field(object, "uid");
        if has_finalizer(object, ORPHAN) {
            for (kind, key) in self.dependents(uid) {
                self.disown(kind, &key, uid);
            }
            self.release(kind, key, ORPHAN);
        }
        if has_finalizer(object, FOREGROUND) {
            // Who nobody blocks goes first, and then what depended on it.
            if self.is_blocked(uid) {
                self.collect(uid);
            }
            self.unblock(uid);
        }
    }

    /// Deletes what has only the object with this uid as its owner, now that it is gone or goes, and
    /// takes the reference off what has others.
    pub(super) fn collect(&mut self, uid: &str) {
        for (kind, key) in self.dependents(uid) {
            // It may be gone by now with another one.
            let Some(found) = self.store.get(kind.resource, &key).cloned() else { continue };
            let object = found.value();
            if meta::is_deleting(object) {
                continue;
            }
            if owners(object).any(|owner| owner != uid && self.stays(owner)) {
                self.disown(kind, &key, uid);
                continue;
            }
            let waits = self.find(uid).is_some() && {
                let own = meta::field(object, "uid");
                !self.dependents(own).is_empty()
            };
            let options =
                if waits { DeleteOptions::foreground() } else { DeleteOptions::default() };
            // It was there a moment ago, under the same lock; nothing else can go wrong.
            let _ = self.delete(kind, &key, &options);
        }
    }

    /// The owners of an object that changed, or is gone, may have waited for that.
    pub(super) fn unblock_owners(&mut self, object: &Value) {
        for owner in owners(object) {
            self.unblock(owner);
        }
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

    /// Takes the reference to an owner off an object.
    fn disown(&mut self, kind: &Kind, key: &Key, uid: &str) {
        let Some(found) = self.store.get(kind.resource, key).cloned() else { return };
        let mut object = found.value().clone();
        let others: Vec<Value> =
            references(&object).filter(|owner| owner["uid"] != uid).cloned().collect();
        let others = if others.is_empty() { Value::Null } else { others.into() };
        meta::set(&mut object, "ownerReferences", others);
        self.store.put(kind.resource, key.clone(), object);
    }

    fn dependents(&self, uid: &str) -> Vec<(&'static Kind, Key)> {
        self.all(|object| owners(object).any(|owner| owner == uid))
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
