use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};
use std::time::Duration;

use seaway_core::{ErrorKind, ProviderError};
use serde::Deserialize;

use crate::dataplane::{HealthCheck, Options, Probe};
use seaway_pool::{Pools, Ranges};

/// The section `[providers.embedded]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The addresses to give to Services: ranges (`198.18.0.200-198.18.0.203`), prefixes
    /// (`2001:db8::/124`, all of its addresses) and single addresses, of both families, the lowest of
    /// the first entry first. They must be on this machine.
    pub pool: Ranges,
    /// More pools, by name, for Services that name one. No address may be in two.
    #[serde(default)]
    pub pools: BTreeMap<String, Ranges>,
    /// For how many seconds the address of a Service that is gone is kept for one of the same name;
    /// 0: not at all.
    #[serde(default = "default_keep_seconds")]
    pub keep_seconds: u64,
    /// Whether Services of several namespaces may share an address.
    #[serde(default)]
    pub cross_namespace_groups: bool,
    /// How many seconds open connections may live on once their port is closed. 300 by default, as
    /// the deregistration delay of an AWS NLB.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: u64,
    /// Checks nodes of `externalTrafficPolicy: Cluster` Services by `GET /healthz` on this port, as
    /// kube-proxy answers on 10256, and not by a connection to the NodePort.
    #[serde(default)]
    pub health_check_port: Option<NonZeroU16>,
    /// TCP connections of all load balancers together; one beyond that is reset. 0: no limit but
    /// the file descriptors of the process.
    #[serde(default = "default_max_connections")]
    pub max_connections: u32,
    /// UDP flows of all load balancers together. 0: no limit but the file descriptors, and local
    /// ports.
    #[serde(default = "default_max_udp_flows")]
    pub max_udp_flows: u32,
    /// UDP flows of one port of a Service, on each of its addresses; a new one beyond that ends the
    /// one that was idle longest. 8192 by default.
    #[serde(default)]
    pub max_udp_flows_per_port: Option<NonZeroU32>,
    /// How many seconds a TCP connection may be silent in both directions; 0: for ever. An hour by
    /// default, as for the provider haproxy.
    #[serde(default = "default_idle_seconds")]
    pub idle_seconds: u64,
    /// How many seconds a UDP flow may be silent in both directions. 120 by default, as conntrack and
    /// so kube-proxy have it.
    #[serde(default)]
    pub udp_idle_seconds: Option<NonZeroU64>,
}

const fn default_drain_seconds() -> u64 {
    300
}

const fn default_max_connections() -> u32 {
    100_000
}

const fn default_max_udp_flows() -> u32 {
    25_000
}

const fn default_idle_seconds() -> u64 {
    3600
}

const fn default_keep_seconds() -> u64 {
    60
}

