//! Daemons that are kept alive: real processes, mostly shells with a script.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "supervisor/adopt.rs"]
mod adopt;
#[path = "supervisor/lab.rs"]
mod lab;
#[path = "supervisor/life.rs"]
mod life;
#[path = "supervisor/stop.rs"]
mod stop;
