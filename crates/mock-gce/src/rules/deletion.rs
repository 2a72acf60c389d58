//! Deletions, which are refused while something uses the thing.

use super::{Verdict, addresses, all, field, reference};
use crate::refusal::Refusal;
use crate::state::{InUse, Link, State, Thing};

pub(super) fn check(state: &State, link: &Link) -> Verdict {
    if state.get(link).is_none() {
        return Err(Refusal::not_found(link));
    }
    let Some(by) = user(state, link) else { return Ok(()) };
    match state.limits.in_use {
        InUse::Operation => Ok(()),
        InUse::BadRequest => Err(refusal(link, by)),
        InUse::Precondition => {
            let message = format!(
                "The resource cannot be deleted because it's being used by one or more resources \
                 including '{by}'"
            );
            Err(Refusal { message, ..Refusal::stale() })
        }
    }
}

pub(super) fn make(state: &mut State, link: &Link) -> Verdict {
    if let Some(by) = user(state, link) {
        return Err(refusal(link, by));
    }
    let gone = state.things.remove(link).ok_or_else(|| Refusal::not_found(link))?;
    addresses::tell(state, &gone);
    Ok(())
}

fn refusal(link: &Link, by: &Link) -> Refusal {
    Refusal::in_use(&reference::kind(&link.collection), link, by)
}

/// One that needs it. Nobody needs a reservation: a forwarding rule has its number, not its name, so
/// the number is the rule's own when the reservation goes.
fn user<'a>(state: &'a State, link: &Link) -> Option<&'a Link> {
    let url = link.url();
    let (users, uses): (&str, &dyn Fn(&Thing) -> bool) = match link.collection.as_str() {
        "backendServices" => {
            ("forwardingRules", &|rule| field::text(rule, "backendService") == url)
        }
        "targetPools" => ("forwardingRules", &|rule| field::text(rule, "target") == url),
        "healthChecks" => ("backendServices", &|service| {
            field::texts(service, "healthChecks").contains(&url.as_str())
        }),
        "instanceGroups" | "networkEndpointGroups" => ("backendServices", &|service| {
            field::things(service, "backends").iter().any(|own| field::text(own, "group") == url)
        }),
        _ => return None,
    };
    all(state, users).find(|(_, thing)| uses(thing)).map(|(user, _)| user)
}
