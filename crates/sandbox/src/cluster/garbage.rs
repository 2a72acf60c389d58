//! What goes with its owner, as the garbage collector of a real cluster sees to.

use super::{DeleteOptions, State};
use crate::{
    kind::{KINDS, Kind},
    meta,
    store::Key,
};
use serde_json::Value;

impl State {
    /// Deletes what had only the object with this uid as its owner, now that it is gone.
    pub(super) fn collect(&mut self, uid: &str) {
        for kind in kinds() {
            let mut orphans = Vec::new();
            for (key, object) in self.store.list(kind.resource, "") {
                let object = object.value();
                let mut others = owners(object).filter(|owner| *owner != uid);
                if owners(object).any(|owner| owner == uid)
                    && !meta::is_deleting(object)
                    && !others.any(|owner| self.lives(owner))
                {
                    orphans.push(key.clone());
                }
            }
            self.delete_all(kind, orphans);
        }
    }

    fn lives(&self, uid: &str) -> bool {
        let has = |kind: &Kind| {
            let mut objects = self.store.list(kind.resource, "");
            objects.any(|(_, object)| meta::field(object.value(), "uid") == uid)
        };
        kinds().any(has)
    }

    fn delete_all(&mut self, kind: &Kind, keys: Vec<Key>) {
        for key in keys {
            // It may be gone by now with another one.
            let _ = self.delete(kind, &key, &DeleteOptions::default());
        }
    }
}

/// Each resource once.
fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| !kind.is_new_event())
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let references = meta::at(object, &["metadata", "ownerReferences"]).as_array();
    references.into_iter().flatten().filter_map(|owner| owner["uid"].as_str())
}
