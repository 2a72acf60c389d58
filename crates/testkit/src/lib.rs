//! The contract that every provider must pass, and what tests of providers are made of.
//!
//! ```text
//! bench        what a provider tells the testkit: how to make it, how to see its world
//! contract/    the cases that every provider must pass, chosen by capability
//! interruption/ the run is cut after every single call; nothing may be orphaned, doubled or moved
//! rig          a cluster, a provider and its driver, run as the controller would run them
//! faults       a decorator: counts calls, cuts, loses answers, refuses
//! served       what clients meet, in terms that all providers share
//! spec, node   builders: spec("a").port(80).udp(53).build(), node("node-1").at("127.0.0.1")
//! namespace    a test in a network of its own, for what loopback can't show
//! environment a test in a process with an environment of its own
//! machine/     a daemon on this machine: its bench, its addresses, ports and processes
//! canned       an HTTP server that gives the replies it was told to give
//! clock, fence time that moves when told; a lease that is lost
//! hurry       a world that lives faster than the machine
//! toys/        three toy providers, with their clouds, that show what the trait carries
//! ```
//!
//! # A provider's own test
//! Write a [`Bench`], in `tests/contract.rs` of the provider's crate, and two tests:
//! ```ignore
//! #[tokio::test]
//! async fn the_contract_holds() {
//!     seaway_testkit::contract::check::<MyBench>().await;
//! }
//!
//! #[tokio::test]
//! async fn an_interrupted_run_is_made_good() {
//!     seaway_testkit::interruption::check::<MyBench>().await;
//! }
//! ```
//! [`Bench::open`] makes a world for one case: a fake cloud, a mock server, a daemon on ports of its
//! own. [`Bench::provider`] makes a provider with empty memory on it, as a restart of the controller
//! would: whatever survives in the world is there, whatever the old provider knew is not. The
//! provider must be that of the cluster [`cluster_id`]. [`Bench::inventory`] and [`Bench::served`]
//! are the witnesses: they read the world, past the provider. All else has a default; a case that
//! needs what a bench does not offer is listed as not applicable, with the reason.
//!
//! A provider that serves inside its own process says so ([`Bench::SERVES_IN_PROCESS`]): after a
//! restart it has nothing, and is asked to make it again on the published addresses.
//! `tests/by_node.rs`, `tests/one_file.rs` and `tests/by_id.rs` of this crate are examples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this crate is test code: it fails by panicking"
)]

mod bench;
pub mod canned;
mod clock;
pub mod contract;
pub mod environment;
pub mod faults;
mod fence;
mod figures;
mod hurry;
pub mod interruption;
#[cfg(target_os = "linux")]
pub mod machine;
#[cfg(target_os = "linux")]
pub mod namespace;
mod node;
pub mod rig;
mod served;
mod spec;
pub mod toys;

pub use bench::{Bench, Fault, Thing};
pub use clock::ManualClock;
pub use fence::ClosingFence;
pub use figures::tell;
pub use hurry::Hurry;
pub use node::{NodeBuilder, node};
pub use served::{Front, Served};
pub use spec::{SpecBuilder, spec, uid};

/// The cluster that the provider under test works for.
pub fn cluster_id() -> seaway_core::ClusterId {
    "testkit".into()
}
