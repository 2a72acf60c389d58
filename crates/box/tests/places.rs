//! Addresses on the box, on a real kernel: each test has a network namespace for itself.
#![cfg(target_os = "linux")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "places/bind.rs"]
mod bind;
#[path = "places/duplicate.rs"]
mod duplicate;
#[path = "places/interface.rs"]
mod interface;
