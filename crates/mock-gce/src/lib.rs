//! A fake Compute Engine over HTTP, for tests, demonstrations and benchmarks.
//!
//! It serves what load balancers are made of: forwarding rules, regional backend services, health
//! checks, addresses, firewall rules, instance groups, network endpoint groups, target pools, and the
//! operations that change them. Every request is compared with Google's discovery document, and so is
//! every answer. It knows nothing of the rest of Seaway.
//!
//! ```text
//! server       HTTP: what was sent, and what is sent back
//! call         a request that fits a method
//! world/       how a call is taken: change (writes, operations), read (things, lists), seed
//! rules/       one file per collection: what Google refuses, defaults and changes
//! state/       all that exists, by link; limits
//! discovery/   Google's document: the router and the validator that are made of it
//! operation(s) changes that are under way, and request ids
//! pages, filter    long lists, a page at a time
//! refusal      errors, as answers and as ends of operations
//! fault, throttle, pattern    harms, rates, and the methods that they are of
//! journal      what was asked
//! ```
//!
//! A change is made when its operation ends, and operations end when the next call comes after their
//! time: there is no clock that runs by itself, and so whatever is observed is in a definite order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this crate is test code: it fails by panicking, but never on what a caller sends"
)]

mod call;
mod discovery;
mod fault;
mod filter;
mod journal;
mod mock;
mod operation;
mod operations;
mod pages;
mod pattern;
mod refusal;
mod rules;
mod server;
mod state;
mod throttle;
mod world;

pub use fault::{Fault, Harm};
pub use journal::Call;
pub use mock::{MockGce, PROJECT, REGION};
pub use refusal::Refusal;
pub use state::InUse;
pub use throttle::Rate;
