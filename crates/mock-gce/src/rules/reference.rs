//! References from one thing to another.
//!
//! Whatever is named must exist. Google answers a name of nothing with 404 in some places and with 400
//! `invalid` in others; here it is always the latter, which is what forwarding rules and backend
//! services get, and which nobody can take for "the thing that I change is gone".

use super::Verdict;
use crate::refusal::Refusal;
use crate::state::{Link, Scope, State};

/// What `text` in `field` of `home` names: one of `kinds`, there, and in reach of `home`.
pub(super) fn find(
    state: &State,
    home: &Link,
    field: &str,
    text: &str,
    kinds: &[&str],
) -> Verdict<Link> {
    let refused = |why: &str| Refusal::invalid(&format!("resource.{field}"), text, why);
    let link =
        Link::parse_in(text, &home.project).ok_or_else(|| refused("The URL is malformed."))?;
    if !kinds.contains(&link.collection.as_str()) {
        return Err(refused(&format!(
            "Unexpected resource collection '{}', expected [{}].",
            link.collection,
            kinds.join(", ")
        )));
    }
    if !reaches(&home.scope, &link.scope) {
        return Err(refused(&format!(
            "Cross-scope references for this resource are not allowed: '{}' is not in '{}'.",
            link.scope.path(),
            home.scope.path()
        )));
    }
    if state.get(&link).is_none() {
        let kind = kind(&link.collection);
        return Err(refused(&format!("The referenced {kind} resource cannot be found.")));
    }
    Ok(link)
}

/// A thing reaches what is global, of its region, or in a zone of its region; one of a zone reaches
/// that zone and its region.
fn reaches(from: &Scope, to: &Scope) -> bool {
    match (from, to) {
        (_, Scope::Global) => true,
        (Scope::Global, Scope::Region(_) | Scope::Zone(_)) => false,
        (Scope::Region(home), Scope::Region(there)) | (Scope::Zone(home), Scope::Zone(there)) => {
            home == there
        }
        (Scope::Region(home), Scope::Zone(zone)) => home == region_of(zone),
        (Scope::Zone(zone), Scope::Region(there)) => region_of(zone) == there,
    }
}

/// `europe-west1` of `europe-west1-b`: all of Google's zones are named so.
pub(super) fn region_of(zone: &str) -> &str {
    zone.rsplit_once('-').map_or(zone, |(region, _)| region)
}

/// One of a collection, as Google calls it in texts: `backend_service`.
pub(super) fn kind(collection: &str) -> String {
    let one = collection.strip_suffix("es").filter(|one| one.ends_with("ss"));
    let one = one.or_else(|| collection.strip_suffix('s')).unwrap_or(collection);
    let mut kind = String::new();
    for letter in one.chars() {
        if letter.is_ascii_uppercase() {
            kind.push('_');
        }
        kind.push(letter.to_ascii_lowercase());
    }
    kind
}
