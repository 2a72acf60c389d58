//! What is wrong with a field, in the words of the real server.

use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::{self, Display, Formatter};

const INTERNAL: &str = "InternalError";
const BARE: &str = "";

/// One finding about one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    reason: &'static str,
    field: String,
    body: String,
}

impl Cause {
    pub(crate) fn invalid(field: impl Into<String>, value: impl Serialize, why: &str) -> Self {
        Self::new("FieldValueInvalid", field, format!("Invalid value: {}: {why}", shown(value)))
    }

    pub(crate) fn required(field: impl Into<String>, why: &str) -> Self {
        let colon = if why.is_empty() { "" } else { ": " };
        Self::new("FieldValueRequired", field, format!("Required value{colon}{why}"))
    }

    pub(crate) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    pub(crate) fn duplicate(field: impl Into<String>, value: impl Serialize) -> Self {
        Self::new("FieldValueDuplicate", field, format!("Duplicate value: {}", shown(value)))
    }

    pub(crate) fn too_long(field: impl Into<String>, limit: usize) -> Self {
        let body = format!("Too long: may not be more than {limit} bytes");
        Self::new("FieldValueTooLong", field, body)
    }

    pub(crate) fn unsupported(
        field: impl Into<String>,
        value: impl Serialize,
        known: &[&str],
    ) -> Self {
        let known: Vec<String> = known.iter().map(|known| format!("\"{known}\"")).collect();
        let known = known.join(", ");
        let body = format!("Unsupported value: {}: supported values: {known}", shown(value));
        Self::new("FieldValueNotSupported", field, body)
    }

    /// What the real server fails over, where it could say what is wrong.
    pub(crate) fn internal(what: String) -> Self {
        Self::new(INTERNAL, "", what)
    }

    /// The same, without a reason.
    pub(crate) fn bare(what: String) -> Self {
        Self::new(BARE, "", what)
    }

    /// What the server has failed over without a reason, if it has.
    pub(crate) fn bare_failure(&self) -> Option<&str> {
        (self.reason == BARE).then_some(self.body.as_str())
    }

    /// What the server has failed over, if it has.
    pub(crate) fn failure(&self) -> Option<&str> {
        (self.reason == INTERNAL).then_some(self.body.as_str())
    }

    fn new(reason: &'static str, field: impl Into<String>, body: String) -> Self {
        Self { reason, field: field.into(), body }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "reason": self.reason, "message": self.body, "field": self.field })
    }
}

impl Display for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

fn shown(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_default()
}
