//! What the stories share. A story drives real `seaway` processes from outside: with a kubeconfig,
//! with HTTP and with sockets. Nothing here reaches into them, so that the same stories can run on
//! any cluster.
//!
//! ```text
//! boxes/     a laboratory for daemons: a client and machines on a network of their own
//! binary     which `seaway` is under test
//! process    one `seaway` process: its lines, its signals, its end
//! cluster/   a cluster to work on, its objects and its Events
//! controller `seaway run` on a cluster, with a config of its own
//! manifest   Services and Pods, as a user writes them
//! ask        one request to what a controller answers
//! visit      one request: HTTP or UDP, and what the pod answers
//! load       many requests, and which of them failed
//! figure     what a story has measured
//! gateway    a proxy in front of the API: it counts writes, and turns the order of lists around
//! moto       a mock of AWS, as a process of its own
//! mock_aws/  a proxy in front of it: as strict as AWS, it counts, limits, and fails on purpose
//! google     nodes that are instances of a project of Google Cloud, which a fake stands for
//! stopped    how a demonstration, or a benchmark, is ended
//! until      waits for what is to come, and not longer than it may take
//! ```
//!
//! Every process is killed when the value that stands for it is dropped, also by a panic.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this crate is test code: it fails by panicking"
)]

mod ask;
mod binary;
pub mod boxes;
mod cluster;
mod controller;
mod figure;
mod gateway;
pub mod google;
mod load;
mod manifest;
pub mod mock_aws;
mod moto;
mod process;
mod stopped;
mod until;
mod visit;

pub use ask::{Reply, ask, ask_as};
pub use cluster::{Cluster, addresses, condition, hostname, is_ours};
pub use controller::{Controller, answers, daemon, embedded, on_box};
pub use figure::figure;
pub use gateway::{Gateway, Order};
pub use load::{Load, Tally};
pub use manifest::{annotated, pod, service};
pub use moto::Moto;
pub use process::{Ended, Process};
pub use rustix::process::Signal;
pub use stopped::{demonstrate, stopped};
pub use until::{DEADLINE, SLOW, until, until_within};
pub use visit::{
    Answer, IN_A_ROW, ask_udp, get, is_closed, is_refused, is_steady, visit, visit_from,
};

/// The finalizer that Seaway puts on a Service. It is part of the interface: users see it.
pub const FINALIZER: &str = "seaway.dev/load-balancer";
