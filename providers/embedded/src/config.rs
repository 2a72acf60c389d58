use std::num::NonZeroU16;
use std::time::Duration;

use serde::Deserialize;

use crate::dataplane::{HealthCheck, Probe};
use seaway_pool::Ranges;

/// The section `[providers.embedded]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The addresses to give to Services: ranges (`198.18.0.200-198.18.0.203`), prefixes
    /// (`2001:db8::/124`, all of its addresses) and single addresses, of both families, the lowest of
    /// the first entry first. They must be on this machine.
    pub pool: Ranges,
    /// How many seconds open connections may live on once their port is closed. 300 by default, as
    /// the deregistration delay of an AWS NLB.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: u64,
    /// Checks nodes of `externalTrafficPolicy: Cluster` Services by `GET /healthz` on this port, as
    /// kube-proxy answers on 10256, and not by a connection to the NodePort.
    #[serde(default)]
    pub health_check_port: Option<NonZeroU16>,
}

const fn default_drain_seconds() -> u64 {
    300
}

impl Config {
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
    }

    #[test]
    fn every_key_is_read() {
        let config =
            read("pool = ['192.0.2.1']\ndrain-seconds = 7\nhealth-check-port = 10256").unwrap();
        assert_eq!(config.drain(), Duration::from_secs(7));
        let healthz = |port| Probe::Http { port, path: "/healthz".to_owned() };
        assert_eq!(config.health(None).probe, healthz(10256));
        assert_eq!(config.health(Some(31_999)).probe, healthz(31_999), "its own comes first");
    }

    #[test]
    fn json_and_so_yaml_will_do_as_well() {
        let json = r#"{"pool": ["192.0.2.1"], "drain-seconds": 0}"#;
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config.drain(), Duration::ZERO);
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
        refused("pool = ['192.0.2.1']\ndrain-seconds = -1", "-1");
        refused("pool = ['192.0.2.1']\nhealth-check-port = 0", "nonzero");
        refused("pool = ['192.0.2.1']\nhealth-check-port = 65536", "65536");
    }
}
