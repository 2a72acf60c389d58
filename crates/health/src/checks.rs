use std::collections::HashMap;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::key::CheckKey;
use crate::round::{OnTurn, Round, Verdict};
use crate::streak::Streak;

/// All checks of a provider.
#[derive(Debug)]
pub struct Checks {
    running: Mutex<HashMap<CheckKey, Weak<Check>>>,
    permits: Arc<Semaphore>,
    listener: Arc<dyn OnTurn>,
    runtime: Handle,
}

/// One check, running for as long as somebody holds it.
#[derive(Debug)]
pub struct Check {
    key: CheckKey,
    verdict: Arc<Verdict>,
    checks: Weak<Checks>,
    _task: AbortOnDropHandle<()>,
}

impl Checks {
    /// No checks yet. At most `at_once` of them will be under way at a time, as tasks of `runtime`;
    /// `listener` is told when one turns.
    pub fn new(at_once: usize, listener: Arc<dyn OnTurn>, runtime: Handle) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        Arc::new(Self { running: Mutex::default(), permits, listener, runtime })
    }

    /// The check of this key: the one that runs, or a new one that starts with `up`. Where nothing
    /// is asked, nothing can be down.
    pub fn subscribe(self: &Arc<Self>, key: CheckKey, up: bool) -> Arc<Check> {
        let mut running = self.running();
        if let Some(check) = running.get(&key).and_then(Weak::upgrade) {
            return check;
        }
        let up = up || key.question.is_none();
        let verdict = Arc::new(Verdict::new(up));
        let round = Round {
            key: key.clone(),
            streak: Streak::new(up),
            verdict: Arc::clone(&verdict),
            permits: Arc::clone(&self.permits),
            listener: Arc::clone(&self.listener),
        };
        let task = AbortOnDropHandle::new(self.runtime.spawn(round.run()));
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
    /// Whether it is the check of this key.
    pub fn is(&self, key: &CheckKey) -> bool {
        self.key == *key
    }

    /// Whether the target is up. One atomic load.
    #[inline] // Data planes ask from another crate, for every datagram.
    pub fn up(&self) -> bool {
        self.verdict.up.load(Acquire)
    }

    /// How often it has passed. One atomic load.
    #[inline] // Data planes ask from another crate, for every datagram.
    pub fn passes(&self) -> u64 {
        self.verdict.passes.load(Acquire)
    }

    /// Has the next pass told as a turn, although the target was up already: for those who have
    /// their own reason to doubt it until then.
    ///
    /// # Guarantees
    /// Who notes [`Check::passes`] first and calls this then is never left in doubt: a pass in between
    /// either counts beyond what was noted, or is followed by one that is told.
    pub fn announce_next_pass(&self) {
        self.verdict.announced.store(true, Release);
    }

    /// What the last check said, if it failed; it may take more failures to bring the target down.
    pub fn trouble(&self) -> Option<Arc<String>> {
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
