//! One object at one revision.

use crate::{kind::Kind, meta};
use bytes::Bytes;
use serde_json::Value;
use std::{fmt::Write as _, sync::OnceLock};

/// An object as the store keeps it: without `kind` and `apiVersion`.
#[derive(Debug)]
pub(crate) struct Object {
    value: Value,
    revision: u64,
    json: OnceLock<Bytes>,
}

impl Object {
    /// Stamps the revision on the object.
    pub(crate) fn new(mut value: Value, revision: u64) -> Self {
        meta::set(&mut value, "resourceVersion", revision.to_string().into());
        Self { value, revision, json: OnceLock::new() }
    }

    /// An object that is shown and not kept: it has no revision.
    pub(crate) fn unkept(mut value: Value) -> Self {
        meta::set(&mut value, "resourceVersion", Value::Null);
        Self { value, revision: 0, json: OnceLock::new() }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The JSON of the object without `kind` and `apiVersion`, made once.
    pub(crate) fn json(&self) -> &Bytes {
        self.json.get_or_init(|| serde_json::to_vec(&self.value).unwrap_or_default().into())
    }
}

/// Appends an object's JSON with its `kind` and `apiVersion` in front.
pub(crate) fn append_typed(out: &mut Vec<u8>, kind: &Kind, json: &[u8]) {
    let mut head = String::new();
    // Writing to a String can't fail.
    let _ = write!(head, r#"{{"kind":"{}","apiVersion":"{}","#, kind.name, kind.api_version());
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(json.get(1..).unwrap_or_default());
}
