//! What is installed on a cluster: the kustomize overlays and the Helm chart render, say the same,
//! and ask for no more than they need; and what the pages say of them, and of the config, is true.
//!
//! Those in `server` need an API server: `make e2e` gives them one.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod annotations;
mod boxes;
mod chart;
mod documents;
mod level;
mod overlays;
mod permissions;
mod policy;
mod render;
mod role;
mod server;
mod sidecar;
