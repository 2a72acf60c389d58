//! The contract and the interruptions, on the AWS in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod account;
mod annotations;
mod budget;
mod desk;
mod drift;
mod foreign;
mod nodes;
mod scheme;
mod sharing;
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
