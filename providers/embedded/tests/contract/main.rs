//! The contract and the interruptions of load balancers in this process, on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod addresses;
mod fleet;
mod groups;
mod settings;
mod trouble;
mod witness;
mod world;

use world::{Forgotten, Restarted};

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Restarted>().await;
}

#[tokio::test]
async fn the_contract_holds_where_the_listeners_outlive_the_driver() {
    seaway_testkit::contract::check::<Forgotten>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Restarted>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good_where_the_listeners_outlive_the_driver() {
    seaway_testkit::interruption::check::<Forgotten>().await;
}
