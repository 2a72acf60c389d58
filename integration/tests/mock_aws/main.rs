//! The mock of AWS is as strict as AWS: what a provider is tested on must hold in earnest. Each rule
//! that moto lacks has a test here.
//!
//! They need target/moto, which `make test` makes.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a story fails by panicking")]

mod balancer;
mod fault;
mod group;
mod listener;
mod process;
mod rate;
mod security_group;
mod site;
mod tag;
mod target;
mod world;
