//! `ConfigMaps`.

use super::{Checked, found};
use crate::{invalid::Cause, meta, names};
use serde_json::Value;

/// All values together, in bytes.
const LARGEST: usize = 1 << 20;

pub(crate) fn check(object: &Value) -> Checked {
    found(causes(object))
}

fn causes(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut size = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in meta::at(object, &[field]).as_object().into_iter().flatten() {
            let text = value.as_str().unwrap_or_default().len();
            size += if field == "data" { text } else { text / 4 * 3 };
            if let Err(why) = names::config_key(key) {
                causes.push(Cause::invalid(format!("{field}[{key}]"), key, &why));
            }
            if field == "data" && !meta::at(object, &["binaryData", key]).is_null() {
                let why = "duplicate of key present in binaryData";
                causes.push(Cause::invalid(format!("data[{key}]"), key, why));
            }
        }
    }
    if size > LARGEST {
        causes.push(Cause::too_long("[]", LARGEST));
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
