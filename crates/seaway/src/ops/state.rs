use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kube::Client;
use seaway_controller::{Inspector, Metrics, Pulse, leaders};
use seaway_intent::Selection;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// After so long without a sign the loop is stuck: it goes round every 5 seconds at least.
const SILENCE: Duration = Duration::from_secs(20);

/// How long the answer to who leads may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the servers tell of.
pub(crate) struct Ops {
    pub(super) metrics: Arc<Metrics>,
    /// Whose turn it is to read them.
    pub(super) scrape: Mutex<()>,
    phase: RwLock<Arc<Phase>>,
}

/// What the controller is doing.
pub(crate) enum Phase {
    /// The cluster was not reached yet.
    Starting,
    /// Another one leads.
    Standby(Standby),
    /// It works, or reads the cluster before it does.
    Working(Box<Working>),
    /// It is on its way out.
    Stopping,
}

/// A controller that waits for the Lease.
pub(crate) struct Standby {
    pub client: Client,
    /// The namespace of the Lease.
    pub namespace: String,
    /// Its name.
    pub lease: String,
}

/// A controller that works.
pub(crate) struct Working {
    pub inspector: Inspector,
    pub pulse: Arc<Pulse>,
    pub client: Client,
    pub selection: Selection,
    /// What tells the cluster from others.
    pub cluster: Option<String>,
    pub dry_run: bool,
}

impl Ops {
    /// Nothing is done yet.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            metrics,
            scrape: Mutex::default(),
            phase: RwLock::new(Arc::new(Phase::Starting)),
        })
    }

    /// Something else is done from now on.
    pub(crate) fn enter(&self, phase: Phase) {
        *self.phase.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(phase);
    }

    pub(super) fn phase(&self) -> Arc<Phase> {
        Arc::clone(&self.phase.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Phase {
    /// What is wrong with the process, such that only a new one helps.
    pub(super) fn illness(&self) -> Option<String> {
        let Self::Working(working) = self else { return None };
        let silence = working.pulse.age().filter(|age| *age > SILENCE)?;
        Some(format!("the loop did not go round for {} s", silence.as_secs()))
    }

    /// Why it is not ready: neither working nor able to take over.
    pub(super) fn unreadiness(&self) -> Option<&'static str> {
        match self {
            Self::Starting => Some("the cluster is not reached yet"),
            Self::Standby(_) => None,
            Self::Working(working) if working.pulse.is_synced() => None,
            Self::Working(_) => Some("the cluster and the providers are being read"),
            Self::Stopping => Some("it is stopping"),
        }
    }
}

impl Standby {
    /// Who leads, as the Lease says now.
    pub(super) async fn leader(&self) -> Option<String> {
        let asked = leaders(&self.client, Some(&self.namespace), &self.lease);
        let found = timeout(PATIENCE, asked).await.ok()?.ok()?;
        found.into_iter().next().map(|leader| leader.holder)
    }
}
