//! Which objects a request means: label and field selectors.

mod field;
mod label;

use crate::{kind::Kind, status::Status};
use field::FieldTerm;
use label::LabelTerm;
use serde_json::Value;

/// Label and field terms that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

impl Selector {
    pub(crate) fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Self, Status> {
        Ok(Self { labels: label::parse(labels)?, fields: field::parse(kind, fields)? })
    }

    /// An empty selector takes everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|term| term.matches(object))
            && self.fields.iter().all(|term| term.matches(object))
    }
}
