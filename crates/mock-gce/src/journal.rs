//! What was asked.

use std::collections::BTreeMap;

use serde_json::Value;

/// One call, as it was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method's id, `compute.forwardingRules.insert`; empty if there is no such method.
    pub method: String,
    /// `projects/p/regions/r/forwardingRules`.
    pub path: String,
    /// What stood behind the question mark.
    pub query: BTreeMap<String, String>,
    /// The body; null if there was none.
    pub body: Value,
    /// The status that was answered, or would have been if the answer had not been lost; 0 if the call
    /// was cut off before anything was done.
    pub status: u16,
}

impl Call {
    /// Whether it is a look at an operation, and no call on its own account.
    pub fn is_of_operations(&self) -> bool {
        self.method.contains("Operations.")
    }
}

/// All calls since the beginning, or since they were forgotten.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    calls: Vec<Call>,
}

impl Journal {
    /// Writes a call down once it is known what it was answered with.
    pub(crate) fn push(&mut self, call: Call) {
        self.calls.push(call);
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
    }

    /// How many calls there were of each method.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(call.method.clone()).or_default() += 1;
        }
        counts
    }
}
