//! Why a sandbox does not start.

use std::{io, net::SocketAddr, path::PathBuf};
use thiserror::Error;

/// Why a sandbox does not start, or can't tell how to reach it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The sandbox is not for others: it listens on loopback only.
    #[error("can't listen on {0}: the sandbox listens on loopback only; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// Another process has the port.
    #[error("port {} on {} is in use; choose another port, or 0 for any free one", .0.port(), .0.ip())]
    PortInUse(SocketAddr),
    /// The address can't be listened on.
    #[error("can't listen on {addr}; choose another loopback address and port")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No certificate for TLS.
    #[error("can't make a certificate for TLS")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The token can't be sent in a header.
    #[error("the token must be made of visible ASCII letters, without spaces")]
    Token,
    /// The service networks or ports can't carry a cluster.
    #[error("can't set up the cluster: {0}; check the service networks and node ports")]
    Cluster(String),
    /// The kubeconfig can't be written.
    #[error("can't write the kubeconfig {}; choose a path in a folder you may write to", .path.display())]
    Kubeconfig {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
