//! What would be done is told, and nothing is done.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod plan;
mod run;
mod snapshot;
