//! The provider on the real daemon, unprivileged and on loopback addresses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hostile;
mod lab;
mod reload;
mod serve;
mod sick;
mod theirs;
