use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a balancer carries its traffic. A change holds for connections and flows that are new; that
/// of the idle timeout for all flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tuning {
    /// Whether targets are told the client's address: each connection begins with a header of
    /// the PROXY protocol, version 2, and so does each datagram.
    pub proxy_protocol: bool,
    /// TCP connections that it carries at once; none: as many as the plane does.
    pub max_connections: Option<u32>,
    /// How long a connection or a UDP flow may be silent in both directions; none: as the plane has
    /// it, for each of the two.
    pub idle_timeout: Option<Duration>,
    /// How long a target has to accept a connection; none: as the plane has it.
    pub connect_timeout: Option<Duration>,
}
