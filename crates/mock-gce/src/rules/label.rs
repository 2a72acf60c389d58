//! Labels.

use super::{Verdict, change, field};
use crate::refusal::Refusal;
use crate::state::{Act, State, Thing};

/// The thing with the labels of a `setLabels`.
pub(super) fn after(state: &State, act: &Act) -> Verdict<Thing> {
    let mut thing = change::before(state, act)?.clone();
    match field::text(&act.body, "labelFingerprint") {
        "" => return Err(Refusal::required("labelFingerprint")),
        said if said == field::text(&thing, "labelFingerprint") => {}
        _ => {
            let message = "Labels fingerprint either invalid or resource labels have changed";
            return Err(Refusal { message: message.to_owned(), ..Refusal::stale() });
        }
    }
    match act.body.get("labels") {
        Some(labels) => thing.insert("labels".to_owned(), labels.clone()),
        None => thing.remove("labels"),
    };
    Ok(thing)
}
