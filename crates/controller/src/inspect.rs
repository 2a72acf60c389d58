//! What a running controller knows, for people: behind `seaway status`, `plan` and `sweep`.

use std::collections::BTreeMap;
use std::fmt;

use seaway_core::{Context, Key, ProviderError, Readiness, ServiceUid, SharedDriver, Target};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::queue::QueueKey;

/// What is known of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The providers that are served, and whether each could be read.
    pub providers: BTreeMap<String, bool>,
    /// How many nodes may be targets.
    pub nodes: usize,
    /// Every Service that concerns this controller, by namespace and name.
    pub services: Vec<ServiceView>,
    /// What carries our mark and belongs to no Service.
    pub orphans: Vec<Orphan>,
}

/// What is known of one Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: ServiceUid,
    /// The provider that is to make its load balancer.
    pub provider: Option<String>,
    /// Which of the provider's load balancers that is.
    pub key: Option<Key>,
    /// How far it has come in our hands.
    pub stage: Stage,
    /// What the provider has for it.
    pub readiness: Option<Readiness>,
    /// Where it has something, its own key included.
    pub held_at: Vec<Place>,
    /// What stands in its way, and how often in a row it did.
    pub trouble: Option<Trouble>,
    /// Its targets and their health; empty where the provider does not tell.
    pub targets: Vec<Target>,
}

/// A load balancer of a provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The provider.
    pub provider: String,
    /// Which of its load balancers.
    pub key: Key,
}

/// How far a Service has come in our hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Our finalizer is being put on.
    Admitting,
    /// It has a load balancer, or is getting one.
    Carried,
    /// It asks for what can't be.
    Refused,
    /// It is left as it is (`seaway.dev/pause`).
    Paused,
    /// What it has is being taken down.
    Leaving,
}

/// What stands in the way of a Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// The last error.
    pub error: ProviderError,
    /// How often in a row.
    pub attempts: u32,
}

/// Something that carries our mark and belongs to no Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Orphan {
    /// The provider.
    pub provider: String,
    /// Which of its load balancers.
    pub key: Key,
    /// The Service that it was made for.
    pub service: ServiceUid,
}

/// Why a controller gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the controller does not run here")]
pub struct NotRunning;

/// A question to the loop of a controller.
pub(crate) enum Ask {
    /// What is known, targets aside.
    Inspect(oneshot::Sender<Inspection>),
    /// Take down what belongs to no Service.
    Sweep(oneshot::Sender<Vec<Orphan>>),
}

/// Asks a running controller. A clone asks the same.
#[derive(Clone)]
pub struct Inspector {
    asks: mpsc::Sender<Ask>,
    drivers: BTreeMap<&'static str, SharedDriver>,
    cx: Context,
}

impl Inspector {
    pub(crate) fn new(
        drivers: BTreeMap<&'static str, SharedDriver>,
        cx: Context,
    ) -> (Self, mpsc::Receiver<Ask>) {
        let (asks, inbox) = mpsc::channel(16);
        (Self { asks, drivers, cx }, inbox)
    }

    /// What is known. The health of targets is asked for of the Service `only` alone, by namespace and
    /// name, and where asking costs nothing.
    ///
    /// # Errors
    /// If the controller has ended.
    pub async fn inspect(&self, only: Option<(&str, &str)>) -> Result<Inspection, NotRunning> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Inspect(reply)).await.map_err(|_| NotRunning)?;
        let mut found = answer.await.map_err(|_| NotRunning)?;
        if let Some(only) = only {
            found.services.retain(|view| (view.namespace.as_str(), view.name.as_str()) == only);
        }
        for view in &mut found.services {
            let Some((provider, key)) = view.provider.as_deref().zip(view.key.as_ref()) else {
                continue;
            };
            let Some(driver) = self.drivers.get(provider) else { continue };
            if only.is_none() && driver.capabilities().health_every.is_none() {
                continue;
            }
            match driver.targets(&self.cx, key).await {
                Ok(mut targets) => {
                    view.targets = targets.remove(&view.uid).unwrap_or_default();
                }
                Err(error) => tracing::warn!(provider, %error, "can't ask for the targets"),
            }
        }
        Ok(found)
    }

    /// Has what belongs to no Service taken down, and returns what that is. It goes in the background,
    /// as every change does.
    ///
    /// # Errors
    /// If the controller has ended.
    pub async fn sweep(&self) -> Result<Vec<Orphan>, NotRunning> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Sweep(reply)).await.map_err(|_| NotRunning)?;
        answer.await.map_err(|_| NotRunning)
    }

    /// The providers as they are driven now: a plan made with them knows what they hold.
    pub fn drivers(&self) -> BTreeMap<&'static str, SharedDriver> {
        self.drivers.clone()
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

impl From<&(QueueKey, ServiceUid)> for Orphan {
    fn from((at, service): &(QueueKey, ServiceUid)) -> Self {
        Self { provider: at.provider.to_owned(), key: at.key.clone(), service: service.clone() }
    }
}
