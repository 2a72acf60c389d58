use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{AcqRel, Acquire, Release},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::targets::Epoch;

mod probe;

/// How soon a target that failed its very first check is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How the targets of a balancer are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What a target is asked.
    pub probe: Probe,
    /// Time between two checks, give or take a tenth; the first is made at once. A target that never
    /// passed is asked again after 50 ms, 100 ms, 200 ms and so on, up to this.
    pub interval: Duration,
    /// How long a target has to answer.
    pub timeout: Duration,
    /// Passed checks in a row that make a target that was down go up.
    pub rise: u32,
    /// Failed checks in a row that make a target that was up go down. A target that never passed
    /// one goes down with the first.
    pub fall: u32,
}

/// What a health check asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Probe {
    /// Nothing: a target is up, save for up to one interval after a connection to it failed.
    None,
    /// Whether the listener's target port accepts a connection. UDP listeners go by the first
    /// TCP listener of their balancer; without one it is as `None`.
    #[default]
    Tcp,
    /// Whether a GET on this port of the node is answered with 2xx.
    Http {
        /// The port, such as the Service's `healthCheckNodePort`, or kube-proxy's 10256.
        port: u16,
        /// The path, such as `/healthz`.
        path: String,
    },
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            probe: Probe::default(),
            interval: Duration::from_secs(2),
            timeout: Duration::from_secs(1),
            rise: 1,
            fall: 2,
        }
    }
}

impl HealthCheck {
    /// The key of the check of one target; `port`: the target port to connect to, if there is one.
    pub(super) fn key(&self, address: IpAddr, port: Option<u16>) -> CheckKey {
        let question = match (&self.probe, port) {
            (Probe::None, _) | (Probe::Tcp, None) => Question::Nothing(address),
            (Probe::Tcp, Some(port)) => Question::Connect(SocketAddr::new(address, port)),
            (Probe::Http { port, path }, _) => {
                Question::Get(SocketAddr::new(address, *port), path.as_str().into())
            }
        };
        let (interval, timeout) = (self.interval, self.timeout);
        CheckKey { question, interval, timeout, rise: self.rise, fall: self.fall }
    }
}

/// What makes two checks the same: they are made once, however many balancers ask for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckKey {
    question: Question,
    interval: Duration,
    timeout: Duration,
    rise: u32,
    fall: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Question {
    Nothing(IpAddr),
    Connect(SocketAddr),
    Get(SocketAddr, Arc<str>),
}

impl Question {
    fn is_none(&self) -> bool {
        match self {
            Self::Nothing(_) => true,
            Self::Connect(_) | Self::Get(..) => false,
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing(address) => write!(f, "{address}"),
            Self::Connect(address) => write!(f, "{address}"),
            Self::Get(address, path) => write!(f, "http://{address}{path}"),
        }
    }
}

/// All checks of the plane.
#[derive(Debug)]
pub(super) struct Checks {
    running: Mutex<HashMap<CheckKey, Weak<Check>>>,
    permits: Arc<Semaphore>,
    epoch: Arc<Epoch>,
    runtime: Handle,
}

/// One check, running for as long as somebody holds it.
#[derive(Debug)]
pub(super) struct Check {
    key: CheckKey,
    verdict: Arc<Verdict>,
    checks: Weak<Checks>,
    _task: AbortOnDropHandle<()>,
}

/// What is known of the target of a check.
#[derive(Debug)]
struct Verdict {
    up: AtomicBool,
    passes: AtomicU64,
    /// A connection failed since the last pass: the next pass must be made known.
    suspected: AtomicBool,
    trouble: ArcSwapOption<String>,
}

impl Checks {
    pub(super) fn new(at_once: usize, epoch: Arc<Epoch>, runtime: Handle) -> Self {
        let permits = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        Self { running: Mutex::default(), permits, epoch, runtime }
    }

    /// The check of this key: the one that runs, or a new one that starts with `up`. Where nothing
    /// is asked, nothing can be down.
    pub(super) fn subscribe(self: &Arc<Self>, key: CheckKey, up: bool) -> Arc<Check> {
        let mut running = self.running();
        if let Some(check) = running.get(&key).and_then(Weak::upgrade) {
            return check;
        }
        let verdict = Arc::new(Verdict {
            up: AtomicBool::new(up || key.question.is_none()),
            passes: AtomicU64::new(0),
            suspected: AtomicBool::new(false),
            trouble: ArcSwapOption::empty(),
        });
        let (permits, epoch) = (Arc::clone(&self.permits), Arc::clone(&self.epoch));
        let task = watch(key.clone(), Arc::clone(&verdict), permits, epoch);
        let task = AbortOnDropHandle::new(self.runtime.spawn(task));
        let checks = Arc::downgrade(self);
        let check = Arc::new(Check { key: key.clone(), verdict, checks, _task: task });
        running.insert(key, Arc::downgrade(&check));
        check
    }

