use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use seaway_core::{Digest, ErrorKind, ProviderError};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::trouble::{Place, Trouble};
use super::{params, record};

/// The annotation of the Lease that says which providers were settled, and for which nodes: a map in
/// JSON, from the name of a provider to a digest.
const SETTLED: &str = "seaway.dev/settled";

/// How long reading or writing it may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How often a write is tried that the elector's own was faster than.
const ATTEMPTS: usize = 5;

/// The providers of which everything was settled.
pub(crate) type Record = BTreeMap<String, Digest>;

/// The record of what was settled, kept on the Lease by who holds it. Cluster and statuses tell what
/// was asked for; this tells that all of it was made, so that a restart need not look closely.
///
/// It is written as the elector writes the Lease: as a whole, at the version that was read. So neither
/// can undo what the other wrote, and who has lost the Lease writes nothing. Who deletes the Lease
/// deletes the record, and nothing is vouched for then.
#[derive(Clone)]
pub struct Ledger {
    api: Api<Lease>,
    place: Place,
    identity: Arc<str>,
    state: Arc<Mutex<State>>,
    /// How often it could not be written.
    failures: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    /// What it says; none if that is not certain.
    known: Option<Record>,
    /// Why it could not be written, the last time that it could not.
    trouble: Option<Trouble>,
}

impl Ledger {
    pub(super) fn new(api: Api<Lease>, place: Place, identity: &str) -> Self {
        Self {
            api,
            place,
            identity: identity.into(),
            state: Arc::default(),
            failures: Arc::default(),
        }
    }

    /// What the Lease says at the start of a term; nothing if it can't be read.
    pub(crate) async fn read(&self) -> Record {
        let mut state = self.state.lock().await;
        state.known = None;
        let answer = timeout(LIMIT, self.get()).await;
        match answer.unwrap_or_else(|_| Err(self.place.silence(LIMIT))) {
            Ok(lease) => {
                let found = lease.as_ref().map(settled).unwrap_or_default();
                state.known = Some(found.clone());
                found
            }
            Err(trouble) => {
                tracing::warn!(
                    lease = %self.place, %trouble,
                    "what was settled before is not known, so everything is looked at closely"
                );
                Record::new()
            }
        }
    }

    /// Takes back what it says of `provider`. Nothing is asked and written if it says nothing.
    async fn withdraw(&self, provider: &str) -> Result<(), ProviderError> {
        let before = self.failures.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        let sure = state.known.as_ref().is_some_and(|known| !known.contains_key(provider));
        let answer = match &state.trouble {
            _ if sure => return Ok(()),
            // Many steps may have waited for the one attempt that failed: it speaks for all of them.
            Some(trouble) if self.failures.load(Ordering::SeqCst) != before => Err(trouble.clone()),
            _ => self.change(&mut state, |record| drop(record.remove(provider))).await,
        };
        answer.map_err(|trouble| {
            let text = format!(
                "the Lease {} says that all is settled, and nothing is changed before that is taken \
                 back: {trouble}",
                self.place
            );
            ProviderError::new(ErrorKind::Unavailable, "change the record", text)
        })
    }

    /// Makes a change, unless it is made already.
    async fn change(&self, state: &mut State, edit: impl Fn(&mut Record)) -> Result<(), Trouble> {
        if let Some(known) = &state.known {
            let mut wanted = known.clone();
            edit(&mut wanted);
            if wanted == *known {
                return Ok(());
            }
        }
        // Whoever is dropped while it waits for the answer knows nothing.
        state.known = None;
        let answer = timeout(LIMIT, self.write(edit)).await;
        match answer.unwrap_or_else(|_| Err(self.place.silence(LIMIT))) {
            Ok(record) => {
                state.known = Some(record);
                Ok(())
            }
            Err(trouble) => {
                state.trouble = Some(trouble.clone());
                self.failures.fetch_add(1, Ordering::SeqCst);
                Err(trouble)
            }
        }
    }

