//! AWS over the real SDK, on a mock that is as strict as AWS: the contract, and what is left when a
//! run is cut after any single call.
//!
//! They need target/moto, which `make test` makes.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a story fails by panicking"
)]

mod contract;
mod desk;
#[path = "../aws_rates/door.rs"]
mod door;
mod interruption;
mod story;
