use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use seaway_core::ServiceUid;
use seaway_intent::object::Meta;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::FINALIZER;
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
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Every write to the API server goes through here.
pub(crate) struct Writer {
    client: Client,
    slots: Semaphore,
}

impl Writer {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, slots: Semaphore::new(WRITES) }
    }

    /// Puts our finalizer on a Service, beside those of others. Returns the version after it.
    pub(crate) async fn add_finalizer(&self, service: &Meta) -> Result<u64, Error> {
        self.patch_service(service, json!({ "metadata": { "finalizers": [FINALIZER] } })).await
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
        let response = self.client.send(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        let bytes =
            response.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
        if status.is_success() {
            let reply: Reply = serde_json::from_slice(&bytes).unwrap_or_default();
            return Ok(reply.metadata.resource_version.parse().unwrap_or_default());
        }
        // A conflict can only be about the uid: no version is sent along.
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT) {
            return Err(Error::Gone);
        }
        let refusal: Refusal = serde_json::from_slice(&bytes).unwrap_or_default();
        Err(Error::Failed(format!("the API server answers {status}: {}", refusal.message)))
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
