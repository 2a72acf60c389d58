//! What a load balancer that passes packets on stands on: they come to a node with the client's address
//! and for the address and the port of the load balancer, and the node's kube-proxy takes them because
//! the status says so, with the mode VIP. No NodePort has a part in it.
//!
//! The status is written by hand here, in the words of a provider; in `gce` the provider itself writes it.
//! A router sends the address to one node, so that it is known who answers.
//!
//! They are ignored where there is no real kube-proxy; `make e2e` runs them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bare;
mod client;
mod families;
mod gce;
mod mode;
mod policy;
mod ranges;
mod site;
