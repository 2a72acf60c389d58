//! Several controllers on one cluster: one of them works.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod candidate;
mod handover;
mod lost;
