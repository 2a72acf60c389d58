//! The real API against a server that answers as Google does.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod connect;
mod lists;
mod server;
mod things;
mod trouble;
mod updates;
mod writes;
