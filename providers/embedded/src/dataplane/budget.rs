use std::fs;
use std::sync::LazyLock;

use rustix::process::{Resource, getrlimit};

/// Descriptors that are kept from traffic, unless that is more than half of those that are free at
/// the start: there may be 512 health checks at once, each a short one, and who asks `/healthz` needs
/// one, too.
const RESERVE: u64 = 256;
/// Descriptors of pipes, at most: beyond it they make nothing faster.
const PIPES: u64 = 256;

/// How much of what is scarce on the machine traffic may use up. The rest of the process (listeners,
/// the API client, metrics, health checks, logs) and of the machine must go on without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// Descriptors that the process may have.
    pub(super) descriptors: u64,
    /// Those of them that connections and flows may take.
    pub(super) files: u64,
    /// Those of them that pipes may take.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there are none"))]
    pub(super) pipes: u64,
    /// Local ports that flows may take; none: nobody knows.
    pub(super) ports: Option<u64>,
}

impl Budget {
    /// What there was when this was first asked for: at the start, before there was any traffic.
    pub(super) fn of_machine() -> Self {
        static AT_START: LazyLock<Budget> = LazyLock::new(|| {
            let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
            let open = fs::read_dir("/dev/fd").map_or(0, Iterator::count) as u64;
            let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
            Budget::new(descriptors, open, range.ok().as_deref().and_then(ports_of))
        });
        *AT_START
    }

    /// Of so many descriptors, of which some are open already, and local ports. A quarter of the
    /// free descriptors is kept from traffic, for there are more listeners where there are more of
    /// them. A tenth of the ports is, so that others on the machine still find one: each name that
    /// is looked up takes one.
    fn new(descriptors: u64, open: u64, ports: Option<u64>) -> Self {
        let free = descriptors.saturating_sub(open);
        let spare = free - RESERVE.max(free / 4).min(free / 2);
        let pipes = PIPES.min(spare / 8);
        let ports = ports.map(|ports| ports - ports / 10);
        Self { descriptors, files: spare - pipes, pipes, ports }
    }

    /// Flows of which each has a descriptor: half of all, so that no crowd of them, which may have
    /// forged addresses, leaves nothing to connections.
    pub(super) const fn flows_by_files(&self) -> u64 {
        self.files / 2
    }

    /// How many connections there may be: each takes two descriptors.
    pub(super) const fn connections_by_files(&self) -> u64 {
        self.files / 2
    }

    /// How many flows there may be, if the config allows so many.
    pub(super) fn flows(&self, most: u64) -> u64 {
        most.min(self.flows_by_files()).min(self.ports.unwrap_or(u64::MAX))
    }

    /// Says which of these limits are never reached, as something else ends before.
    pub(super) fn tell(&self, max_connections: u64, max_udp_flows: u64) {
        let Self { descriptors, .. } = *self;
        let connections = self.connections_by_files();
        if max_connections != u64::MAX && max_connections > connections {
            tracing::info!(
                max_connections,
                descriptors,
                connections,
                "file descriptors will end before max-connections is reached, as each connection \
                 takes two, and some are kept for the rest of Seaway: clients beyond them wait \
                 (`ulimit -n`, or LimitNOFILE= of the systemd unit)"
            );
        }
        let flows = self.flows(max_udp_flows);
        if max_udp_flows == u64::MAX || max_udp_flows <= flows {
            return;
        }
        if self.ports == Some(flows) {
            tracing::info!(
                max_udp_flows,
                flows,
                "local ports will end before max-udp-flows is reached, as each flow takes one, and \
                 some are kept for others on the machine (`sysctl net.ipv4.ip_local_port_range`)"
            );
        } else {
            tracing::info!(
                max_udp_flows,
                descriptors,
                flows,
                "file descriptors will end before max-udp-flows is reached, as each flow takes \
                 one, and some are kept for connections and the rest of Seaway (`ulimit -n`, or \
                 LimitNOFILE= of the systemd unit)"
            );
        }
    }
}

/// How many there are from the first to the last port of this text.
fn ports_of(range: &str) -> Option<u64> {
    let mut ports = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ports.next()?.ok()?, ports.next()?.ok()?);
    Some((last + 1).saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(descriptors: u64, open: u64, (files, pipes): (u64, u64)) {
        let budget = Budget::new(descriptors, open, None);
        assert_eq!((budget.files, budget.pipes), (files, pipes), "of {descriptors}");
    }

    #[test]
    fn a_quarter_is_kept_from_traffic_or_256_but_never_more_than_half() {
        check(0, 0, (0, 0));
        check(20, 30, (0, 0));
        check(64, 0, (28, 4));
        check(64, 24, (18, 2));
        check(200, 20, (79, 11));
        check(1024, 0, (672, 96));
        check(4096, 0, (2816, 256));
        check(524_288, 0, (392_960, 256));
    }

    #[test]
    fn the_default_limits_fit_what_systemd_gives() {
        let budget = Budget::new(524_288, 100, None);
        assert!(budget.files >= 2 * 100_000 + 25_000);
    }

    #[test]
    fn flows_leave_a_tenth_of_the_local_ports_and_half_of_the_descriptors() {
        let ports = ports_of("32768\t60999\n");
        assert_eq!(ports, Some(28_232));
        assert_eq!(Budget::new(524_288, 0, ports).flows(65_536), 25_409);
        assert_eq!(Budget::new(524_288, 0, ports).flows(u64::MAX), 25_409);
        assert_eq!(Budget::new(524_288, 0, ports).flows(100), 100);
        assert_eq!(Budget::new(1024, 0, ports).flows(65_536), 336);
        assert_eq!(Budget::new(524_288, 0, None).flows(65_536), 65_536);
    }

    #[test]
    fn a_range_that_is_none_caps_nothing() {
        assert_eq!((ports_of(""), ports_of("32768"), ports_of("a b")), (None, None, None));
        assert_eq!(ports_of("9 8"), Some(0));
    }
}
