use std::time::Duration;

use google_cloud_compute_v1::model::Operation;
use google_cloud_gax::error::Error;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use super::words::ours;
use super::{Gce, refusal};
use crate::api::{Answer, Fault};
use crate::error::is_throttling;

/// How often a request is repeated for lack of an answer.
const REPEATS: u32 = 3;

/// A wait that ends sooner than this did not wait: Google answers early when it has much to do.
const SHORT: Duration = Duration::from_secs(1);

/// How long operations are waited for, and how long it is until the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long an operation may run. Then nobody knows how it ends.
    pub operation: Duration,
    /// How long it is to the first repetition of a call; twice as long to the next, and so on, up to
    /// 32 times as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { operation: Duration::from_mins(5), pause: Duration::from_millis(200) }
    }
}

impl Patience {
    /// How long to wait after this many tries: between half and all of what would be due, so that
    /// those who failed together don't come back together.
    fn pause(self, tries: u32) -> Duration {
        let due = self.pause * (1 << tries.min(5));
        let (chance, _) = Uuid::new_v4().as_u64_pair();
        due / 2 + due / 2 / 1000 * u32::try_from(chance % 1000).unwrap_or(0)
    }
}

/// Where an operation runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum At<'a> {
    /// In our region.
    Region,
    /// In this zone.
    Zone(&'a str),
    /// In the network's project.
    Global,
}

impl Gce {
    /// Makes a write, to its end. `send` gets the request id.
    pub(super) async fn write<F, S>(&self, at: At<'_>, send: F) -> Answer<()>
    where
        F: Fn(String) -> S + Send,
        S: Future<Output = Result<Operation, Error>> + Send,
    {
        let operation = self.begin(send).await?;
        self.end(at, operation).await
    }

    /// The operation that a request began. The request id makes Google answer a repetition with the
    /// operation of the first, had that arrived.
    async fn begin<F, S>(&self, send: F) -> Answer<Operation>
    where
        F: Fn(String) -> S + Send,
        S: Future<Output = Result<Operation, Error>> + Send,
    {
        let id = Uuid::new_v4().to_string();
        let mut repeats = 0;
        loop {
            let sending = send(id.clone());
            let error = match sending.await {
                Ok(operation) => return Ok(operation),
                Err(error) => error,
            };
            if !refusal::is_unanswered(&error) {
                return Err(refusal::fault(&error));
            }
            if repeats == REPEATS {
                return Err(Fault::NoAnswer(refusal::fault(&error).to_string()));
            }
            sleep(self.patience.pause(repeats)).await;
            repeats += 1;
        }
    }

    /// Waits for the end of an operation, whatever befalls the waiting itself.
    async fn end(&self, at: At<'_>, mut operation: Operation) -> Answer<()> {
        let deadline = Instant::now() + self.patience.operation;
        let Some(name) = operation.name.clone().or_else(|| is_done(&operation).then(String::new))
        else {
            return Err(Fault::NoAnswer("the operation has no name to ask for it".to_owned()));
        };
        let mut tries = 0;
        loop {
            if is_done(&operation) {
                return refusal::outcome(&operation);
            }
            let asked = Instant::now();
            match timeout_at(deadline, self.wait(at, &name)).await {
                Ok(Ok(now)) => operation = now,
                Ok(Err(error)) => bear(&name, &error)?,
                Err(_) => return Err(still_running(&name)),
            }
            if !is_done(&operation) && asked.elapsed() < SHORT {
                let rest = deadline.saturating_duration_since(Instant::now());
                sleep(self.patience.pause(tries).min(rest)).await;
                tries += 1;
            }
            if Instant::now() >= deadline && !is_done(&operation) {
                return Err(still_running(&name));
            }
        }
    }

    /// Asks Google to answer when an operation has ended. After two minutes, or earlier when it has
    /// much to do, it answers nevertheless.
    async fn wait(&self, at: At<'_>, name: &str) -> Result<Operation, Error> {
        let place = &self.place;
        match at {
            At::Region => {
                let wait = self.region_operations.wait().set_operation(name);
                ours(wait.set_project(&place.project).set_region(&place.region)).send().await
            }
            At::Zone(zone) => {
                let wait = self.zone_operations.wait().set_operation(name);
                ours(wait.set_project(&place.project).set_zone(zone)).send().await
            }
            At::Global => {
                let wait = self.global_operations.wait().set_operation(name);
                ours(wait.set_project(&place.network_project)).send().await
            }
        }
    }
}

fn is_done(operation: &Operation) -> bool {
    operation.status.as_ref().and_then(|status| status.name()) == Some("DONE")
}

fn still_running(name: &str) -> Fault {
    Fault::NoAnswer(format!("the operation {name} is still running"))
}

/// Takes an error of the waiting itself as one that passes, if it may. The others are no refusals of
/// the write: that runs on, unseen.
fn bear(name: &str, error: &Error) -> Answer<()> {
    let fault = refusal::fault(error);
    if error.is_authentication() || refusal::is_unanswered(error) || is_throttling(&fault) {
        return Ok(());
    }
    Err(Fault::NoAnswer(format!("the operation {name} can't be waited for: {fault}")))
}
