//! What a namespace holds, and its end.

use super::{DeleteOptions, State};
use crate::{
    kind::{KINDS, Kind, Resource},
    meta,
    store::Key,
};

impl State {
    pub(super) fn holds_content(&self, namespace: &str) -> bool {
        kinds().any(|kind| self.store.list(kind.resource, namespace).next().is_some())
    }

    /// Deletes all that is in a namespace; what has finalizers or grace stays for now.
    pub(super) fn empty_namespace(&mut self, namespace: &str) {
        for kind in kinds() {
            let keys: Vec<Key> = self
                .store
                .list(kind.resource, namespace)
                .filter(|(_, object)| !meta::is_deleting(object.value()))
                .map(|(key, _)| key.clone())
                .collect();
            for key in keys {
                // It was there a line ago, under the same lock; nothing else can go wrong.
                let _ = self.delete(kind, &key, &DeleteOptions::default());
            }
        }
    }

    /// The last object of a namespace that is being deleted takes the namespace with it.
    pub(super) fn close_namespace(&mut self, namespace: &str) {
        let kind = Kind::of(Resource::Namespaces);
        let key = Key::new("", namespace);
        let Some(found) = self.store.get(Resource::Namespaces, &key).cloned() else { return };
        if meta::is_deleting(found.value()) && self.may_go(kind, found.value()) {
            self.remove(kind, &key, found.value().clone());
        }
    }
}

/// Each namespaced resource once.
fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.namespaced && !kind.is_new_event())
}
