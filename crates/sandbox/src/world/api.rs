use super::{cluster::Key, power::Power};
use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{Event, EventSource, Node, ObjectReference, Pod},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};

/// So many writes are under way at once: the API server is not ours to flood.
const AT_ONCE: usize = 8;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// The writes of the simulation to the API.
#[derive(Clone)]
pub(crate) struct Writer {
    client: Client,
    turns: Arc<Semaphore>,
}

/// How a write ended that is repeated until it makes sense no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// The object is gone, or is another one by now, or the API refuses it for good.
    Pointless,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Makes one call when its turn has come.
    pub(crate) async fn once<T>(&self, call: impl Future<Output = T>) -> T {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        call.await
    }

    /// Repeats a call until it is done, or can't be done any more.
    pub(crate) async fn insist<T, F>(&self, what: &str, mut call: impl FnMut() -> F) -> Written
    where
        F: Future<Output = kube::Result<T>>,
    {
        let mut wait = FIRST_RETRY;
        loop {
            match self.once(call()).await {
                Ok(_) => return Written::Done,
                Err(error) => match code(&error) {
                    Some(404 | 409) => return Written::Pointless,
                    Some(400 | 403 | 405 | 422 | 501) => {
                        tracing::warn!(%error, "the API refuses to {what}");
                        return Written::Pointless;
                    }
                    _ => tracing::debug!(%error, "could not {what}; it is tried again"),
                },
            }
            sleep(wait).await;
            wait = (wait * 2).min(LAST_RETRY);
        }
    }

    pub(crate) async fn pod_status(&self, key: &Key, patch: Value) -> Written {
        let api = Api::<Pod>::namespaced(self.client(), &key.namespace);
        let patch = Patch::Merge(patch);
        self.insist("set the status of a pod", || async {
            api.patch_status(&key.name, &PatchParams::default(), &patch).await
        })
        .await
    }

    /// Deletes a pod, if it is still the one with this uid; `grace` None means its own.
    pub(crate) async fn delete_pod(&self, key: &Key, uid: &str, grace: Option<u32>) -> Written {
        let api = Api::<Pod>::namespaced(self.client(), &key.namespace);
        let mut params = DeleteParams { grace_period_seconds: grace, ..DeleteParams::default() };
        params.preconditions =
            Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None });
        self.insist("delete a pod", || async { api.delete(&key.name, &params).await }).await
    }

    pub(crate) async fn node(&self, name: &str, patch: Value) -> Written {
        let api = Api::<Node>::all(self.client());
        let patch = Patch::Merge(patch);
        self.insist("change a node", || async {
            api.patch(name, &PatchParams::default(), &patch).await
        })
        .await
    }

    /// Conditions and addresses are merged by their type: those of others stay.
    pub(crate) async fn node_status(&self, name: &str, patch: Value) -> Written {
        let api = Api::<Node>::all(self.client());
        let patch = Patch::Strategic(patch);
        self.insist("set the status of a node", || async {
            api.patch_status(name, &PatchParams::default(), &patch).await
        })
        .await
    }

    /// Tells the user of a Service about it; if the Event can't be written, the log has it.
    pub(crate) fn event(&self, power: &Power, service: &Key, reason: &str, message: String) {
        let now = Some(Time(Timestamp::now()));
        let event = Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}.", service.name)),
                namespace: Some(service.namespace.to_string()),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Service".to_owned()),
                name: Some(service.name.to_string()),
                namespace: Some(service.namespace.to_string()),
                ..ObjectReference::default()
            },
            type_: Some("Warning".to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(message),
            source: Some(EventSource {
                component: Some("seaway-sandbox".to_owned()),
                ..EventSource::default()
            }),
            count: Some(1),
            first_timestamp: now.clone(),
            last_timestamp: now,
            ..Event::default()
        };
        let api = Api::<Event>::namespaced(self.client(), &service.namespace);
        let me = self.clone();
        power.spawn(async move {
            if let Err(error) = me.once(api.create(&PostParams::default(), &event)).await {
                tracing::debug!(%error, "no Event could be written");
            }
        });
    }
}

/// The HTTP status of an answer that is an error.
pub(crate) fn code(error: &kube::Error) -> Option<u16> {
    if let kube::Error::Api(status) = error { Some(status.code) } else { None }
}
