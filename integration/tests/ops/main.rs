//! What a controller answers to those who run it, and the commands that ask it.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod admin;
mod flags;
mod plan;
mod probes;
mod status;
mod sweep;
mod uninstall;

use std::path::Path;

use seaway_integration::{Cluster, Controller, Ended, Process, embedded};

/// The flags that make a controller answer on ports of its own.
pub(crate) const ANY_PORT: [&str; 2] =
    ["--metrics-address=127.0.0.1:0", "--admin-address=127.0.0.1:0"];

/// A controller that answers on ports of its own.
pub(crate) async fn answering(cluster: &Cluster, addresses: u32, more: &[&str]) -> Controller {
    let config = embedded(&cluster.pool(addresses).await);
    Controller::start(cluster.kubeconfig(), &config, &[&ANY_PORT, more].concat()).await
}

/// Runs a command on a cluster to its end, with what runs there to be asked at `admin`.
pub(crate) async fn ask_it(cluster: &Cluster, admin: &str, args: &[&str]) -> Ended {
    let more = ["--kubeconfig", path(cluster.kubeconfig()), "--admin", admin];
    Process::run([args, &more].concat(), "").await
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Asserts that all of `parts` are in `text`.
pub(crate) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "it does not say {part:?}:\n{text}");
    }
}
