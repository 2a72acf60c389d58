//! Watches: a stream of events, one JSON object a line.

use crate::{
    cluster::Cluster,
    invalid::Cause,
    kind::Kind,
    meta,
    representation::{self, Form},
    selector::Selector,
    status::Status,
    store::{
        history::{Change, Happened},
        object::Object,
    },
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// What a client wants to see.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) kind: &'static Kind,
    pub(crate) namespace: String,
    pub(crate) selector: Selector,
    pub(crate) form: Form,
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// After a revision.
    After(u64),
    /// With what happens from now on.
    Now,
    /// With all objects there are; told as done by a bookmark, if wanted.
    Everything { tell_end: bool },
}

/// How a watch goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) start: Start,
    pub(crate) bookmarks: bool,
    pub(crate) bookmark_every: Duration,
    pub(crate) lasts: Duration,
}

/// How long before its end a watch gets a bookmark, so that the next one begins where it ended.
const FAREWELL: Duration = Duration::from_secs(2);

impl Manner {
    fn next_bookmark(&self, now: Instant, ends: Instant) -> Instant {
        let next = now + self.bookmark_every;
        let last = ends.checked_sub(FAREWELL).filter(|last| *last > now);
        last.map_or(next, |last| last.min(next))
    }
}

struct Watch {
    cluster: Arc<Cluster>,
    scope: Scope,
    manner: Manner,
    stopping: CancellationToken,
    changed: watch::Receiver<u64>,
    seen: u64,
    begun: bool,
    over: bool,
    headers: bool,
    ends: Instant,
    bookmark: Instant,
}

/// Events until the time is over, the window has moved on, or the server stops.
pub(crate) fn events(
    cluster: Arc<Cluster>,
    scope: Scope,
    manner: Manner,
    stopping: CancellationToken,
) -> impl Stream<Item = Bytes> + Send {
    let now = Instant::now();
    let watch = Watch {
        changed: cluster.changes(scope.kind.resource),
        cluster,
        scope,
        manner,
        stopping,
        seen: 0,
        begun: false,
        over: false,
        headers: true,
        ends: now + manner.lasts,
        bookmark: manner.next_bookmark(now, now + manner.lasts),
    };
    stream::unfold(watch, |mut watch| async move { watch.next().await.map(|chunk| (chunk, watch)) })
}

