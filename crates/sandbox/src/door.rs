//! Events are kept once, in the form of `v1`; the group `events.k8s.io` sees them through here.

use crate::kind::Kind;
use serde_json::{Value, json};

/// `v1` and `events.k8s.io/v1` names of one field.
const NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

/// From the form of the request's group to the stored form.
pub(crate) fn inward(kind: &Kind, object: &mut Value) {
    if kind.is_new_event() {
        for (stored, shown) in NAMES {
            rename(object, shown, stored);
        }
    }
}

/// From the stored form to the form of the request's group.
pub(crate) fn outward(kind: &Kind, object: &mut Value) {
    if kind.is_new_event() {
        for (stored, shown) in NAMES {
            rename(object, stored, shown);
        }
        // A Go struct is always written, and a text only if there is one.
        if object.get("deprecatedSource").is_none() {
            object["deprecatedSource"] = json!({});
        }
        for field in ["reportingController", "reportingInstance"] {
            if object[field] == "" {
                crate::meta::set_top(object, field, Value::Null);
            }
        }
    }
}

fn rename(object: &mut Value, from: &str, to: &str) {
    if let Some(object) = object.as_object_mut()
        && let Some(value) = object.remove(from)
    {
        object.insert(to.to_owned(), value);
    }
}