    async fn write(&self, edit: impl Fn(&mut Record)) -> Result<Record, Trouble> {
        for _ in 0..ATTEMPTS {
            let lease = self.get().await?;
            let old = lease.as_ref().map(settled).unwrap_or_default();
            let mut record = old.clone();
            edit(&mut record);
            if record == old {
                return Ok(record);
            }
            let Some(lease) = lease else {
                return Err(Trouble::Told(format!("the Lease {} is not there", self.place)));
            };
            let next = with(lease, &record);
            match self.api.replace(&self.place.name, &params(), &next).await {
                Ok(_) => return Ok(record),
                Err(error) => match self.place.trouble("update", &error) {
                    Trouble::Overtaken => {}
                    told @ Trouble::Told(_) => return Err(told),
                },
            }
        }
        Err(Trouble::Overtaken)
    }

    /// The Lease, if it is ours; none if there is none.
    async fn get(&self) -> Result<Option<Lease>, Trouble> {
        let lease = self.api.get_opt(&self.place.name).await;
        let lease = lease.map_err(|error| self.place.trouble("get", &error))?;
        match lease.as_ref().map(record::holder) {
            Some(holder) if holder != Some(&*self.identity) => Err(Trouble::Told(format!(
                "the Lease {} is held by {}",
                self.place,
                holder.unwrap_or("nobody")
            ))),
            _ => Ok(lease),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("lease", &self.place).finish_non_exhaustive()
    }
}

/// What the ledger says of one provider.
pub(crate) struct Page {
    ledger: Ledger,
    provider: &'static str,
    /// How many writes to the provider were let through.
    writes: AtomicU64,
}

impl Page {
    pub(crate) const fn new(ledger: Ledger, provider: &'static str) -> Self {
        Self { ledger, provider, writes: AtomicU64::new(0) }
    }

    /// Takes back that everything is settled, before something is written.
    ///
    /// # Errors
    /// If the Lease may say so still: nothing may be written then.
    pub(crate) async fn withdraw(&self) -> Result<(), ProviderError> {
        // Counted first: a record on its way is then either given up or there to be taken back.
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.ledger.withdraw(self.provider).await
    }

    /// How many writes to the provider were let through.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Says that everything is settled, unless more was written than these `writes`.
    ///
    /// # Errors
    /// Why it could not be written, in words.
    pub(crate) async fn settle(&self, digest: Digest, writes: u64) -> Result<(), String> {
        let mut state = self.ledger.state.lock().await;
        if self.writes() != writes {
            return Ok(());
        }
        let said = |record: &mut Record| {
            record.insert(self.provider.to_owned(), digest.clone());
        };
        self.ledger.change(&mut state, said).await.map_err(|trouble| trouble.to_string())
    }
}

/// What a Lease says was settled. What can't be read vouches for nothing.
fn settled(lease: &Lease) -> Record {
    let text = lease.metadata.annotations.as_ref().and_then(|all| all.get(SETTLED));
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The same Lease with another record.
fn with(mut lease: Lease, record: &Record) -> Lease {
    let annotations = lease.metadata.annotations.get_or_insert_default();
    if record.is_empty() {
        annotations.remove(SETTLED);
    } else {
        let text = serde_json::json!(record).to_string();
        annotations.insert(SETTLED.to_owned(), text);
    }
    lease
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(text: &str) -> Lease {
        let mut lease = Lease::default();
        lease.metadata.annotations = Some([(SETTLED.to_owned(), text.to_owned())].into());
        lease
    }

    #[test]
    fn what_is_written_is_read_again() {
        let record = Record::from([
            ("by-id".to_owned(), Digest::of(&1)),
            ("one-file".to_owned(), Digest::of(&2)),
        ]);
        let written = with(Lease::default(), &record);
        assert_eq!(settled(&written), record);
        let emptied = with(written, &Record::new());
        assert_eq!(emptied.metadata.annotations, Some(BTreeMap::new()));
    }

    #[test]
    fn what_can_not_be_read_vouches_for_nothing() {
        for bad in ["", "settled", "[]", "{\"by-id\":1}"] {
            assert_eq!(settled(&lease(bad)), Record::new(), "{bad}");
        }
        assert_eq!(settled(&Lease::default()), Record::new());
    }
}
