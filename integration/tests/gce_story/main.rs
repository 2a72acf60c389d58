//! What a user of Google Cloud sees: the binary with Google's own crate, on a Compute Engine of ours that
//! compares every request with Google's description of it. What was made is asked of the project itself.
//!
//! Its load balancers move no packets: what a status of the provider does to them is told in `passthrough`.
//! They need a binary with the provider gce: `make test` makes it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a story fails by panicking")]

mod address;
mod annotation;
mod bare;
mod command;
mod creation;
mod deletion;
mod families;
mod killed;
mod nodes;
mod others;
mod policy;
mod ports;
mod ranges;
mod refusals;
mod restart;
mod scheme;
mod site;
mod witness;