    fn running(&self) -> MutexGuard<'_, HashMap<CheckKey, Weak<Check>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Check {
    pub(super) fn is(&self, key: &CheckKey) -> bool {
        self.key == *key
    }

    pub(super) fn up(&self) -> bool {
        self.verdict.up.load(Acquire)
    }

    /// How often it has passed.
    pub(super) fn passes(&self) -> u64 {
        self.verdict.passes.load(Acquire)
    }

    /// Has the next pass move the epoch on, although the target was up already.
    pub(super) fn announce_next_pass(&self) {
        self.verdict.suspected.store(true, Release);
    }

    pub(super) fn trouble(&self) -> Option<Arc<String>> {
        self.verdict.trouble.load_full()
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let Some(checks) = self.checks.upgrade() else { return };
        let mut running = checks.running();
        // Somebody may have started it anew under the same key in the meantime.
        if running.get(&self.key).is_some_and(|check| check.strong_count() == 0) {
            running.remove(&self.key);
        }
    }
}

async fn watch(key: CheckKey, verdict: Arc<Verdict>, permits: Arc<Semaphore>, epoch: Arc<Epoch>) {
    let (mut passed, mut failed) = (0, 0);
    if key.question.is_none() {
        // It only lets suspicions pass: the first one must last, too.
        pause(key.interval).await;
    }
    loop {
        let answer = {
            let Ok(_permit) = permits.acquire().await else { return };
            ask(&key).await
        };
        let was_up = verdict.up.load(Acquire);
        let up = match &answer {
            Ok(()) => {
                (passed, failed) = (passed + 1, 0);
                was_up || passed >= key.rise
            }
            // The plane's own trouble says nothing about the target.
            Err(probe::Failure::Ours(_)) => was_up,
            Err(probe::Failure::Target(_)) => {
                (passed, failed) = (0, failed + 1);
                let proven = verdict.passes.load(Acquire) > 0;
                was_up && proven && failed < key.fall
            }
        };
        verdict.trouble.store(answer.as_ref().err().map(|why| Arc::new(why.to_string())));
        verdict.up.store(up, Release);
        // First the swap, then the pass: see `Watch::suspect`.
        let cleared = answer.is_ok() && verdict.suspected.swap(false, AcqRel);
        if answer.is_ok() {
            verdict.passes.fetch_add(1, AcqRel);
        }
        if up != was_up || cleared {
            epoch.next();
        }
        match &answer {
            Ok(()) if !was_up && up => tracing::info!(target = %key.question, "target is up"),
            Err(why) if was_up && !up && verdict.passes.load(Acquire) > 0 => {
                tracing::warn!(target = %key.question, %why, "target is down");
            }
            // It was taken for up on trust: a NodePort that is not open yet, or has no pods.
            Err(why) if was_up && !up => {
                tracing::debug!(target = %key.question, %why, "target is not up yet");
            }
            Ok(()) | Err(_) => {}
        }
        // No failure of its own: it has passed, or the trouble is the plane's.
        let proven = failed == 0 || verdict.passes.load(Acquire) > 0;
        pause(if proven { key.interval } else { soon(failed).min(key.interval) }).await;
    }
}

/// The pause after so many failures in a row of a target that never passed: often its node is about
/// to open the port, as kube-proxy does some time after a Service gets its NodePort.
fn soon(failed: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failed.saturating_sub(1).min(16))
}

/// Without jitter, all checks of a restarted controller would come in one burst for ever.
async fn pause(span: Duration) {
    tokio::time::sleep(span.mul_f64(rand::random_range(0.9..1.1))).await;
}

async fn ask(key: &CheckKey) -> Result<(), probe::Failure> {
    let question = async {
        match &key.question {
            Question::Nothing(_) => Ok(()),
            Question::Connect(address) => probe::connect(*address).await.map(drop),
            Question::Get(address, path) => probe::get(*address, path).await,
        }
    };
    match tokio::time::timeout(key.timeout, question).await {
        Ok(answer) => answer,
        Err(_) => Err(probe::Failure::Target(format!("no answer within {:?}", key.timeout))),
    }
}
