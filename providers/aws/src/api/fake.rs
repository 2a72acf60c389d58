//! An AWS in memory, which refuses what AWS refuses, for tests of the provider.
//!
//! ```text
//! door       the calls of `Api`, counted
//! controls   what a test may do past the calls: faults, edits, a look at everything
//! world      all that there is, for tests to read and to change
//! seeds      what is there before anybody calls: a network, and things of others
//! balancers, listeners, groups, targets, firewall, network, tagging: the calls, one noun each
//! defaults   the attributes, with what AWS has them at and takes for them
//! names      what AWS takes as a name, and the names that it gives
//! pages      listings, part by part
//! ```
//!
//! Sources: the reference of the Elastic Load Balancing API (2015-12-01) and of the EC2 API
//! (2016-11-15), and the user guide for Network Load Balancers. What they leave open is said where
//! it is decided.

mod balancers;
mod controls;
mod defaults;
mod door;
mod firewall;
mod groups;
mod listeners;
mod names;
mod network;
mod pages;
mod seeds;
mod tagging;
mod targets;
#[cfg(test)]
mod tests;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use seaway_core::Clock;
use tokio::task::yield_now;

pub use self::world::{Balancer, Front, Group, Limits, World};
use super::{Answer, Fault};

/// An account in one region. A clone is another handle on the same one.
#[derive(Clone)]
pub struct Cloud(Arc<Account>);

struct Account {
    clock: Arc<dyn Clock>,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    world: World,
    calls: BTreeMap<&'static str, usize>,
    trouble: Option<Trouble>,
}

/// What happens to the next writing call.
#[derive(Debug)]
enum Trouble {
    /// It has no effect.
    Fails(Fault),
    /// It takes effect, and its answer gets lost.
    IsLost,
}

impl Cloud {
    /// An empty account in which all time passes by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Account { clock, ledger: Mutex::default() }))
    }

    /// The ledger, with the world as it is by now.
    fn open(&self) -> MutexGuard<'_, Ledger> {
        // A test that failed inside an edit is told of that failure, not of this lock.
        let mut ledger = self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.world.settle(self.0.clock.now());
        ledger
    }

    async fn read<T: Send>(
        &self,
        action: &'static str,
        look: impl FnOnce(&World) -> Answer<T> + Send,
    ) -> Answer<T> {
        yield_now().await;
        let answer = {
            let mut ledger = self.open();
            ledger.count(action);
            look(&ledger.world)
        };
        // Whoever waits for the answer may be cut off here too.
        yield_now().await;
        answer
    }

    async fn write<T: Send>(
        &self,
        action: &'static str,
        change: impl FnOnce(&mut World) -> Answer<T> + Send,
    ) -> Answer<T> {
        yield_now().await;
        let answer = {
            let mut ledger = self.open();
            ledger.count(action);
            match ledger.trouble.take() {
                None => change(&mut ledger.world),
                Some(Trouble::Fails(fault)) => Err(fault),
                Some(Trouble::IsLost) => {
                    let _ = change(&mut ledger.world);
                    Err(Fault::NoAnswer(format!("{action}: the connection was reset")))
                }
            }
        };
        yield_now().await;
        answer
    }
}

impl Ledger {
    fn count(&mut self, action: &'static str) {
        *self.calls.entry(action).or_default() += 1;
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cloud").field(&*self.open()).finish()
    }
}

/// AWS says no.
fn refuse<T>(code: &str, message: impl Into<String>) -> Answer<T> {
    Err(Fault::refused(code, message))
}

/// AWS says no, unless `fine`.
fn unless<M: Into<String>>(fine: bool, code: &str, message: impl FnOnce() -> M) -> Answer<()> {
    if fine { Ok(()) } else { refuse(code, message()) }
}
