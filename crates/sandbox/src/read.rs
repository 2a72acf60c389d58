//! Getting, listing and watching.

use crate::{
    answer::{self, Body},
    handler::Handler,
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
        let asked = call.query.number("resourceVersion")?.unwrap_or(0);
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

fn is_selection(call: &Call) -> bool {
    ["labelSelector", "fieldSelector"].iter().any(|name| !call.query.text(name).is_empty())
}

pub(crate) fn selector(call: &Call, kind: &Kind) -> Result<Selector, Status> {
    let query = &call.query;
    Selector::parse(kind.resource, query.text("labelSelector"), query.text("fieldSelector"))
}
