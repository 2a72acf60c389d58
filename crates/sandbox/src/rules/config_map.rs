//! `ConfigMaps`.

use super::{Checked, found};
use crate::{invalid::Cause, meta, names};
use serde_json::Value;

pub(crate) fn check(object: &Value) -> Checked {
    let mut causes = Vec::new();
    for field in ["data", "binaryData"] {
        for key in meta::at(object, &[field]).as_object().into_iter().flatten().map(|(key, _)| key)
        {
            if let Err(why) = names::config_key(key) {
                causes.push(Cause::invalid(format!("{field}[{key}]"), key, &why));
            }
        }
    }
    found(causes)
}

pub(crate) fn update(object: &Value, old: &Value) -> Checked {
    if old["immutable"] == true {
        let why = "field is immutable when `immutable` is set";
        let changed = ["immutable", "data", "binaryData"]
            .into_iter()
            .filter(|field| meta::at(object, &[field]) != meta::at(old, &[field]));
        found(changed.map(|field| Cause::forbidden(field, why)).collect())?;
    }
    check(object)
}
