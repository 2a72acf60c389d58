use std::time::Duration;

/// How the plane behaves for all its balancers; the defaults are for production.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that carry traffic; 0: one per core.
    pub threads: usize,
    /// Connections that the kernel keeps for a listener until they are accepted; the kernel caps
    /// it at `net.core.somaxconn`.
    pub backlog: i32,
    /// How long a target has to accept a connection.
    pub connect_timeout: Duration,
    /// Targets that are tried for one connection.
    pub connect_tries: usize,
    /// When dead peers are noticed.
    pub keepalive: Keepalive,
    /// How long open connections through a closed listener may live: 5 minutes by default, as
    /// the deregistration delay of AWS's NLB.
    pub listener_drain: Duration,
    /// How long a UDP flow without a datagram is kept: 120 s by default, as conntrack
    /// (`nf_conntrack_udp_timeout_stream`) and so kube-proxy on the nodes do.
    pub udp_idle: Duration,
    /// TCP connections of all balancers together; one beyond that is reset. 0: no limit but file
    /// descriptors, of which each takes two.
    pub max_connections: usize,
    /// How long a TCP connection may be silent in both directions before it is reset; none: for
    /// ever. An hour by default: dead peers are found by keepalive long before.
    pub idle_timeout: Option<Duration>,
    /// UDP flows of all listeners together; a new one beyond that ends one of its own listener, or
    /// is refused if there is none. 0: no limit but file descriptors and local ports, which may end
    /// before any other.
    pub max_flows: usize,
    /// UDP flows of one listener; a new one beyond that ends the one that was idle longest.
    pub udp_flows: usize,
    /// Clients that one balancer remembers for affinity; one beyond that evicts the oldest.
    pub affinity_clients: usize,
    /// Health checks that may be under way at once.
    pub checks_at_once: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            backlog: 4096,
            connect_timeout: Duration::from_secs(1),
            connect_tries: 3,
            keepalive: Keepalive::default(),
            listener_drain: Duration::from_mins(5),
            udp_idle: Duration::from_mins(2),
            max_connections: 100_000,
            idle_timeout: Some(Duration::from_hours(1)),
            max_flows: 25_000,
            udp_flows: 8192,
            affinity_clients: 100_000,
            checks_at_once: 512,
        }
    }
}

/// TCP keepalive on both sides of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Keepalive {
    /// Silence after which a peer is asked for a sign of life.
    pub idle: Duration,
    /// Time between two questions.
    pub interval: Duration,
    /// Questions without an answer after which the connection is dead.
    pub retries: u32,
}

impl Keepalive {
    /// How long a target may give no sign of life, and as long may it take nothing of what is sent to it
    /// (`TCP_USER_TIMEOUT`; Linux), which the kernel can't tell apart. Clients may: one that merely
    /// stopped reading is a matter of the idle timeout.
    pub(super) const fn patience(&self) -> Duration {
        self.idle.saturating_add(self.interval.saturating_mul(self.retries))
    }
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { idle: Duration::from_mins(1), interval: Duration::from_secs(15), retries: 4 }
    }
}
