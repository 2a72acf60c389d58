//! Leases.

use super::{Checked, found};
use crate::{invalid::Cause, meta};
use serde_json::Value;

pub(crate) fn check(object: &Value) -> Checked {
    let mut causes = Vec::new();
    let number = |field| meta::at(object, &["spec", field]).as_i64();
    if let Some(seconds) = number("leaseDurationSeconds").filter(|seconds| *seconds <= 0) {
        let why = "must be greater than 0";
        causes.push(Cause::invalid("spec.leaseDurationSeconds", seconds, why));
    }
    if let Some(times) = number("leaseTransitions").filter(|times| *times < 0) {
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.leaseTransitions", times, why));
    }
    found(causes)
}
