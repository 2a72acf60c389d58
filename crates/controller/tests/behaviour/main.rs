//! The controller as a whole: a real API server's rules in memory, and load balancers that can be
//! changed behind its back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

mod boxes;
mod conditions;
mod controls;
mod departure;
mod doors;
mod drift;
mod lab;
mod lost;
mod measures;
mod node_storms;
mod nodes;
mod offline;
mod providers;
mod rush;
mod settled;
mod start;
mod sweep;
mod sync;
mod trouble;
mod warnings;
