use futures::{Stream, StreamExt, future};
use kube::core::Status;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::object::Watched;

/// How many changes may wait for the loop before the watch waits for it.
pub(crate) const BACKLOG: usize = 256;

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Change<T> {
    /// This is there now.
    Applied(T),
    /// This is no longer there; its last state.
    Deleted(T),
    /// This, and nothing else, is there: after a start, or a gap in the watch.
    Restarted(Vec<T>),
}

/// Follows every object of a kind until `changes` is closed.
///
/// The first list comes as a stream (KEP-3157), which spares both sides a list in one piece; a
/// server that can't do that refuses it, and is asked for pages instead.
pub(crate) async fn follow<K>(client: Client, changes: mpsc::Sender<Change<K::Read>>)
where
    K: Watched + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    let api: Api<K> = Api::all(client);
    let kind = K::kind(&());
    let streaming = watcher(api.clone(), watcher::Config::default().streaming_lists());
    if relay::<K>(streaming.take_while(|event| future::ready(!is_refused(event))), &changes).await {
        return;
    }
    tracing::info!(%kind, "the API server has no streaming lists; asking for pages");
    relay::<K>(watcher(api, watcher::Config::default()), &changes).await;
}

/// Whether the server refused the streaming list itself.
fn is_refused<K>(event: &watcher::Result<watcher::Event<K>>) -> bool {
    event.as_ref().err().and_then(answer).is_some_and(|status| matches!(status.code, 400 | 422))
}

/// What the API server answered, if it did.
fn answer(error: &watcher::Error) -> Option<&Status> {
    match error {
        watcher::Error::WatchError(status) => Some(status),
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => {
            if let kube::Error::Api(status) = error {
                Some(status)
            } else {
                None
            }
        }
        watcher::Error::NoResourceVersion => None,
    }
}

/// Why a watch was interrupted, in the API server's own words if there are any.
fn told(error: &watcher::Error) -> String {
    match answer(error) {
        Some(status) => format!("the API server answers {}: {}", status.code, status.message),
        None => Chain(error).to_string(),
    }
}

/// Returns true if nobody listens any more, and false if the events ended.
async fn relay<K: Watched>(
    events: impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send,
    changes: &mpsc::Sender<Change<K::Read>>,
) -> bool {
    let mut events = std::pin::pin!(events.default_backoff());
    let mut listed = Vec::new();
    while let Some(event) = events.next().await {
        let change = match event {
            Ok(watcher::Event::Init) => {
                listed.clear();
                continue;
            }
            Ok(watcher::Event::InitApply(object)) => {
                listed.push(object.read());
                continue;
            }
            Ok(watcher::Event::InitDone) => Change::Restarted(std::mem::take(&mut listed)),
            Ok(watcher::Event::Apply(object)) => Change::Applied(object.read()),
            Ok(watcher::Event::Delete(object)) => Change::Deleted(object.read()),
            Err(error) => {
                let kind = K::kind(&());
                tracing::warn!(%kind, error = told(&error), "watch interrupted, trying again");
                continue;
            }
        };
        if changes.send(change).await.is_err() {
            return true;
        }
    }
    false
}

/// An error with its causes.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut last = self.0.to_string();
        f.write_str(&last)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            // Some libraries repeat the cause in their own text.
            let text = error.to_string();
            if !last.contains(&text) {
                write!(f, ": {text}")?;
            }
            last = text;
            next = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::{Value, json};

    use super::*;
    use crate::object::ServiceObject;

    /// An API server that knows one Service, and streaming lists only if it is a new one.
    async fn serve(new: bool, request: Request<Body>) -> Result<Response<Body>, std::io::Error> {
        let query = request.uri().query().unwrap_or_default();
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "web", "namespace": "default", "resourceVersion": "7" },
        });
        let event =
            |kind: &str, object: Value| json!({ "type": kind, "object": object }).to_string();
        let (code, body) = if query.contains("sendInitialEvents=true") && new {
            let end = json!({ "k8s.io/initial-events-end": "true" });
            let bookmark = json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": { "resourceVersion": "7", "annotations": end },
            });
            (200, format!("{}\n{}\n", event("ADDED", service), event("BOOKMARK", bookmark)))
        } else if query.contains("sendInitialEvents=true") {
            let status = json!({
                "kind": "Status", "status": "Failure", "code": 422, "reason": "Invalid",
                "message": "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
            });
            (422, status.to_string())
        } else if query.contains("watch=true") {
            // Nothing ever happens.
            return std::future::pending().await;
        } else {
            let list = json!({
                "apiVersion": "v1", "kind": "ServiceList",
                "metadata": { "resourceVersion": "7" }, "items": [service],
            });
            (200, list.to_string())
        };
        Ok(Response::builder().status(code).body(Body::from(body.into_bytes())).unwrap())
    }

    async fn first_list(new: bool) -> Vec<String> {
        let server = tower::service_fn(move |request| serve(new, request));
        let (tx, mut changes) = mpsc::channel(BACKLOG);
        let watch = tokio::spawn(follow::<ServiceObject>(Client::new(server, "default"), tx));
        let change = changes.recv().await;
        watch.abort();
        match change {
            Some(Change::Restarted(all)) => {
                all.into_iter().map(|seen| seen.object.metadata.name).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_first_list_comes_as_a_stream() {
        assert_eq!(first_list(true).await, ["web"]);
    }

    #[tokio::test]
    async fn a_server_without_streaming_lists_is_asked_for_pages() {
        assert_eq!(first_list(false).await, ["web"]);
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_server() {
        let status =
            Status { message: "services is forbidden".to_owned(), code: 403, ..Status::default() };
        let error = watcher::Error::WatchStartFailed(kube::Error::Api(Box::new(status)));
        assert_eq!(told(&error), "the API server answers 403: services is forbidden");
    }

    #[test]
    fn a_cause_that_the_error_repeats_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer: inner")]
        struct Outer(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("inner")]
        struct Inner;
        assert_eq!(Chain(&Outer(Inner)).to_string(), "outer: inner");
    }
}
