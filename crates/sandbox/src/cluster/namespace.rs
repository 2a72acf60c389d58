//! What a namespace holds, and its end.

use super::{DeleteOptions, Deletion, State};
use crate::{
    kind::{KINDS, Kind, Resource},
    meta,
    store::{Key, object::Object},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

impl State {
    pub(super) fn holds_content(&self, namespace: &str) -> bool {
        kinds().any(|kind| self.store.list(kind.resource, namespace).next().is_some())
    }

    /// Begins the end of a namespace, which is over when nothing is left in it. The answer is always
    /// the namespace as it was at the beginning of its end.
    pub(super) fn end_namespace(
        &mut self,
        key: &Key,
        current: &Arc<Object>,
        object: Value,
        dry_run: bool,
    ) -> Deletion {
        if dry_run {
            return Deletion::Begun(Arc::new(Object::new(object, current.revision())));
        }
        let begun = if object == *current.value() {
            Arc::clone(current)
        } else {
            self.store.put(Resource::Namespaces, key.clone(), object)
        };
        self.empty_namespace(&key.name);
        self.see_to_dependents(Kind::of(Resource::Namespaces), key);
        self.tidy();
        self.close_namespace(&key.name);
        self.tell_what_remains(key);
        Deletion::Begun(begun)
    }

    /// Deletes all that is in a namespace; what has finalizers or grace stays for now.
    fn empty_namespace(&mut self, namespace: &str) {
        for kind in kinds() {
            let keys: Vec<Key> = self
                .store
                .list(kind.resource, namespace)
                .filter(|(_, object)| !meta::is_deleting(object.value()))
                .map(|(key, _)| key.clone())
                .collect();
            for key in keys {
                // It may be gone by now with its owner; nothing else can go wrong.
                let _ = self.delete(kind, &key, &DeleteOptions::background());
            }
        }
    }

    /// The last object of a namespace that is being deleted takes the namespace with it.
    pub(super) fn close_namespace(&mut self, namespace: &str) {
        let kind = Kind::of(Resource::Namespaces);
        let key = Key::new("", namespace);
        let Some(found) = self.store.get(Resource::Namespaces, &key).cloned() else { return };
        if !meta::is_deleting(found.value()) {
            return;
        }
        if self.may_go(kind, found.value()) {
            self.remove(kind, &key, found.value().clone());
        } else if !meta::at(found.value(), &["status", "conditions"]).is_null() {
            // Before it is emptied there is nothing to tell.
            self.tell_what_remains(&key);
        }
    }

    /// Writes into the status of a namespace that is being deleted why it is still there.
    fn tell_what_remains(&mut self, key: &Key) {
        let Some(found) = self.store.get(Resource::Namespaces, key).cloned() else { return };
        let (mut resources, mut finalizers) = (Vec::new(), BTreeMap::<&str, usize>::new());
        for kind in kinds() {
            let objects = self.store.list(kind.resource, &key.name);
            let objects: Vec<&Value> = objects.map(|(_, object)| object.value()).collect();
            if !objects.is_empty() {
                let count = objects.len();
                resources
                    .push(format!("{}.{} has {count} resource instances", kind.plural, kind.group));
            }
            for finalizer in objects.iter().flat_map(|object| meta::finalizers(object)) {
                *finalizers.entry(finalizer).or_default() += 1;
            }
        }
        resources.sort();
        let finalizers: Vec<String> = finalizers
            .iter()
            .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
            .collect();
        let old = meta::at(found.value(), &["status", "conditions"]);
        let conditions = conditions(&resources, &finalizers, old);
        if conditions != *old {
            let mut object = found.value().clone();
            object["status"]["conditions"] = conditions;
            self.store.put(Resource::Namespaces, key.clone(), object);
        }
    }
}

/// The conditions of a namespace that is being deleted, in the words of the real server. What was
/// true before is true since then.
fn conditions(resources: &[String], finalizers: &[String], old: &Value) -> Value {
    let now = meta::moment(Timestamp::now());
    let condition = |kind: &str, is_true: bool, reason: &str, message: String| {
        let status = if is_true { "True" } else { "False" };
        let same = |old: &&Value| old["type"] == kind && old["status"] == status;
        let before = old.as_array().into_iter().flatten().find(same);
        let since = before.and_then(|before| before["lastTransitionTime"].as_str());
        json!({
            "type": kind,
            "status": status,
            "lastTransitionTime": since.unwrap_or(&now),
            "reason": reason,
            "message": message,
        })
    };
    let (left, held) = (!resources.is_empty(), !finalizers.is_empty());
    json!([
        condition(
            "NamespaceDeletionDiscoveryFailure",
            false,
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        condition(
            "NamespaceDeletionGroupVersionParsingFailure",
            false,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_owned(),
        ),
        condition(
            "NamespaceDeletionContentFailure",
            false,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_owned(),
        ),
        if left {
            let message = format!("Some resources are remaining: {}", resources.join(", "));
            condition("NamespaceContentRemaining", true, "SomeResourcesRemain", message)
        } else {
            let message = "All content successfully removed".to_owned();
            condition("NamespaceContentRemaining", false, "ContentRemoved", message)
        },
        if held {
            let message = format!(
                "Some content in the namespace has finalizers remaining: {}",
                finalizers.join(", ")
            );
            condition("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
        } else {
            let message = "All content-preserving finalizers finished".to_owned();
            condition("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", message)
        },
    ])
}

/// Each namespaced resource once.
fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.namespaced && !kind.is_new_event())
}
