//! How near the provider comes to the rates of AWS.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod converge;
mod door;
