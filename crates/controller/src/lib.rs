//! Watches a cluster, drives the providers, and writes the answer back.
//!
//! ```text
//! object      the Kubernetes objects as kube decodes them: only what is read
//! watch       one watch each, as changes; streaming lists with a fallback
//! cluster/    what is known of the cluster: own maps, no reflector
//! roster/     which Service is to be carried by which key, and who has something where
//! part        which part a controller plays among several
//! queue       one queue, keyed by provider and key, with times
//! claims      the addresses that Services show, told to the providers first
//! pass        one pass over one key: reconcile, then the statuses
//! requeue     what an error means for the next try: the only place that knows
//! condition   the conditions on a Service
//! status      the status patch
//! health      which targets are healthy, asked now and then
//! stirring    what changes at the providers of its own accord
//! inspect     what is known, for people
//! metrics/    what is counted, for Prometheus, by the providers themselves too
//! pulse       whether the loop is alive
//! write       every write to the API server
//! recorder    Events, in the background
//! lease/      leader election, the fence that stops the writes of who lost, and the record of what
//!             was settled
//! fetched     the objects that a plan is made from
//! rehearsal   what a pass would do: `--dry-run` and `seaway plan`
//! sweep       what is nobody's, taken down without a controller
//! uninstall   everything of ours, taken off the Services
//! leader      who holds the Lease, for people
//! controller/ the loop that ties them together
//! ```
//!
//! This crate is the only user of the Kubernetes client in production, and names no provider.

mod claims;
mod clock;
mod cluster;
mod condition;
mod controller;
mod fetched;
mod health;
mod inspect;
mod leader;
mod lease;
mod metrics;
mod object;
mod pace;
mod part;
mod pass;
mod pulse;
mod queue;
mod recorder;
mod rehearsal;
mod requeue;
mod roster;
mod status;
mod stirring;
mod sweep;
mod uninstall;
mod watch;
mod write;

pub use clock::SystemClock;
pub use condition::{ACCEPTED, PORTS_ERROR, PROVISIONED, SERVING};
pub use controller::{Controller, Error, Options};
pub use fetched::{Fetched, fetch};
pub use inspect::{Inspection, Inspector, NotRunning, Orphan, Place, ServiceView, Stage, Trouble};
pub use leader::{Leader, leaders};
pub use lease::{Elector, LeaseFence, Ledger, Lost, Timing};
pub use metrics::Metrics;
pub use part::Part;
pub use pulse::Pulse;
pub use rehearsal::{Outline, Rehearsal, outline, outline_live};
pub use sweep::{SweepError, Sweeper, Swept};
pub use uninstall::{Fate, Goodbye, Uninstall, UninstallError, maker};

/// Our finalizer: there before the first write to a provider, gone after the last. Our own, because a
/// cloud-controller-manager beside us strips the shared one whatever the class.
pub const FINALIZER: &str = "seaway.dev/load-balancer";
