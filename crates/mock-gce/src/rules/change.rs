//! How a thing is after a PATCH or a PUT.

use serde_json::Value;

use super::{Verdict, field};
use crate::refusal::Refusal;
use crate::state::{Act, State, Thing, Verb};

/// What the server gave a thing, and a PUT does not take away.
const GIVEN: [&str; 9] = [
    "creationTimestamp",
    "fingerprint",
    "id",
    "kind",
    "labelFingerprint",
    "name",
    "region",
    "selfLink",
    "zone",
];

/// The thing that is to be changed.
pub(super) fn before<'a>(state: &'a State, act: &Act) -> Verdict<&'a Thing> {
    state.get(&act.link).ok_or_else(|| Refusal::not_found(&act.link))
}

/// The thing as it was asked for: of a PATCH what it says over what there was, of a PUT and an insert
/// what it says and nothing else.
pub(super) fn asked(state: &State, act: &Act) -> Verdict<Thing> {
    let mut after = act.body.clone();
    after.retain(|_, value| !value.is_null());
    if act.verb == Verb::Insert {
        return Ok(after);
    }
    let before = before(state, act)?;
    let name = field::text(&act.body, "name");
    if !name.is_empty() && name != act.link.name {
        return Err(Refusal::invalid("resource.name", name, "A resource cannot be renamed."));
    }
    if act.verb == Verb::Patch {
        after.clone_from(before);
        merge(&mut after, &act.body);
    }
    for given in GIVEN {
        match before.get(given) {
            Some(value) => after.insert(given.to_owned(), value.clone()),
            None => after.remove(given),
        };
    }
    Ok(after)
}

/// Lists are replaced, objects are merged, `null` takes away.
fn merge(thing: &mut Thing, patch: &Thing) {
    for (name, value) in patch {
        match (thing.get_mut(name), value) {
            (_, Value::Null) => {
                thing.remove(name);
            }
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            _ => {
                thing.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Refuses a change of something else than what was read.
pub(super) fn fingerprint_is_fresh(before: &Thing, body: &Thing) -> Verdict {
    match field::text(body, "fingerprint") {
        "" => Err(Refusal::required("resource.fingerprint")),
        said if said == field::text(before, "fingerprint") => Ok(()),
        _ => Err(Refusal::stale()),
    }
}

/// Refuses another value of a field than it was made with.
pub(super) fn stays(before: &Thing, after: &Thing, name: &str) -> Verdict {
    if before.get(name) == after.get(name) {
        return Ok(());
    }
    let said = field::text(after, name);
    let why = format!("Field '{name}' cannot be changed after the resource was created.");
    Err(Refusal::invalid(&format!("resource.{name}"), said, &why))
}
