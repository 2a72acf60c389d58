//! Getting, listing and watching.

use crate::{
    answer::{self, Body},
    handler::Handler,
    invalid::Cause,
    kind::Kind,
    representation::{self, Form},
    request::Call,
    selector::Selector,
    status::Status,
    store::Key,
    watch::{self, Manner, Scope, Start},
};
use http::Response;
use rand::Rng;
use std::{sync::Arc, time::Duration};

impl Handler {
    pub(crate) fn get(
        &self,
        call: &Call,
        kind: &'static Kind,
        key: &Key,
    ) -> Result<Response<Body>, Status> {
        let form = Form::of(call)?;
        if call.query.flag("watch") {
            return self.watch(call, kind, &key.namespace, Some(key.name.clone()), form);
        }
        let object = self.cluster.get(kind, key)?;
        Ok(answer::json(200, representation::one(kind, &object, form, true)))
    }

    pub(crate) fn list(
        &self,
        call: &Call,
        kind: &'static Kind,
        namespace: &str,
    ) -> Result<Response<Body>, Status> {
        let form = Form::of(call)?;
        if call.query.flag("watch") {
            return self.watch(call, kind, namespace, None, form);
        }
        let selector = selector(call, kind)?;
        let asked = list_options(call)?;
        let limit = call.query.number("limit")?.unwrap_or(0);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let token = call.query.text("continue");
        if !token.is_empty() {
            let (rest, revision) = self.pages.rest(token)?;
            let mut page = self.pages.cut(rest, revision, limit);
            page.remaining = page.remaining.filter(|_| !is_selection(call));
            return Ok(answer::json(200, representation::list(kind, &page, form)));
        }
        let (mut objects, revision) = self.cluster.list(kind.resource, namespace);
        let asked = asked.unwrap_or(0);
        if asked > revision {
            return Err(Status::too_large_version(asked, revision));
        }
        if call.query.text("resourceVersionMatch") == "Exact" && asked != revision {
            return Err(Status::expired(asked, revision));
        }
        objects.retain(|object| selector.matches(object.value()));
        let mut page = self.pages.cut(objects, revision, limit);
        page.remaining = page.remaining.filter(|_| !is_selection(call));
        Ok(answer::json(200, representation::list(kind, &page, form)))
    }

    fn watch(
        &self,
        call: &Call,
        kind: &'static Kind,
        namespace: &str,
        name: Option<String>,
        form: Form,
    ) -> Result<Response<Body>, Status> {
        let seconds = match call.query.number("timeoutSeconds")? {
            Some(seconds) if seconds > 0 => seconds,
            // The real server spreads the ends of watches likewise.
            Some(_) | None => rand::rng().random_range(1800..3600),
        };
        let manner = Manner {
            start: Start::parse(&call.query)?,
            bookmarks: call.query.flag("allowWatchBookmarks"),
            bookmark_every: self.bookmark_every,
            lasts: Duration::from_secs(seconds),
        };
        let selector = selector(call, kind)?;
        let scope = Scope { kind, namespace: namespace.to_owned(), name, selector, form };
        let cluster = Arc::clone(&self.cluster);
        Ok(answer::stream(watch::events(cluster, scope, manner, self.stopping.clone())))
    }
}

/// The revision that a list is asked for, if it may be asked so.
fn list_options(call: &Call) -> Result<Option<u64>, Status> {
    let query = &call.query;
    let forbidden =
        |field, why| Err(Status::invalid_options("ListOptions", &[Cause::forbidden(field, why)]));
    if !query.text("sendInitialEvents").is_empty() {
        return forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
    }
    let matching = query.text("resourceVersionMatch");
    if !matching.is_empty() && query.text("resourceVersion").is_empty() {
        let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        return forbidden("resourceVersionMatch", why);
    }
    let invalid = |why| Status::bad_request(format!("invalid resource version: {why}"));
    query.revision().map_err(invalid)
}

fn is_selection(call: &Call) -> bool {
    ["labelSelector", "fieldSelector"].iter().any(|name| !call.query.text(name).is_empty())
}

pub(crate) fn selector(call: &Call, kind: &Kind) -> Result<Selector, Status> {
    let query = &call.query;
    Selector::parse(kind.resource, query.text("labelSelector"), query.text("fieldSelector"))
}
