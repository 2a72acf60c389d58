//! The contract and the interruptions, over Google's own crate, on a Compute Engine that refuses what
//! Google refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod budget;
mod desk;
mod places;
mod ports;
mod scene;
mod shared;
mod witness;

use desk::Desk;

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Desk>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Desk>().await;
}
