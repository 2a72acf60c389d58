//! Leader election by a `coordination.k8s.io/v1` Lease, with the rules of client-go: of several
//! controllers on one cluster, one works and the others stand by.
//!
//! ```text
//! ticks     the clock that counts also while the process is stopped
//! fence     says whether we may still write
//! timing    how long what may take
//! record    what the Lease says
//! candidate what one controller knows and wants: the rules, without I/O
//! trouble   requests that fail, in words for people
//! ledger    what the Lease says of the providers
//! ```
//!
//! Two clocks of two machines are never compared. Who waits counts from when it saw the record change;
//! who leads counts from before it sent the request. The leader's count is the shorter one
//! ([`Timing::check`]), so it has stopped by the time that another one starts.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use tokio::time::{sleep, timeout};

mod candidate;
mod fence;
mod ledger;
mod record;
#[cfg(test)]
mod tests;
mod ticks;
mod timing;
mod trouble;

pub use self::fence::LeaseFence;
pub use self::ledger::Ledger;
pub(crate) use self::ledger::Page;
pub use self::timing::Timing;

use self::candidate::{Candidate, Standing, Wish};
use self::ticks::{BootTicks, Ticks};
use self::trouble::{Place, Trouble};

/// How often a release is tried. Who fails lets the Lease expire.
const FAREWELLS: usize = 3;

/// Why we do not lead any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// No renewal succeeded in time.
    #[error(
        "the Lease {place} is lost: no renewal succeeded within {} s{}; another controller may lead now",
        deadline.as_secs_f64(),
        because(.trouble.as_deref())
    )]
    Late {
        /// Namespace and name of the Lease.
        place: String,
        /// The renew deadline.
        deadline: Duration,
        /// What went wrong last.
        trouble: Option<String>,
    },
    /// Somebody else has it.
    #[error("the Lease {place} is lost: {holder} has taken it")]
    Taken {
        /// Namespace and name of the Lease.
        place: String,
        /// Who has it.
        holder: String,
    },
}

fn because(trouble: Option<&str>) -> String {
    trouble.map(|trouble| format!(" ({trouble})")).unwrap_or_default()
}

/// One candidate for the lead.
pub struct Elector {
    api: Api<Lease>,
    place: Place,
    timing: Timing,
    ticks: Arc<dyn Ticks>,
    fence: Arc<LeaseFence>,
    candidate: Candidate,
    /// What went wrong last, until something succeeds: each trouble is logged once.
    trouble: Option<String>,
    /// Whether the Lease may be ours: an answer that is lost is no proof that it is not.
    tried: bool,
}

impl Elector {
    /// A candidate for the Lease `name`, with an identity of its own.
    pub fn new(client: Client, namespace: &str, name: &str, timing: Timing) -> Self {
        Self::with(client, namespace, name, timing, identity(), Arc::new(BootTicks))
    }

    fn with(
        client: Client,
        namespace: &str,
        name: &str,
        timing: Timing,
        identity: String,
        ticks: Arc<dyn Ticks>,
    ) -> Self {
        debug_assert!(timing.check(), "two could lead at once: {timing:?}");
        Self {
            api: Api::namespaced(client, namespace),
            place: Place { namespace: namespace.to_owned(), name: name.to_owned() },
            timing,
            fence: Arc::new(LeaseFence::new(Arc::clone(&ticks))),
            candidate: Candidate::new(identity, timing),
            ticks,
            trouble: None,
            tried: false,
        }
    }

    /// What lets writes through while we lead.
    pub fn fence(&self) -> Arc<LeaseFence> {
        Arc::clone(&self.fence)
    }

