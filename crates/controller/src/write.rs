use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use seaway_core::{Fence, ProviderError, ServiceUid};
use seaway_intent::object::Meta;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::metrics::Metrics;
use crate::watch::Chain;

/// How many writes to the API server may be under way. kube's client opens a connection for each.
const WRITES: usize = 8;

/// The answer is wanted without spec and status: only the version is read.
const BRIEF: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const MERGE: &str = "application/merge-patch+json";

/// Why a write did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The object is gone, or is another one by the same name: nothing is left to write.
    #[error("the object is gone")]
    Gone,
    /// We are not the leader any more: nothing is sent.
    #[error("{0}")]
    NotLeader(ProviderError),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Every write to the API server goes through here, but for those to the Lease.
pub(crate) struct Writer {
    client: Client,
    fence: Option<Arc<dyn Fence>>,
    slots: Semaphore,
    metrics: Arc<Metrics>,
}

impl Writer {
    pub(crate) fn new(
        client: Client,
        fence: Option<Arc<dyn Fence>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { client, fence, slots: Semaphore::new(WRITES), metrics }
    }

    /// Patches finalizers or status of a Service, if it is still the same one. Both go through the
    /// `status` subresource, so that one permission is enough. Returns the version after it.
    pub(crate) async fn patch_service(
        &self,
        service: &Meta,
        mut patch: Value,
    ) -> Result<u64, Error> {
        patch["metadata"]["uid"] = json!(service.uid);
        let path =
            format!("/api/v1/namespaces/{}/services/{}/status", service.namespace, service.name);
        self.send(Method::PATCH, &path, STRATEGIC, &patch).await
    }

    /// Creates a core/v1 Event.
    pub(crate) async fn create_event(&self, namespace: &str, event: &Value) -> Result<u64, Error> {
        let path = format!("/api/v1/namespaces/{namespace}/events");
        self.send(Method::POST, &path, "application/json", event).await
    }

    /// Says that an Event has happened again.
    pub(crate) async fn repeat_event(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<u64, Error> {
        let path = format!("/api/v1/namespaces/{namespace}/events/{name}");
        self.send(Method::PATCH, &path, MERGE, patch).await
    }

    fn check_fence(&self) -> Result<(), ProviderError> {
        self.fence.as_ref().map_or(Ok(()), |fence| fence.check())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> Result<u64, Error> {
        let failed = |error: &dyn std::error::Error| Error::Failed(Chain(error).to_string());
        let _slot = self.slots.acquire().await.map_err(|error| failed(&error))?;
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?fieldManager=seaway"))
            .header(header::ACCEPT, BRIEF)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body.to_string().into_bytes()))
            .map_err(|error| failed(&error))?;
        // The wait for the slot may have been long, and that for a connection may be: the fence is
        // checked at every step on the way, so that nothing is sent after it closed.
        let mut sending = pin!(self.client.send(request));
        let response = poll_fn(|cx| match self.check_fence() {
            Ok(()) => sending.as_mut().poll(cx).map_err(|error| failed(&error)),
            Err(error) => Poll::Ready(Err(Error::NotLeader(error))),
        })
        .await?;
        let status = response.status();
        self.metrics.wrote(status.is_success());
        let bytes =
            response.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
        if status.is_success() {
            let reply: Reply = serde_json::from_slice(&bytes).unwrap_or_default();
            return Ok(reply.metadata.resource_version.parse().unwrap_or_default());
        }
        let refusal: Refusal = serde_json::from_slice(&bytes).unwrap_or_default();
        if status == StatusCode::NOT_FOUND || is_of_another(status, &refusal.message) {
            return Err(Error::Gone);
        }
        Err(Error::Failed(format!("the API server answers {status}: {}", refusal.message)))
    }
}

/// Whether a patch was refused because another object has the name by now. Any other conflict is that
/// of a server which gave up because others wrote the object all the time: it is there still.
fn is_of_another(status: StatusCode, message: &str) -> bool {
    match status {
        StatusCode::CONFLICT => message.contains("UID in precondition"),
        StatusCode::UNPROCESSABLE_ENTITY => message.contains("metadata.uid"),
        _ => false,
    }
}

/// Whose Event or patch it is, for logs.
pub(crate) fn label(meta: &Meta) -> String {
    format!("{}/{}", meta.namespace, meta.name)
}

/// The identity of a Service.
pub(crate) fn uid(meta: &Meta) -> ServiceUid {
    meta.uid.as_str().into()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply {
    metadata: ReplyMeta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ReplyMeta {
    resource_version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
}
