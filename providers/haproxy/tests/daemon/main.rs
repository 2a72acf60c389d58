//! The daemon itself: on loopback addresses and free ports, as whoever runs the tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this is test code: it fails by panicking"
)]

mod changes;
mod clients;
mod families;
mod hostile;
mod node;
mod pods;
mod proxy;
mod reloads;
mod rig;
mod theirs;
mod words;
