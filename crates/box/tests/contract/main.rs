//! The contract and the interruptions of a box, with a daemon in memory behind real files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod desk;
mod fake;
mod trouble;

use desk::Desk;

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Desk>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Desk>().await;
}
