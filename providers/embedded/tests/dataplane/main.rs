//! The data plane, from outside: one test per promise of its door.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

mod cores;
mod door;
mod drain;
mod health;
mod lab;
mod limits;
mod proxy;
mod tcp;
mod udp;
