//! Changes: what begins an operation, and what its end does.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::read::act;
use super::{By, Good, World};
use crate::call::Asked;
use crate::discovery::DOCUMENT;
use crate::fault::Harm;
use crate::operation::{Due, End, Operation};
use crate::refusal::Refusal;
use crate::rules;
use crate::state::{Act, Link, Scope, State, Thing, Verb, names};

/// An operation that shall not end in a test's life.
const NEVER: Duration = Duration::from_hours(24 * 365);

impl World {
    /// Makes the changes that are due by now, in the order in which they end.
    pub(crate) fn settle(&mut self, now: Instant) {
        while let Some(link) = self.operations.take_due(now) {
            self.end(&link);
        }
    }

    /// Begins an operation, or refuses to.
    pub(super) fn write(
        &mut self,
        asked: &Asked<'_>,
        verb: &Verb,
        harms: &[Harm],
        by: By,
        now: Instant,
    ) -> Result<Good, Refusal> {
        let act = act(asked, verb, asked.link()?);
        let request = act.query.get("requestId").filter(|id| !id.is_empty()).cloned();
        let request = request.map(|id| (asked.project().to_owned(), id));
        if let Some(first) = request.as_ref().and_then(|id| self.operations.begun_by(id)) {
            return Ok(Good::Now(first.json()));
        }
        self.is_free(&act)?;
        rules::check(&self.state, &act)?;
        let time = harms.iter().find_map(Harm::time);
        let due = match (by, time, self.settings.operation_looks) {
            (By::Test, _, _) => Due::At(now),
            (By::Caller, None, Some(looks)) => Due::Looks(looks.max(1)),
            (By::Caller, time, _) => {
                let time = time.unwrap_or(self.settings.operation_time).min(NEVER);
                Due::At(now + time)
            }
        };
        let operation = self.operation_of(asked, act, due, harms);
        let link = operation.link.clone();
        let running = operation.json();
        self.operations.begin(operation, request);
        if by == By::Caller {
            return Ok(Good::Now(running));
        }
        self.settle(now);
        Ok(Good::Now(self.operations.get(&link).map(Operation::json).unwrap_or_default()))
    }

    /// Refuses to change what is being changed, what is not there, and to make what is.
    fn is_free(&self, act: &Act) -> Result<(), Refusal> {
        let there = self.state.get(&act.link).is_some();
        let busy = self.operations.on(&act.link).map(|operation| &operation.act.verb);
        match (&act.verb, busy) {
            (Verb::Insert, Some(Verb::Insert)) => return Err(Refusal::already_exists(&act.link)),
            (Verb::Insert, _) if there => return Err(Refusal::already_exists(&act.link)),
            (_, Some(_)) => return Err(Refusal::not_ready(&act.link)),
            (Verb::Insert, None) => {}
            (_, None) if !there => return Err(Refusal::not_found(&act.link)),
            (_, None) => {}
        }
        let mut unsteady = self.operations.unsteady().filter(|link| **link != act.link);
        let named = unsteady.find(|link| {
            act.body.iter().any(|(field, value)| {
                field != "description" && names(value, link, &act.link.project)
            })
        });
        named.map_or(Ok(()), |link| Err(Refusal::not_ready(link)))
    }

    fn operation_of(&mut self, asked: &Asked<'_>, act: Act, due: Due, harms: &[Harm]) -> Operation {
        let id = self.state.id();
        let doom = harms.iter().find_map(Harm::doom).cloned();
        let without = |harm: &Harm| matches!(harm, Harm::FailOperationWithoutStatus(_));
        let word = match (&act.verb, asked.method.name()) {
            (Verb::Other(_), name) if name != "setLabels" => &asked.method.id,
            (_, name) => name,
        };
        let there = self.state.get(&act.link).and_then(|thing| thing.get("id"));
        let target_id = match there.and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => self.state.id().to_string(),
        };
        Operation {
            link: Link::new(
                &act.link.project,
                act.link.scope.clone(),
                "operations",
                &format!("operation-{id}"),
            ),
            id,
            word: word.to_owned(),
            schema: asked.method.request.clone().unwrap_or_default(),
            act,
            target_id,
            begun: now(),
            due,
            doom,
            with_status: !harms.iter().any(without),
            end: None,
        }
    }

    /// Makes the change of an operation that ends.
    pub(super) fn end(&mut self, link: &Link) {
        let Some(operation) = self.operations.get(link).cloned() else { return };
        let refusal = match operation.doom {
            Some(refusal) => Some(refusal),
            None => make(&mut self.state, &operation).err(),
        };
        if let Some(operation) = self.operations.get_mut(link) {
            operation.end = Some(End { when: now(), refusal });
        }
    }

    /// Gives a thing another fingerprint, as if somebody had changed it.
    pub(crate) fn bump(&mut self, link: &Link) {
        let fingerprint = self.state.fingerprint();
        let thing = self.state.things.get_mut(link);
        if let Some(old) = thing.and_then(|thing| thing.get_mut("fingerprint")) {
            *old = fingerprint.into();
        }
    }
}

fn make(state: &mut State, operation: &Operation) -> Result<(), Refusal> {
    let mut act = operation.act.clone();
    let link = act.link.clone();
    // Another operation may have come first.
    let before = state.get(&link).cloned();
    match (&act.verb, &before) {
        (Verb::Insert, Some(_)) => return Err(Refusal::already_exists(&link)),
        (Verb::Insert, None) => give(state, operation, &mut act.body),
        (_, None) => return Err(Refusal::not_found(&link)),
        (_, Some(_)) => {}
    }
    rules::make(state, &act)?;
    let fresh = state.fingerprint();
    let (Some(before), Some(after)) = (before, state.things.get_mut(&link)) else { return Ok(()) };
    let replaced = matches!(act.verb, Verb::Update | Verb::Patch);
    let changed = replaced || before != *after;
    if changed && let Some(old) = before.get("fingerprint") {
        // Whoever read the thing before has read something else.
        if after.get("fingerprint").is_none_or(|new| new == old) {
            after.insert("fingerprint".to_owned(), fresh.into());
        }
    }
    for field in ["creationTimestamp", "id", "kind", "name", "region", "selfLink", "zone"] {
        if let Some(value) = before.get(field).filter(|_| !after.contains_key(field)) {
            after.insert(field.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// What every new thing has.
fn give(state: &mut State, operation: &Operation, thing: &mut Thing) {
    let (link, schema) = (&operation.act.link, operation.schema.as_str());
    let mut set = |field: &str, value: String| {
        if DOCUMENT.has(schema, field) {
            thing.insert(field.to_owned(), value.into());
        }
    };
    set("name", link.name.clone());
    set("kind", DOCUMENT.kind(schema).unwrap_or_default().to_owned());
    set("id", operation.target_id.clone());
    set("selfLink", link.url());
    set("creationTimestamp", now());
    set("fingerprint", state.fingerprint());
    set("labelFingerprint", state.fingerprint());
    let place = |collection, name| Link::new(&link.project, Scope::Global, collection, name).url();
    match &link.scope {
        Scope::Global => {}
        Scope::Region(region) => set("region", place("regions", region)),
        Scope::Zone(zone) => set("zone", place("zones", zone)),
    }
}

/// The time as Google writes it.
pub(super) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
