//! The API, driven from outside: by the client that the controller uses, and by plain HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod allocation;
mod applying;
mod client;
mod conventions;
mod deletion;
mod events;
mod forms;
mod kube_runtime;
mod lists;
mod objects;
mod patches;
mod serving;
mod watches;
