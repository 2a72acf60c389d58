//! Reads: things, lists, and looks at operations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{By, Good, World};
use crate::call::Asked;
use crate::discovery::{DOCUMENT, Kind};
use crate::operation::Due;
use crate::pages::{Page, Pages};
use crate::refusal::Refusal;
use crate::rules;
use crate::state::{Act, Link, Scope, Thing, Verb};

impl World {
    pub(super) fn thing(&self, asked: &Asked<'_>) -> Result<Good, Refusal> {
        let link = asked.link()?;
        let thing = self.state.get(&link).ok_or_else(|| Refusal::not_found(&link))?;
        Ok(Good::Now(shown(thing)))
    }

    pub(super) fn list(&self, asked: &Asked<'_>) -> Result<Good, Refusal> {
        let (project, scope) = (asked.project(), asked.scope());
        let all = self.state.things.iter().filter(|(link, _)| {
            link.project == project && link.scope == scope && link.collection == asked.collection()
        });
        let items = all.map(|(link, thing)| (link.name.clone(), shown(thing))).collect();
        let page = self.pages(asked, &asked.query)?.page(items);
        Ok(Good::Now(answer(asked, "items", page)))
    }

    /// Everything of a project, by place; places that have nothing say so.
    pub(super) fn aggregated(&self, asked: &Asked<'_>) -> Result<Good, Refusal> {
        let (project, collection) = (asked.project(), asked.collection());
        let of = |link: &Link| link.project == project && link.collection == collection;
        let all = self.state.things.iter().filter(|(link, _)| of(link));
        let items = all.map(|(link, thing)| (link.to_string(), shown(thing))).collect();
        let page = self.pages(asked, &asked.query)?.page(items);
        let mut places: Map<String, Value> = Map::new();
        for (key, item) in page.items {
            let Some(link) = Link::parse(&key) else { continue };
            let place = places.entry(link.scope.path()).or_insert_with(|| json!({collection: []}));
            if let Some(items) = place[collection].as_array_mut() {
                items.push(item);
            }
        }
        for place in self.places() {
            let message = format!("There are no results for scope '{place}' on this page.");
            places.entry(&place).or_insert_with(|| {
                let data = [json!({"key": "scope", "value": place})];
                json!({"warning": {"code": "NO_RESULTS_ON_PAGE", "message": message, "data": data}})
            });
        }
        let empty = Page { items: Vec::new(), next: page.next };
        let mut answer = answer(asked, "items", empty);
        answer["items"] = places.into();
        Ok(Good::Now(answer))
    }

    /// Reads that are POSTs.
    pub(super) fn ask(&self, asked: &Asked<'_>, verb: &Verb) -> Result<Good, Refusal> {
        let act = act(asked, verb, asked.link()?);
        if self.state.get(&act.link).is_none() {
            return Err(Refusal::not_found(&act.link));
        }
        let items = rules::ask(&self.state, &act)?;
        let keyed = items.into_iter().enumerate();
        let keyed = keyed.map(|(index, item)| (format!("{index:08}"), item)).collect();
        let page = self.pages(asked, &act.query)?.page(keyed);
        let paged = DOCUMENT.has(&asked.method.response, "items");
        let field = if paged { "items" } else { "healthStatus" };
        Ok(Good::Now(answer(asked, field, page)))
    }

    /// A look at an operation, which may be told later how it ended.
    pub(super) fn operation(
        &mut self,
        asked: &Asked<'_>,
        wait: bool,
        by: By,
        now: Instant,
    ) -> Result<Good, Refusal> {
        let link = asked.link()?;
        if self.operations.look(&link) {
            self.end(&link);
        }
        let operation = self.operations.get(&link).ok_or_else(|| Refusal::not_found(&link))?;
        match operation.due {
            Due::At(when) if wait && by == By::Caller && operation.end.is_none() => {
                Ok(Good::Later(when.min(now + self.settings.wait), link))
            }
            Due::At(_) | Due::Looks(_) => Ok(Good::Now(operation.json())),
        }
    }

    fn pages(&self, asked: &Asked<'_>, query: &BTreeMap<String, String>) -> Result<Pages, Refusal> {
        let item = if asked.kind == Kind::Aggregated {
            // What an aggregated list has is what an insert takes.
            DOCUMENT.inserted(asked.collection())
        } else {
            DOCUMENT.item(&asked.method.response)
        };
        let has = |field: &str| item.is_some_and(|item| DOCUMENT.has(item, field));
        Pages::of(query, has, self.settings.page)
    }

    fn places(&self) -> Vec<String> {
        let region = |zone: &String| zone.rsplit_once('-').map(|(region, _)| region.to_owned());
        let regions = self.zones.iter().filter_map(region).map(Scope::Region);
        let zones = self.zones.iter().cloned().map(Scope::Zone);
        regions.chain(zones).map(|scope| scope.path()).collect()
    }
}

/// A call in the words of the rules.
pub(super) fn act(asked: &Asked<'_>, verb: &Verb, link: Link) -> Act {
    let mut body = asked.body.as_object().cloned().unwrap_or_default();
    if *verb != Verb::Patch {
        body.retain(|_, value| !value.is_null());
    }
    Act { verb: verb.clone(), link, body, query: asked.query.clone() }
}

/// A thing as callers see it.
pub(crate) fn shown(thing: &Thing) -> Value {
    let fields = thing.iter().filter(|(name, _)| !name.starts_with('_'));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A list; one that is empty has no items at all.
fn answer(asked: &Asked<'_>, field: &str, page: Page) -> Value {
    let schema = &asked.method.response;
    let mut answer = json!({});
    if let Some(kind) = DOCUMENT.kind(schema) {
        answer["kind"] = kind.into();
    }
    if DOCUMENT.has(schema, "selfLink") {
        answer["id"] = asked.path.into();
        let link = format!("https://www.googleapis.com/compute/v1/{}", asked.path);
        answer["selfLink"] = link.into();
    }
    if !page.items.is_empty() {
        answer[field] = page.items.into_iter().map(|(_, item)| item).collect();
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = next.into();
    }
    answer
}
