//! The rules of `metadata`, which all kinds share.

use super::{Checked, found};
use crate::{
    invalid::Cause,
    kind::{Kind, Resource},
    meta, names,
};
use serde_json::Value;

/// All annotations of an object together, in bytes.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// What is wrong with the metadata of a new object.
pub(crate) fn create(kind: &Kind, object: &Value) -> Checked {
    let name = meta::name(object);
    if name.is_empty() {
        let why = "name or generateName is required";
        return Err(vec![Cause::required("metadata.name", why)]);
    }
    let fits = match kind.resource {
        Resource::Services | Resource::Namespaces => names::dns_label(name),
        Resource::Nodes
        | Resource::ConfigMaps
        | Resource::Pods
        | Resource::EndpointSlices
        | Resource::Events
        | Resource::Leases => names::dns_subdomain(name),
    };
    let mut causes = check(object).err().unwrap_or_default();
    if let Err(why) = fits {
        causes.insert(0, Cause::invalid("metadata.name", name, &why));
    }
    found(causes)
}

pub(crate) fn check(object: &Value) -> Checked {
    let mut causes = Vec::new();
    let pairs = |field| meta::at(object, &["metadata", field]).as_object().into_iter().flatten();
    for (key, value) in pairs("labels") {
        let value = value.as_str().unwrap_or_default();
        if let Err(why) = names::qualified(key) {
            causes.push(Cause::invalid("metadata.labels", key, &why));
        }
        if let Err(why) = names::label_value(value) {
            causes.push(Cause::invalid("metadata.labels", value, &why));
        }
    }
    let mut size = 0;
    for (key, value) in pairs("annotations") {
        size += key.len() + value.as_str().map_or(0, str::len);
        if let Err(why) = names::qualified(&key.to_ascii_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", key, &why));
        }
    }
    if size > ANNOTATIONS_LIMIT {
        causes.push(Cause::too_long("metadata.annotations", ANNOTATIONS_LIMIT));
    }
    let owners = meta::at(object, &["metadata", "ownerReferences"]).as_array();
    for owner in owners.into_iter().flatten() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if meta::text(owner, &[field]).is_empty() {
                let field = format!("metadata.ownerReferences.{field}");
                causes.push(Cause::invalid(field, "", "must not be empty"));
            }
        }
    }
    for (i, finalizer) in meta::finalizers(object).enumerate() {
        if let Err(why) = names::qualified(finalizer) {
            causes.push(Cause::invalid("metadata.finalizers", finalizer, &why));
        } else if !finalizer.contains('/') && !["orphan", "foregroundDeletion"].contains(&finalizer)
        {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(format!("metadata.finalizers[{i}]"), finalizer, why));
        }
    }
    found(causes)
}

/// Names do not change, and who is being deleted gets no new finalizer.
pub(crate) fn update(object: &Value, old: &Value) -> Checked {
    let mut causes = Vec::new();
    for field in ["name", "namespace"] {
        let (now, was) = (meta::field(object, field), meta::field(old, field));
        if now != was {
            let field = format!("metadata.{field}");
            causes.push(Cause::invalid(field, now, "field is immutable"));
        }
    }
    if meta::is_deleting(old) {
        let had: Vec<&str> = meta::finalizers(old).collect();
        let new: Vec<&str> = meta::finalizers(object).filter(|f| !had.contains(f)).collect();
        if !new.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new \
                 finalizers []string{{{}}}",
                new.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
            );
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
    found(causes)
}
