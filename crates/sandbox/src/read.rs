//! Getting, listing and watching.

mod past;

use crate::{
    answer::{self, Body},
    handler::Handler,
    invalid::Cause,
    kind::Kind,
    pages::{self, Extent, Rest},
    representation::{self, Form},
    request::Call,
    selector::Selector,
    status::Status,
    store::{Key, object::Object},
    watch::{self, Manner, Scope, Start},
};
use http::Response;
use rand::Rng;
use std::{sync::Arc, time::Duration};

/// The objects of a list, and its revision.
type Listed = (Vec<Arc<Object>>, u64);

impl Handler {
    pub(crate) fn get(
        &self,
        call: &Call,
        kind: &'static Kind,
        key: &Key,
    ) -> Result<Response<Body>, Status> {
        let form = Form::of(call)?;
        form.fits_one(kind)?;
        if let Some(asked) = call.query.revision().map_err(Status::failure)? {
            let current = self.cluster.since(kind.resource, u64::MAX)?.1;
            if asked > current {
                return Err(Status::too_large_version(asked, current));
            }
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
            return self.watch(call, kind, namespace, form);
        }
        form.fits_list(kind)?;
        let selector = selector(call, kind)?;
        let asked = list_options(call)?;
        let limit = call.query.number("limit")?.unwrap_or(0);
        let mut limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let extent = Extent { kind, namespace: namespace.to_owned(), selector };
        let token = call.query.text("continue");
        let (objects, revision) = if token.is_empty() {
            if asked == Some(0) {
                // Any state will do: the real server answers from its cache, which has no pages.
                limit = 0;
            }
            let exact = match call.query.text("resourceVersionMatch") {
                "Exact" => true,
                "" => limit > 0,
                _ => false,
            };
            self.begin(&extent, asked.unwrap_or(0), exact)?
        } else {
            self.go_on(&extent, token, asked)?
        };
        let mut page = self.pages.cut(&extent, objects, revision, limit);
        page.remaining = page.remaining.filter(|_| !is_selection(call));
        Ok(answer::json(200, representation::list(kind, &page, form)))
    }

    /// A list from its beginning, not older than a revision or exactly at it; 0 is none.
    fn begin(&self, extent: &Extent, asked: u64, exact: bool) -> Result<Listed, Status> {
        let Extent { kind, namespace, selector } = extent;
        let (mut objects, mut revision) = self.cluster.list(kind.resource, namespace);
        if asked > revision {
            return Err(Status::too_large_version(asked, revision));
        }
        if exact && asked > 0 {
            objects = past::list(&self.cluster, kind.resource, namespace, asked)?;
            revision = asked;
        }
        objects.retain(|object| selector.matches(object.value()));
        Ok((objects, revision))
    }

    /// A list from where a part of it ended.
    fn go_on(&self, extent: &Extent, token: &str, asked: Option<u64>) -> Result<Listed, Status> {
        let Extent { kind, namespace, selector } = extent;
        let rest = self.pages.rest(token, extent)?;
        if asked.is_some_and(|asked| asked > 0) {
            let why = "specifying resource version is not allowed when using continue";
            return Err(Status::bad_request(why));
        }
        match rest {
            Rest::Kept(objects, revision) => Ok((objects, revision)),
            Rest::Elsewhere { after, revision } => {
                let objects = past::list(&self.cluster, kind.resource, namespace, revision);
                let mut objects = objects.map_err(|_| pages::too_old())?;
                objects.retain(|object| {
                    extent.place(object) > after && selector.matches(object.value())
                });
                Ok((objects, revision))
            }
        }
    }

    fn watch(
        &self,
        call: &Call,
        kind: &'static Kind,
        namespace: &str,
        form: Form,
    ) -> Result<Response<Body>, Status> {
        if representation::is_yaml(call) {
            let media = [
                "application/json;stream=watch",
                "application/vnd.kubernetes.protobuf;stream=watch",
            ];
            return Err(Status::not_acceptable(&media.join(", ")));
        }
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
        let scope = Scope { kind, namespace: namespace.to_owned(), selector, form };
        let cluster = Arc::clone(&self.cluster);
        Ok(answer::stream(watch::events(cluster, scope, manner, self.stopping.clone())))
    }
}

/// The revision that a list is asked for, if it may be asked so.
fn list_options(call: &Call) -> Result<Option<u64>, Status> {
    const MATCH: &str = "resourceVersionMatch";
    let query = &call.query;
    let (matching, version) = (query.text(MATCH), query.text("resourceVersion"));
    let mut causes = Vec::new();
    if !matching.is_empty() {
        if version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            causes.push(Cause::forbidden(MATCH, why));
        }
        if !query.text("continue").is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            causes.push(Cause::forbidden(MATCH, why));
        }
        if !["Exact", "NotOlderThan"].contains(&matching) {
            causes.push(Cause::unsupported(MATCH, matching, &["Exact", "NotOlderThan", ""]));
        }
        if (matching, version) == ("Exact", "0") {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            causes.push(Cause::forbidden(MATCH, why));
        }
    }
    if !query.text("sendInitialEvents").is_empty() {
        let why = "sendInitialEvents is forbidden for list";
        causes.push(Cause::forbidden("sendInitialEvents", why));
    }
    if !causes.is_empty() {
        return Err(Status::invalid_options("ListOptions", &causes));
    }
    let invalid = |why| Status::bad_request(format!("invalid resource version: {why}"));
    query.revision().map_err(invalid)
}

fn is_selection(call: &Call) -> bool {
    ["labelSelector", "fieldSelector"].iter().any(|name| !call.query.text(name).is_empty())
}

pub(crate) fn selector(call: &Call, kind: &Kind) -> Result<Selector, Status> {
    let query = &call.query;
    Selector::parse(kind, query.text("labelSelector"), query.text("fieldSelector"))
}
