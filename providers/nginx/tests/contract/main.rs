//! The contract and the interruptions of the provider, on the daemon itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod loaded;
mod nodes;
mod world;

use seaway_testkit::machine::{Home, trouble};
use world::World;

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Home<World>>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Home<World>>().await;
}

#[tokio::test]
async fn a_port_that_somebody_has_stops_nobody_else_and_is_had_once_they_leave() {
    trouble::somebody_has_a_port::<World>().await;
}

#[tokio::test]
async fn a_daemon_that_died_serves_again_at_the_same_addresses() {
    trouble::the_daemon_dies::<World>().await;
}

#[tokio::test]
async fn a_file_that_somebody_edits_is_written_and_loaded_again() {
    trouble::somebody_edits_the_file::<World>().await;
}
