//! Events, in their stored form.

use super::{Checked, default, found};
use crate::{invalid::Cause, kind::Kind, meta, names};
use serde_json::{Value, json};

pub(crate) fn create(kind: &Kind, object: &mut Value) -> Checked {
    fill(object);
    let mut causes = namespace(kind, object);
    // The older group takes events that say less.
    if kind.is_new_event() {
        reported(object, &mut causes);
    }
    found(causes)
}

pub(crate) fn update(kind: &Kind, object: &mut Value) -> Checked {
    fill(object);
    found(namespace(kind, object))
}

fn fill(object: &mut Value) {
    for (field, empty) in [
        ("involvedObject", json!({})),
        ("source", json!({})),
        ("reportingComponent", json!("")),
        ("reportingInstance", json!("")),
        // A moment that never was is null, and not absent.
        ("eventTime", Value::Null),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
    ] {
        default(object, field, empty);
    }
}

/// An event is in the namespace of what it is about, or in a common one if that has none.
fn namespace(kind: &Kind, object: &Value) -> Vec<Cause> {
    let involved = meta::text(object, &["involvedObject", "namespace"]);
    let namespace = meta::namespace(object);
    let fits = match involved {
        "" => namespace == "default" || (kind.is_new_event() && namespace == "kube-system"),
        involved => involved == namespace,
    };
    if fits {
        return Vec::new();
    }
    let why = "does not match event.namespace";
    vec![Cause::invalid("involvedObject.namespace", involved, why)]
}

/// What the server says of the newer group stops at the moment, if there is none.
fn reported(object: &Value, causes: &mut Vec<Cause>) {
    if meta::text(object, &["eventTime"]).is_empty() {
        causes.push(Cause::required("eventTime", ""));
    } else {
        for (stored, shown) in [
            ("reportingComponent", "reportingController"),
            ("reportingInstance", "reportingInstance"),
            ("action", "action"),
            ("reason", "reason"),
        ] {
            if meta::text(object, &[stored]).is_empty() {
                causes.push(Cause::required(shown, ""));
                if shown == "reportingController" {
                    for why in names::empty_name() {
                        causes.push(Cause::invalid(shown, "", why));
                    }
                }
            }
        }
    }
    let kind = meta::text(object, &["type"]);
    if !["Normal", "Warning"].contains(&kind) {
        causes.push(Cause::invalid("type", "", &format!("has invalid value: {kind}")));
    }
}
