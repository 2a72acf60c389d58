//! What a user of AWS sees: the binary with the real SDK, on an account that moto mocks, behind the
//! proxy that is as strict as AWS. What was made is asked of the account itself.
//!
//! A load balancer of moto moves no packets: that traffic flows is no story of these.
//! They need a binary with the provider aws, and target/moto: `make test` makes both.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a story fails by panicking")]

mod annotation;
mod changes;
mod creation;
mod deletion;
mod killed;
mod nodes;
mod refusals;
mod restart;
mod scheme;
mod site;
mod witness;
