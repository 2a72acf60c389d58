//! What is done to callers.

use std::time::Duration;

use crate::pattern::{Class, Pattern};
use crate::refusal::Refusal;

/// A harm, and the calls that it is done to.
#[derive(Clone, Debug)]
pub struct Fault {
    pattern: Pattern,
    harm: Harm,
    every: usize,
    seen: usize,
    left: Option<usize>,
}

/// What is done to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Nothing is done, and this is answered.
    Refuse(Refusal),
    /// The call is taken, and its operation fails: nothing is changed.
    FailOperation(Refusal),
    /// The same, and the operation does not tell the HTTP status that belongs to its error.
    FailOperationWithoutStatus(Refusal),
    /// What was asked is done, and the connection is closed instead of an answer.
    LoseAnswer,
    /// The connection is closed, and nothing was done.
    Close,
    /// The operation takes this long.
    SlowOperation(Duration),
    /// Somebody else changes the thing first: it has a new fingerprint when the call comes.
    BumpFingerprint,
}

impl Harm {
    /// How long the operation takes.
    pub(crate) fn time(&self) -> Option<Duration> {
        if let Self::SlowOperation(time) = self { Some(*time) } else { None }
    }

    /// What the operation fails with.
    pub(crate) fn doom(&self) -> Option<&Refusal> {
        if let Self::FailOperation(refusal) | Self::FailOperationWithoutStatus(refusal) = self {
            Some(refusal)
        } else {
            None
        }
    }
}

impl Fault {
    /// Harms the next call of this method.
    ///
    /// `pattern` is a method's id, such as `compute.forwardingRules.insert`, in which `*` stands for
    /// anything; or `write`, `read`, `operation` or `any`.
    pub fn next(pattern: &str, harm: Harm) -> Self {
        Self::every(1, pattern, harm).times(1)
    }

    /// Harms the n-th call from now on, and no other.
    pub fn nth(n: usize, pattern: &str, harm: Harm) -> Self {
        Self::every(n, pattern, harm).times(1)
    }

    /// Harms every n-th call.
    pub fn every(n: usize, pattern: &str, harm: Harm) -> Self {
        Self { pattern: Pattern::new(pattern), harm, every: n.max(1), seen: 0, left: None }
    }

    /// Ends after so many harms.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { left: Some(times), ..self }
    }

    fn strike(&mut self, id: &str, class: Class) -> Option<Harm> {
        if self.left == Some(0) || !self.pattern.fits(id, class) {
            return None;
        }
        self.seen += 1;
        if !self.seen.is_multiple_of(self.every) {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(self.harm.clone())
    }
}

/// All harms that are to be done.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
}

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// How many are not used up yet.
    pub(crate) fn len(&self) -> usize {
        self.faults.len()
    }

    /// What is done to this call. Two faults can strike at once: a slow operation that fails.
    pub(crate) fn strike(&mut self, id: &str, class: Class) -> Vec<Harm> {
        let harms = self.faults.iter_mut().filter_map(|fault| fault.strike(id, class)).collect();
        self.faults.retain(|fault| fault.left != Some(0));
        harms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_call_is_harmed_until_it_was_often_enough() {
        let mut faults = Faults::default();
        faults.push(Fault::every(2, "write", Harm::Close).times(2));
        let mut strike = || faults.strike("compute.firewalls.insert", Class::Write).len();
        let struck: Vec<usize> = (0..7).map(|_| strike()).collect();
        assert_eq!(struck, [0, 1, 0, 1, 0, 0, 0]);
        assert_eq!(faults.len(), 0);
    }

    #[test]
    fn other_calls_are_neither_harmed_nor_counted() {
        let mut faults = Faults::default();
        faults.push(Fault::nth(2, "compute.firewalls.insert", Harm::Close));
        assert!(faults.strike("compute.firewalls.insert", Class::Write).is_empty());
        assert!(faults.strike("compute.firewalls.delete", Class::Write).is_empty());
        assert_eq!(faults.strike("compute.firewalls.insert", Class::Write), [Harm::Close]);
    }
}
