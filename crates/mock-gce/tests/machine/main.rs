//! What the fake does for every collection alike, seen over HTTP as a provider would see it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod client;
mod faults;
mod lists;
mod nonsense;
mod operations;
mod places;
mod refusals;
mod things;
