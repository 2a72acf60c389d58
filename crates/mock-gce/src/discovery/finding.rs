//! What is wrong with a value, and what Compute Engine says of it.

use std::fmt;

use crate::refusal::Refusal;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where: `resource.ports[5]`, or the name of a parameter.
    pub(crate) path: String,
    /// What stands there.
    pub(crate) value: String,
    pub(crate) problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is no such field.
    Unknown,
    /// Only Google writes it.
    OutputOnly,
    Required,
    /// It is of the wrong type or format, has an unknown value, or is out of bounds.
    Value(String),
}

impl Finding {
    pub(crate) fn refusal(&self) -> Refusal {
        let Self { path, value, problem } = self;
        let invalid =
            |message: String| Refusal::new(400, "invalid", "INVALID_FIELD_VALUE", message);
        match problem {
            Problem::Unknown => {
                let (within, name) = path.rsplit_once('.').unwrap_or(("", path));
                invalid(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\" at '{within}': Cannot \
                     find field."
                ))
            }
            Problem::OutputOnly => {
                Refusal::invalid(path, value, "The field is output only and cannot be set.")
            }
            Problem::Required => Refusal::required(path),
            Problem::Value(why) => Refusal::invalid(path, value, why),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.refusal().message)
    }
}
