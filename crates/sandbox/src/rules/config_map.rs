//! `ConfigMaps`.

use super::{Checked, found};
use crate::{invalid::Cause, meta, names};
use serde_json::Value;

pub(crate) fn check(object: &Value) -> Checked {
    found(causes(object))
}

fn causes(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["data", "binaryData"] {
        for key in meta::at(object, &[field]).as_object().into_iter().flatten().map(|(key, _)| key)
        {
            if let Err(why) = names::config_key(key) {
                causes.push(Cause::invalid(format!("{field}[{key}]"), key, &why));
            }
            if field == "data" && !meta::at(object, &["binaryData", key]).is_null() {
                let why = "duplicate of key present in binaryData";
                causes.push(Cause::invalid(format!("data[{key}]"), key, why));
            }
        }
    }
    causes
}

pub(crate) fn update(object: &Value, old: &Value) -> Checked {
    let mut told = Vec::new();
    if old["immutable"] == true {
        let why = "field is immutable when `immutable` is set";
        let changed = ["immutable", "data", "binaryData"]
            .into_iter()
            .filter(|field| meta::at(object, &[field]) != meta::at(old, &[field]));
        told.extend(changed.map(|field| Cause::forbidden(field, why)));
    }
    told.extend(causes(object));
    found(told)
}
