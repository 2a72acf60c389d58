//! The controller is interrupted after every write to the API server and every call to a provider.
//!
//! The controller here is the real one, in this process, on an API server in memory and on a world of
//! the testkit. A call takes effect, its answer never arrives, and the controller is gone with all
//! that it knew; or the answer is lost, or the call never arrives, and it lives on. Whoever goes on
//! must end where an uninterrupted run ends, with nothing orphaned, doubled or moved, and whoever
//! comes after that must find nothing left to write.
//!
//! ```text
//! story     what is interrupted: create, change and delete
//! case      one interrupted run, and how it ended
//! all       every interruption of every story, for one provider
//! site      an API server, a world, and the controller that works on them
//! verdict   what must hold while nobody runs, and when all is quiet
//! history   what the statuses of Services showed, all the time
//! wire      the client of the controller, which counts writes and loses them
//! manifest  Services and Nodes as the API server takes them
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod all;
mod case;
#[path = "../../../providers/embedded/tests/contract/fleet.rs"]
mod fleet;
mod history;
mod manifest;
mod site;
mod story;
mod verdict;
mod wire;
#[path = "../../../providers/embedded/tests/contract/witness.rs"]
mod witness;
#[allow(dead_code, reason = "the provider's own tests ask more of it")]
#[path = "../../../providers/embedded/tests/contract/world.rs"]
mod world;

use seaway_testkit::toys::{by_id, by_node, one_file};

#[test]
fn by_node_is_made_good() {
    all::check::<by_node::Desk>();
}

#[test]
fn one_file_is_made_good() {
    all::check::<one_file::Desk>();
}

#[test]
fn by_id_is_made_good() {
    all::check::<by_id::Desk>();
}

#[test]
fn embedded_is_made_good() {
    all::check::<world::Restarted>();
}
