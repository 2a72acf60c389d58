//! Who has set which field, and server-side apply, which goes by it.
//!
//! After `managedfields` of the API machinery and its `structured-merge-diff`: each writer owns the
//! fields that it changed, or that it applies. Who applies something is refused what somebody else
//! owns, unless it insists; and what it applies no more goes, unless somebody else owns it.

mod apply;
mod config;
mod fields;
mod managers;
mod shape;
mod walk;

pub(crate) use apply::Application;
pub(crate) use managers::{Manager, Operation};

use self::{fields::Fields, managers::Managers};
use crate::{
    cluster::Part,
    door,
    kind::{Kind, Resource},
    meta,
    openapi::{schema_name, schemas},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::LazyLock;

const FIELD: &str = "managedFields";

/// Notes on an object who owns what, now that `by` has made it of `old`.
///
/// `sent` is what it was before the server filled it in. It may say itself who owns what: an empty
/// list forgets all that is known, and nobody's changes are noted any more until somebody applies.
pub(crate) fn note(kind: &Kind, old: Option<&Value>, new: &mut Value, sent: &Value, by: &Manager) {
    let told = meta::at(sent, &["metadata", FIELD]);
    let managers = match by.operation {
        // Whoever applies has worked it out.
        Operation::Apply => {
            let managers = Managers::of(told).unwrap_or_default();
            match old.filter(|old| is_same(old, new)) {
                Some(old) => managers.with_time_of(by, &known(old)),
                None => managers,
            }
        }
        Operation::Update => updated(kind, old, new, sent, by),
    };
    meta::set(new, FIELD, managers.to_json());
}

fn updated(kind: &Kind, old: Option<&Value>, new: &Value, sent: &Value, by: &Manager) -> Managers {
    let nothing = json!({ "metadata": {} });
    let was = old.unwrap_or(&nothing);
    let told = meta::at(sent, &["metadata", FIELD]);
    let mut managers = match told.as_array() {
        Some(entries) if old.is_some() && is_reset(entries) => Managers::default(),
        Some(_) if old.is_some() && by.part == Part::Main => {
            Managers::of(told).filter(|told| !told.is_empty()).unwrap_or_else(|| known(was))
        }
        Some(_) | None => known(was),
    };
    if old.is_none() || !managers.is_empty() {
        let (ignored, found) = (ignored(kind, by.part), compare(kind, was, new));
        let (set, gone) = (found.set.outside(&ignored), found.gone.outside(&ignored));
        managers.take(&set.clone().or(gone), None);
        let set = set.but(&NOBODYS).but(&allocated(kind, &set, sent));
        if !set.is_empty() {
            managers.set(by, managers.fields(by).or(set));
            managers.touch(by, Timestamp::now());
        }
        managers.cap();
    }
    managers
}

/// Who owns what of an object, as far as it says.
fn known(object: &Value) -> Managers {
    Managers::of(meta::at(object, &["metadata", FIELD])).unwrap_or_default()
}

/// Of these fields, those that the server has filled in by itself. (What it fills in because it is
/// the default is taken for sent.)
fn allocated(kind: &Kind, set: &Fields, sent: &Value) -> Fields {
    const ADDRESSES: &[&str] =
        &["clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamilyPolicy"];
    let filled = match kind.resource {
        Resource::Namespaces => Fields::at(&["spec", "finalizers"]),
        Resource::Services => {
            let addresses = ADDRESSES.iter().map(|name| Fields::at(&["spec", name]));
            let all = addresses.fold(Fields::default(), Fields::or);
            all.or(set.each(&["f:spec", "f:ports"], &fields::field("nodePort")))
        }
        Resource::Nodes
        | Resource::ConfigMaps
        | Resource::Pods
        | Resource::EndpointSlices
        | Resource::Events
        | Resource::Leases => return Fields::default(),
    };
    let filled = filled.and(set);
    if filled.is_empty() { filled } else { filled.but(&config::known(sent, schema(kind))) }
}

/// Whether two objects differ in who owns what only.
fn is_same(one: &Value, other: &Value) -> bool {
    let [mut one, mut other] = [one.clone(), other.clone()];
    take(&mut one);
    take(&mut other);
    one == other
}

/// Takes the field off an object.
pub(crate) fn take(object: &mut Value) {
    meta::set(object, FIELD, Value::Null);
}

/// An empty list, or one of an entry that says nothing.
fn is_reset(entries: &[Value]) -> bool {
    match entries {
        [] => true,
        [one] => one.is_null() || one.as_object().is_some_and(serde_json::Map::is_empty),
        _ => false,
    }
}

fn schema(kind: &Kind) -> &'static Value {
    schemas::named(&schema_name(kind)).unwrap_or(&Value::Null)
}

/// How two objects in the stored form differ, in the form of the kind's group.
fn compare(kind: &Kind, old: &Value, new: &Value) -> walk::Difference {
    if !kind.is_new_event() {
        return walk::compare(old, new, schema(kind));
    }
    let [old, new] = [old, new].map(|object| {
        let mut object = object.clone();
        door::outward(kind, &mut object);
        object
    });
    walk::compare(&old, &new, schema(kind))
}

/// What a write to this part does not change, whatever it says.
fn ignored(kind: &Kind, part: Part) -> Fields {
    match (part, kind.resource) {
        (Part::Main, _) if kind.status => Fields::at(&["status"]),
        (Part::Main, _) => Fields::default(),
        (Part::Status, Resource::Pods) => Fields::at(&["spec"])
            .or(Fields::at(&["metadata", "deletionTimestamp"]))
            .or(Fields::at(&["metadata", "ownerReferences"])),
        (Part::Status, _) => Fields::at(&["spec"]),
    }
}

/// What the server sets, or what the object is known by.
static NOBODYS: LazyLock<Fields> = LazyLock::new(|| {
    const METADATA: &[&str] = &[
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let top = [&["apiVersion"][..], &["kind"], &["metadata"]].into_iter().map(Fields::at);
    let meta = METADATA.iter().map(|name| Fields::at(&["metadata", name]));
    top.chain(meta).fold(Fields::default(), Fields::or)
});

#[cfg(test)]
mod tests;
