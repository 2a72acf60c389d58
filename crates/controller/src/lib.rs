//! Watches a cluster, drives the providers, and writes the answer back.
//!
//! ```text
//! object      the Kubernetes objects as kube decodes them: only what is read
//! watch       one watch each, as changes; streaming lists with a fallback
//! cluster/    what is known of the cluster: own maps, no reflector
//! roster/     which Service is to be carried by which key, and who has something where
//! queue       one queue, keyed by provider and key, with times
//! claims      the addresses that Services show, told to the providers first
//! pass        one pass over one key: reconcile, then the statuses
//! requeue     what an error means for the next try: the only place that knows
//! status      the status patch
//! write       every write to the API server
//! recorder    Events, in the background
//! rehearsal   what a pass would do: `--dry-run` and `seaway plan`
//! controller/ the loop that ties them together
//! ```
//!
//! This crate is the only user of the Kubernetes client in production, and names no provider.

mod claims;
mod clock;
mod cluster;
mod controller;
mod object;
mod pace;
mod pass;
mod queue;
mod recorder;
mod rehearsal;
mod requeue;
mod roster;
mod status;
mod watch;
mod write;

pub use clock::SystemClock;
pub use controller::{Controller, Error, Options};
pub use rehearsal::{Fetched, Outline, fetch, outline};

/// Our finalizer: there before the first write to a provider, gone after the last. Our own, because a
/// cloud-controller-manager beside us strips the shared one whatever the class.
pub const FINALIZER: &str = "seaway.dev/load-balancer";

/// The condition on a Service that says that everything it asked for is there. Its message carries
/// the digest of what was asked.
pub const CONDITION: &str = "seaway.dev/Provisioned";
