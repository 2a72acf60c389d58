//! All operations, and which of them is next.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::time::Instant;

use crate::operation::{Due, Operation};
use crate::state::{Link, Verb};

/// Operations that run, and those that have ended: Google keeps them for weeks.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    all: HashMap<Link, Operation>,
    /// Those that run and end by themselves, in the order in which they end.
    due: BTreeSet<(Instant, u64, Link)>,
    /// The things that are being changed, and by what.
    busy: BTreeMap<Link, Link>,
    /// The operation that each request id began, by project.
    begun: HashMap<(String, String), Link>,
}

impl Operations {
    /// Takes an operation that has just begun.
    pub(crate) fn begin(&mut self, operation: Operation, request: Option<(String, String)>) {
        let link = operation.link.clone();
        if let Due::At(when) = operation.due {
            self.due.insert((when, operation.id, link.clone()));
        }
        self.busy.insert(operation.act.link.clone(), link.clone());
        if let Some(request) = request {
            self.begun.insert(request, link.clone());
        }
        self.all.insert(link, operation);
    }

    pub(crate) fn get(&self, link: &Link) -> Option<&Operation> {
        self.all.get(link)
    }

    pub(crate) fn get_mut(&mut self, link: &Link) -> Option<&mut Operation> {
        self.all.get_mut(link)
    }

    /// What this request began when it came before.
    pub(crate) fn begun_by(&self, request: &(String, String)) -> Option<&Operation> {
        self.all.get(self.begun.get(request)?)
    }

    /// What is being done to a thing.
    pub(crate) fn on(&self, thing: &Link) -> Option<&Operation> {
        self.all.get(self.busy.get(thing)?)
    }

    /// Things that are on their way in or out: nothing new can name them.
    pub(crate) fn unsteady(&self) -> impl Iterator<Item = &Link> {
        let comes_or_goes = |operation: &&Operation| match operation.act.verb {
            Verb::Insert | Verb::Delete => true,
            Verb::Patch | Verb::Update | Verb::Other(_) => false,
        };
        let running = self.busy.values().filter_map(|link| self.all.get(link));
        running.filter(comes_or_goes).map(|operation| &operation.act.link)
    }

    /// The next that has ended by now; it no longer keeps its thing busy.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Link> {
        let (when, _, _) = self.due.first()?;
        if *when > now {
            return None;
        }
        let (_, _, link) = self.due.pop_first()?;
        self.free(&link);
        Some(link)
    }

    /// Counts a look at an operation that ends after some of them; says whether it ends with this one.
    pub(crate) fn look(&mut self, link: &Link) -> bool {
        let Some(operation) = self.all.get_mut(link).filter(|operation| operation.end.is_none())
        else {
            return false;
        };
        let Due::Looks(left) = &mut operation.due else { return false };
        *left = left.saturating_sub(1);
        let ends = *left == 0;
        if ends {
            self.free(link);
        }
        ends
    }

    /// How many still run.
    pub(crate) fn running(&self) -> usize {
        self.busy.len()
    }

    fn free(&mut self, operation: &Link) {
        self.busy.retain(|_, link| link != operation);
    }
}
