//! Lists as they were: what has changed since is undone.

use crate::{
    cluster::Cluster,
    kind::Resource,
    meta,
    status::Status,
    store::{Key, object::Object},
};
use std::{collections::BTreeMap, sync::Arc};

/// The objects of a namespace (of all, if it is empty) at a revision; 410 if it is too long ago.
pub(super) fn list(
    cluster: &Cluster,
    resource: Resource,
    namespace: &str,
    revision: u64,
) -> Result<Vec<Arc<Object>>, Status> {
    let (objects, current) = cluster.list(resource, namespace);
    if revision >= current {
        return Ok(objects);
    }
    let since = cluster
        .since(resource, revision)
        .map_err(|_| Status::expired_page("The resourceVersion for the provided list is too old."));
    let (changes, _) = since?;
    let mut found: BTreeMap<Key, Arc<Object>> =
        objects.into_iter().map(|object| (key(&object), object)).collect();
    // What has happened after the list was read is not in it.
    let known = changes.iter().filter(|change| change.object.revision() <= current);
    for change in known.rev() {
        let key = key(&change.object);
        if !namespace.is_empty() && key.namespace != namespace {
            continue;
        }
        match &change.previous {
            Some(previous) => found.insert(key, Arc::clone(previous)),
            None => found.remove(&key),
        };
    }
    Ok(found.into_values().collect())
}

fn key(object: &Object) -> Key {
    Key::new(meta::namespace(object.value()), meta::name(object.value()))
}