impl Config {
    /// Checks what the types can't.
    ///
    /// # Errors
    /// A text that names the key, the value and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        Pools::new(self.pool.clone(), self.pools.clone()).map(drop)
    }

    /// All pools.
    ///
    /// # Errors
    /// As [`Config::check`].
    pub(crate) fn pools(&self) -> Result<Pools, ProviderError> {
        Pools::new(self.pool.clone(), self.pools.clone())
            .map_err(|error| ProviderError::new(ErrorKind::InvalidSpec, "config", error))
    }

    /// For how long the address of a Service that is gone is kept.
    pub(crate) const fn keep(&self) -> Duration {
        Duration::from_secs(self.keep_seconds)
    }

    /// How the data plane is to behave.
    pub(crate) fn options(&self) -> Options {
        let idle = (self.idle_seconds > 0).then(|| Duration::from_secs(self.idle_seconds));
        let default = Options::default();
        Options {
            listener_drain: self.drain(),
            max_connections: self.max_connections as usize,
            max_flows: self.max_udp_flows as usize,
            udp_flows: self
                .max_udp_flows_per_port
                .map_or(default.udp_flows, |flows| flows.get() as usize),
            idle_timeout: idle,
            udp_idle: self
                .udp_idle_seconds
                .map_or(default.udp_idle, |seconds| Duration::from_secs(seconds.get())),
            ..default
        }
    }

    /// How long open connections may live on once their port is closed.
    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }

    /// How nodes are checked; `local` is the health check node port of a `Local` Service.
    pub(crate) fn health(&self, local: Option<u16>) -> HealthCheck {
        let probe = local
            .or_else(|| self.health_check_port.map(NonZeroU16::get))
            .map_or(Probe::Tcp, |port| Probe::Http { port, path: "/healthz".to_owned() });
        HealthCheck { probe, ..HealthCheck::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use seaway_core::Family;

    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pool_is_all_that_is_needed() {
        let config = read(r#"pool = ["198.18.0.200-198.18.0.203", "2001:db8::/124"]"#).unwrap();
        assert_eq!(config.pool.count(Family::IPv4), 4);
        assert_eq!(config.pool.count(Family::IPv6), 16);
        assert_eq!(config.pool.families(), BTreeSet::from([Family::IPv4, Family::IPv6]));
        assert_eq!(config.pool.to_string(), "198.18.0.200-198.18.0.203, 2001:db8::/124");
        assert_eq!(config.drain(), Duration::from_mins(5));
        assert_eq!(config.health(None).probe, Probe::Tcp);
        let (options, default) = (config.options(), Options::default());
        assert_eq!(options.max_connections, default.max_connections);
        assert_eq!(options.max_flows, default.max_flows);
        assert_eq!(options.idle_timeout, default.idle_timeout);
        assert_eq!((options.udp_flows, options.udp_idle), (default.udp_flows, default.udp_idle));
    }

    #[test]
    fn every_key_is_read() {
        let config =
            read("pool = ['192.0.2.1']\ndrain-seconds = 7\nhealth-check-port = 10256").unwrap();
        assert_eq!(config.drain(), Duration::from_secs(7));
        let healthz = |port| Probe::Http { port, path: "/healthz".to_owned() };
        assert_eq!(config.health(None).probe, healthz(10256));
        assert_eq!(config.health(Some(31_999)).probe, healthz(31_999), "its own comes first");
        let limits =
            "pool = ['192.0.2.1']\nmax-connections = 5\nmax-udp-flows = 6\nidle-seconds = 7";
        let options = read(limits).unwrap().options();
        assert_eq!((options.max_connections, options.max_flows), (5, 6));
        assert_eq!(options.idle_timeout, Some(Duration::from_secs(7)));
        let udp = "pool = ['192.0.2.1']\nmax-udp-flows-per-port = 8\nudp-idle-seconds = 9";
        let options = read(udp).unwrap().options();
        assert_eq!((options.udp_flows, options.udp_idle), (8, Duration::from_secs(9)));
        let options = read("pool = ['192.0.2.1']\nidle-seconds = 0").unwrap().options();
        assert_eq!(options.idle_timeout, None);
    }

    #[test]
    fn json_and_so_yaml_will_do_as_well() {
        let json = r#"{"pool": ["192.0.2.1"], "drain-seconds": 0}"#;
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config.drain(), Duration::ZERO);
    }

    #[test]
    fn pools_are_read_by_their_names() {
        let plain = read("pool = ['192.0.2.1']").unwrap();
        assert_eq!((plain.pools.len(), plain.keep()), (0, Duration::from_mins(1)));
        assert!(!plain.cross_namespace_groups);
        let config = read(
            "pool = ['192.0.2.1']\nkeep-seconds = 0\ncross-namespace-groups = true\n[pools]\n\
             front = ['198.51.100.0/28', '2001:db8::/124']\ninside-v6 = ['fd00::/120']",
        )
        .unwrap();
        assert_eq!(config.check(), Ok(()));
        let pools = config.pools().unwrap();
        assert_eq!(pools.get(Some("inside-v6")).unwrap().to_string(), "fd00::/120");
        assert_eq!(pools.families(), BTreeSet::from([Family::IPv4, Family::IPv6]));
        assert_eq!(config.keep(), Duration::ZERO);
        assert!(config.cross_namespace_groups);
        let error = read("pool = ['192.0.2.0/28']\n[pools]\na = ['192.0.2.7']").unwrap().check();
        assert!(error.unwrap_err().contains("pools.a: 192.0.2.7 has addresses of pool"));
    }

    #[test]
    fn what_can_not_be_is_refused_by_name() {
        let refused = |text: &str, part: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        refused("", "pool");
        refused("pool = []", "name one address at least");
        refused("pool = ['192.0.2.300']", "192.0.2.300");
        refused("pool = ['192.0.2.1']\ndrain = 7", "drain");
        refused("pool = ['192.0.2.1']\n[pools]\na = []", "name one address at least");
        refused("pool = ['192.0.2.1']\nkeep-seconds = -1", "-1");
        refused("pool = ['192.0.2.1']\ndrain-seconds = -1", "-1");
        refused("pool = ['192.0.2.1']\nhealth-check-port = 0", "nonzero");
        refused("pool = ['192.0.2.1']\nudp-idle-seconds = 0", "nonzero");
        refused("pool = ['192.0.2.1']\nmax-udp-flows-per-port = 0", "nonzero");
        refused("pool = ['192.0.2.1']\nhealth-check-port = 65536", "65536");
    }
}
