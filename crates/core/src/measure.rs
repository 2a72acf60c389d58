//! What a provider counts and measures itself, for whoever watches over it.

use crate::{NodeName, ServiceUid};

/// A metric that a provider keeps itself, such as the connections through its load balancers.
///
/// Names keep to the rules of Prometheus: words of `[a-z0-9_]`, base units, and neither the unit nor
/// `_total` at the end. Whoever shows them puts these on, and the provider's name before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its name, which no other measure of the provider has.
    pub name: &'static str,
    /// What it tells, in a line without a full stop.
    pub help: &'static str,
    /// What its values are in, unless they are mere numbers: `bytes`.
    pub unit: Option<&'static str>,
    /// Whether it may go down.
    pub kind: MeasureKind,
    /// Its values. No two of them have both subject and labels in common.
    pub readings: Vec<Reading>,
}

/// Whether a measure may go down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureKind {
    /// It counts, and never goes down for as long as its subject is there.
    Counter,
    /// It is what there is now.
    Gauge,
}

/// One value of a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What it is of.
    pub of: Subject,
    /// What tells it from the other values of the same subject: such as `reason`, where one thing is
    /// divided. They are part of the program, so their number can't grow.
    pub labels: &'static [(&'static str, &'static str)],
    /// The value.
    pub value: u64,
}

/// What a value is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The provider as a whole.
    Provider,
    /// What one Service has there.
    Service(ServiceUid),
    /// A target of a Service.
    Target(ServiceUid, NodeName),
}
