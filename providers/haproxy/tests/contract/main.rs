//! The contract and the interruptions of the provider, on the daemon itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod loaded;
mod trouble;
mod world;

use world::World;

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<World>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<World>().await;
}
