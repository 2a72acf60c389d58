//! Who waits in a lane, and who is next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seaway_core::Urgency;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::Rate;
use crate::bucket::Bucket;

/// A lane: its bucket, and who waits for a token of it.
#[derive(Debug)]
pub(crate) struct Line(Mutex<State>);

#[derive(Debug)]
struct State {
    bucket: Bucket,
    /// Each with the bell that wakes it.
    waiting: BTreeMap<Place, Arc<Notify>>,
    arrivals: u64,
}

/// The smallest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    urgency: Urgency,
    arrival: u64,
}

/// What somebody who waits is to do.
enum Next {
    /// Make the call: a token was taken.
    Go,
    /// Ask again then: nobody is before it.
    Due(Instant),
    /// Wait to be woken.
    Behind,
}

impl Line {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        let bucket = Bucket::new(rate, now);
        Self(Mutex::new(State { bucket, waiting: BTreeMap::new(), arrivals: 0 }))
    }

    /// Waits for a token. Dropped before its end, it has taken none.
    pub(crate) async fn turn(&self, urgency: Urgency) {
        let bell = Arc::new(Notify::new());
        let ticket = Ticket { line: self, place: self.state().join(urgency, Arc::clone(&bell)) };
        loop {
            // Whoever was first and is overtaken finds out when it asks again.
            let next = self.state().ask(ticket.place, Instant::now());
            match next {
                Next::Go => return,
                Next::Due(due) => {
                    let _ = timeout_at(due, bell.notified()).await;
                }
                Next::Behind => bell.notified().await,
            }
        }
    }

    pub(crate) fn throttled(&self, now: Instant, retry_after: Option<Duration>) {
        // The first in line sleeps on: it can only be later now, and asks again when it wakes.
        self.state().bucket.throttled(now, retry_after);
    }

    pub(crate) fn answered(&self, now: Instant) {
        let mut state = self.state();
        let bell = if state.bucket.answered(now) { state.first() } else { None };
        drop(state);
        // Its token is due earlier now.
        ring(bell);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    pub(crate) fn rate(&self) -> f64 {
        self.state().bucket.rate()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, urgency: Urgency, bell: Arc<Notify>) -> Place {
        let place = Place { urgency, arrival: self.arrivals };
        self.arrivals += 1;
        self.waiting.insert(place, bell);
        place
    }

    fn ask(&mut self, place: Place, now: Instant) -> Next {
        if self.waiting.first_key_value().is_some_and(|(first, _)| *first != place) {
            return Next::Behind;
        }
        match self.bucket.take(now) {
            Ok(()) => Next::Go,
            Err(due) => Next::Due(due),
        }
    }

    /// Gives the bell of who is first now, if that is news to it.
    fn leave(&mut self, place: Place) -> Option<Arc<Notify>> {
        let was_first = self.waiting.first_key_value().is_some_and(|(first, _)| *first == place);
        self.waiting.remove(&place);
        if was_first { self.first() } else { None }
    }

    fn first(&self) -> Option<Arc<Notify>> {
        self.waiting.first_key_value().map(|(_, bell)| Arc::clone(bell))
    }
}

/// A place in line. It is given up in one way, with a token or without: so whoever is next is woken.
struct Ticket<'a> {
    line: &'a Line,
    place: Place,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let bell = self.line.state().leave(self.place);
        ring(bell);
    }
}

/// Never under the lock: a bell runs the waker of whoever waits, and that may be anything.
fn ring(bell: Option<Arc<Notify>>) {
    if let Some(bell) = bell {
        bell.notify_one();
    }
}