impl Watch {
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if !self.begun {
            self.begun = true;
            let chunk = self.begin();
            if !chunk.is_empty() {
                return Some(chunk.into());
            }
        }
        loop {
            self.changed.borrow_and_update();
            let mut chunk = Vec::new();
            match self.cluster.since(self.scope.kind.resource, self.seen) {
                Ok((changes, revision)) => {
                    self.seen = self.seen.max(revision);
                    for change in &changes {
                        self.tell(&mut chunk, change);
                    }
                }
                Err(status) => {
                    self.over = true;
                    line(&mut chunk, "ERROR", &representation::encode(&status.to_json()));
                }
            }
            if !chunk.is_empty() {
                return Some(chunk.into());
            }
            tokio::select! {
                () = self.stopping.cancelled() => return None,
                () = sleep_until(self.ends) => return None,
                () = sleep_until(self.bookmark), if self.manner.bookmarks => {
                    self.bookmark = self.manner.next_bookmark(Instant::now(), self.ends);
                    self.mark(&mut chunk, false);
                    return Some(chunk.into());
                }
                changed = self.changed.changed() => changed.ok()?,
            }
        }
    }

    fn begin(&mut self) -> Vec<u8> {
        let mut chunk = Vec::new();
        let tell_end = match self.manner.start {
            Start::After(revision) => {
                self.seen = revision;
                return chunk;
            }
            Start::Now => {
                self.seen = self.cluster.list(self.scope.kind.resource, &self.scope.namespace).1;
                return chunk;
            }
            Start::Everything { tell_end } => tell_end,
        };
        let (objects, revision) =
            self.cluster.list(self.scope.kind.resource, &self.scope.namespace);
        self.seen = revision;
        for object in objects {
            if self.scope.takes(&object) {
                self.push(&mut chunk, "ADDED", &object);
            }
        }
        if self.manner.bookmarks && tell_end {
            self.mark(&mut chunk, true);
        }
        chunk
    }

    /// An object that begins or ceases to match is added or deleted for this client.
    fn tell(&mut self, chunk: &mut Vec<u8>, change: &Change) {
        let was = change.previous.as_ref().is_some_and(|previous| self.scope.takes(previous));
        let is = change.happened != Happened::Deleted && self.scope.takes(&change.object);
        match (was, is) {
            (false, true) => self.push(chunk, "ADDED", &change.object),
            (true, true) => self.push(chunk, "MODIFIED", &change.object),
            (true, false) if change.happened == Happened::Deleted => {
                self.push(chunk, "DELETED", &change.object);
            }
            (true, false) => {
                if let Some(previous) = &change.previous {
                    // What the client last knew, at the revision of the change.
                    let value = previous.value().clone();
                    let gone = Object::new(value, change.object.revision());
                    self.push(chunk, "DELETED", &gone);
                }
            }
            (false, false) => {}
        }
    }

    fn push(&mut self, chunk: &mut Vec<u8>, event: &str, object: &Object) {
        let body = representation::one(self.scope.kind, object, self.scope.form, self.headers);
        self.headers = false;
        line(chunk, event, &body);
    }

    fn mark(&mut self, chunk: &mut Vec<u8>, initial_events_end: bool) {
        let mut object = json!({ "metadata": {} });
        if initial_events_end {
            object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let object = Object::new(object, self.seen);
        // The real server makes a row of it, too.
        let body = representation::one(self.scope.kind, &object, self.scope.form, false);
        line(chunk, "BOOKMARK", &body);
    }
}

impl Scope {
    pub(crate) fn takes(&self, object: &Object) -> bool {
        let value = object.value();
        (self.namespace.is_empty() || meta::namespace(value) == self.namespace)
            && (self.selector.is_empty() || self.selector.matches(value))
    }
}

impl Start {
    /// Reads the parameters that say where to begin.
    pub(crate) fn parse(query: &crate::request::Query) -> Result<Self, Status> {
        refuse(query)?;
        let version = query.revision().map_err(Status::failure)?.unwrap_or(0);
        let initial = is_initial(query).then(|| query.flag("sendInitialEvents"));
        Ok(match (initial, version) {
            (Some(true), _) => Self::Everything { tell_end: true },
            (Some(false), 0) => Self::Now,
            (None, 0) => Self::Everything { tell_end: false },
            (Some(false) | None, version) => Self::After(version),
        })
    }
}

/// Whether the watch says how it begins.
fn is_initial(query: &crate::request::Query) -> bool {
    !query.text("sendInitialEvents").is_empty()
}

/// Refuses parameters that do not go together.
fn refuse(query: &crate::request::Query) -> Result<(), Status> {
    const MATCH: &str = "resourceVersionMatch";
    let (is_initial, matching) = (is_initial(query), query.text(MATCH));
    let mut causes = Vec::new();
    if is_initial && matching != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(Cause::forbidden(MATCH, why));
    }
    if !matching.is_empty() {
        if !is_initial {
            let why =
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            causes.push(Cause::forbidden(MATCH, why));
        }
        if matching != "NotOlderThan" {
            causes.push(Cause::unsupported(MATCH, matching, &["NotOlderThan"]));
        }
    }
    if !query.text("continue").is_empty() {
        let why = "resourceVersionMatch is forbidden when continue is provided";
        causes.push(Cause::forbidden(MATCH, why));
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid_options("ListOptions", &causes)) }
}

fn line(chunk: &mut Vec<u8>, event: &str, object: &[u8]) {
    chunk.extend_from_slice(br#"{"type":""#);
    chunk.extend_from_slice(event.as_bytes());
    chunk.extend_from_slice(br#"","object":"#);
    chunk.extend_from_slice(object);
    chunk.extend_from_slice(b"}\n");
}
