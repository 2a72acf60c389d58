use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::checks::{Check, Checks};
use crate::key::CheckKey;
use crate::round::OnTurn;

/// What a provider has checked, by names of its own, and which of it is down.
#[derive(Debug)]
pub struct Watchlist<N> {
    checks: Arc<Checks>,
    turns: Arc<Turns>,
    watched: Mutex<BTreeMap<N, Vec<Arc<Check>>>>,
}

/// Counts the turns, and wakes those who wait for the next one.
#[derive(Debug)]
struct Turns(watch::Sender<u64>);

impl OnTurn for Turns {
    fn turned(&self) {
        self.0.send_modify(|turns| *turns += 1);
    }
}

impl<N: Ord> Watchlist<N> {
    /// Watches nothing yet. At most `at_once` checks will be under way at a time, as tasks of
    /// `runtime`.
    pub fn new(at_once: usize, runtime: Handle) -> Self {
        let turns = Arc::new(Turns(watch::Sender::new(0)));
        let checks = Checks::new(at_once, Arc::clone(&turns) as Arc<dyn OnTurn>, runtime);
        Self { checks, turns, watched: Mutex::default() }
    }

    /// Watches these from now on and no others; a name may be there several times.
    ///
    /// # Guarantees
    /// A check that was there runs on. A new name is up or down until its first check, as `assume`
    /// says, or, if another name has the same check, as that one says; a known name that is asked
    /// something else starts as it stood.
    pub fn set(
        &self,
        wanted: impl IntoIterator<Item = (N, CheckKey)>,
        assume: impl Fn(&N) -> bool,
    ) {
        // Collected before the lock: what comes may ask this very list.
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut watched = self.watched();
        let mut next = BTreeMap::<N, Vec<_>>::new();
        for (name, key) in wanted {
            let known = watched.get(&name).map(Vec::as_slice);
            let check = known.and_then(|known| known.iter().find(|check| check.is(&key)));
            let check = check.cloned().unwrap_or_else(|| {
                let stood = |known: &[Arc<Check>]| known.iter().all(|check| check.up());
                let up = known.map_or_else(|| assume(&name), stood);
                self.checks.subscribe(key, up)
            });
            next.entry(name).or_default().push(check);
        }
        *watched = next;
    }

    /// Whether this name is down; one that isn't watched is not. It is down if one of its checks is.
    pub fn is_down(&self, name: &N) -> bool {
        self.watched().get(name).is_some_and(|checks| checks.iter().any(|check| !check.up()))
    }

    /// How many turns there were so far. Read it before [`Watchlist::down`], so that
    /// [`Watchlist::turned`] misses none.
    pub fn turns(&self) -> u64 {
        *self.turns.0.borrow()
    }

    /// Waits until there were other than `seen` turns, and returns how many there were. Dropping it
    /// loses nothing.
    pub async fn turned(&self, seen: u64) -> u64 {
        let mut turns = self.turns.0.subscribe();
        // It fails only if the sender is gone, and that is in `self`.
        turns.wait_for(|turns| *turns != seen).await.map_or(seen, |turns| *turns)
    }

    fn watched(&self) -> MutexGuard<'_, BTreeMap<N, Vec<Arc<Check>>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: Ord + Clone> Watchlist<N> {
    /// What is down, and why.
    pub fn down(&self) -> BTreeMap<N, String> {
        let watched = self.watched();
        let down = watched.iter().filter_map(|(name, checks)| {
            let check = checks.iter().find(|check| !check.up())?;
            Some((name.clone(), why(check)))
        });
        down.collect()
    }
}

fn why(check: &Check) -> String {
    check.trouble().map_or_else(
        || {
            if check.passes() == 0 { "not checked yet" } else { "has not passed often enough yet" }
                .to_owned()
        },
        |trouble| String::clone(&trouble),
    )
}
