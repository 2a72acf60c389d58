//! What was called.

use std::collections::BTreeMap;

use super::Call;

/// The calls that were answered, in their order, since the last reset.
#[derive(Debug, Default)]
pub(super) struct Journal(Vec<Call>);

impl Journal {
    pub(super) fn note(&mut self, call: Call) {
        self.0.push(call);
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.0.clone()
    }

    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.0 {
            *counts.entry(call.action.clone()).or_default() += 1;
        }
        counts
    }

    pub(super) fn reset(&mut self) {
        self.0.clear();
    }
}