    /// The record on the Lease of what was settled, for who leads.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.api.clone(), self.place.clone(), self.candidate.identity())
    }

    /// Waits until we lead.
    pub async fn acquire(&mut self) {
        // It begins to watch once it is asked for the first time, which is when another one leads.
        let mut releases = pin!(releases(self.api.clone(), &self.place.name));
        let mut known = None;
        loop {
            match self.limited(self.timing.request(), false).await {
                Some(Standing::Ours) => {
                    let (lease, identity) = (self.place.to_string(), self.candidate.identity());
                    tracing::info!(lease, identity, "leading");
                    return;
                }
                Some(Standing::Held(holder)) if known.as_ref() != Some(&holder) => {
                    tracing::info!(
                        lease = %self.place, holder, "standing by: another controller leads"
                    );
                    known = Some(holder);
                }
                Some(Standing::Held(_)) | None => {}
            }
            tokio::select! {
                () = sleep(self.timing.pause()) => {}
                Some(()) = releases.next() => {}
            }
        }
    }

    /// Renews for as long as that succeeds. The fence is closed when this returns.
    pub async fn hold(&mut self) -> Lost {
        loop {
            sleep(self.timing.pause().min(self.fence.left())).await;
            let left = self.fence.left();
            if left.is_zero() {
                return Lost::Late {
                    place: self.place.to_string(),
                    deadline: self.timing.renew_deadline,
                    trouble: self.trouble.take(),
                };
            }
            if let Some(Standing::Held(holder)) =
                self.limited(self.timing.request().min(left), true).await
            {
                self.fence.close();
                return Lost::Taken { place: self.place.to_string(), holder };
            }
        }
    }

    /// Waits until we lead again, after the Lease could not be renewed in time.
    ///
    /// # Errors
    /// If somebody else has it.
    pub async fn regain(&mut self) -> Result<(), Lost> {
        loop {
            match self.limited(self.timing.request(), false).await {
                Some(Standing::Ours) => {
                    tracing::info!(lease = %self.place, "leading again");
                    return Ok(());
                }
                Some(Standing::Held(holder)) => {
                    return Err(Lost::Taken { place: self.place.to_string(), holder });
                }
                None => sleep(self.timing.pause()).await,
            }
        }
    }

    /// Gives the Lease back, so that another one need not wait for its end. Nothing may be written
    /// any more: the fence closes first.
    pub async fn release(mut self) {
        self.fence.close();
        if !self.tried {
            return;
        }
        let deadline = self.timing.request();
        match timeout(deadline, self.farewell()).await {
            Ok(Ok(true)) => tracing::info!(lease = %self.place, "released"),
            Ok(Ok(false)) => {}
            Ok(Err(trouble)) => self.tell(&trouble),
            Err(_) => self.tell(&self.place.silence(deadline)),
        }
    }

    /// Returns whether the Lease was ours.
    async fn farewell(&mut self) -> Result<bool, Trouble> {
        let mut outcome = Ok(false);
        for _ in 0..FAREWELLS {
            self.look().await?;
            let Some(released) = self.candidate.farewell(Timestamp::now()) else { break };
            let answer = self.api.replace(&self.place.name, &params(), &released).await;
            outcome = match answer {
                Ok(_) => return Ok(true),
                Err(error) => Err(self.place.trouble("update", &error)),
            };
            if !matches!(outcome, Err(Trouble::Overtaken)) {
                break;
            }
        }
        outcome
    }

    /// One attempt to have the Lease, or to keep it. None: nothing is known.
    async fn limited(&mut self, limit: Duration, leading: bool) -> Option<Standing> {
        let trouble = match timeout(limit, self.attempt(leading)).await {
            Ok(Ok(standing)) => {
                if self.trouble.take().is_some() {
                    tracing::info!(lease = %self.place, "the Lease can be read and written again");
                }
                return Some(standing);
            }
            Ok(Err(trouble)) => trouble,
            Err(_) => self.place.silence(limit),
        };
        // Another candidate was faster: the next look tells who.
        if trouble != Trouble::Overtaken {
            self.tell(&trouble);
        }
        None
    }

    async fn attempt(&mut self, leading: bool) -> Result<Standing, Trouble> {
        // The leader knows the Lease: it looks only if what it knows has been overtaken.
        if leading {
            match self.write().await {
                Err(Trouble::Overtaken) => {}
                answer => return answer,
            }
        }
        self.look().await?;
        self.write().await
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let lease = self.api.get_opt(&self.place.name).await;
        let lease = lease.map_err(|error| self.place.trouble("get", &error))?;
        self.candidate.see(lease, self.ticks.now());
        Ok(())
    }

    async fn write(&mut self) -> Result<Standing, Trouble> {
        // Counted from before the request is made: nobody can have seen it earlier.
        let sent = self.ticks.now();
        let wish = self.candidate.wish(sent, Timestamp::now());
        self.tried |= !matches!(wish, Wish::Wait(_));
        let (verb, answer) = match wish {
            Wish::Wait(holder) => return Ok(Standing::Held(holder)),
            Wish::Create(mut lease) => {
                lease.metadata.name = Some(self.place.name.clone());
                ("create", self.api.create(&params(), &lease).await)
            }
            Wish::Replace(lease) => {
                ("update", self.api.replace(&self.place.name, &params(), &lease).await)
            }
        };
        let lease = answer.map_err(|error| self.place.trouble(verb, &error))?;
        self.candidate.see(Some(lease), self.ticks.now());
        self.fence.open_until(sent + self.timing.renew_deadline);
        Ok(Standing::Ours)
    }

    fn tell(&mut self, trouble: &Trouble) {
        let text = trouble.to_string();
        if self.trouble.as_ref() != Some(&text) {
            tracing::warn!(lease = %self.place, "{text}");
            self.trouble = Some(text);
        }
    }
}

/// Comes with each change of the Lease that shows it free. Who may not watch it polls, and no more.
fn releases(api: Api<Lease>, name: &str) -> impl Stream<Item = ()> + use<> {
    let changes = watcher::watch_object(api, name).default_backoff();
    changes.filter_map(async |seen| match seen {
        Ok(Some(lease)) => record::holder(&lease).is_none().then_some(()),
        Ok(None) => None,
        Err(error) => {
            tracing::debug!(%error, "the Lease can't be watched");
            None
        }
    })
}

fn params() -> PostParams {
    PostParams { field_manager: Some("seaway".to_owned()), ..PostParams::default() }
}

/// A name that no other process has, and that tells people where this one runs.
fn identity() -> String {
    let machine = rustix::system::uname();
    format!("{}_{}", machine.nodename().to_string_lossy(), uuid::Uuid::new_v4())
}
