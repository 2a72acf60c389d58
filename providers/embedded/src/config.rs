use std::time::Duration;

use serde::Deserialize;

use crate::dataplane::{HealthCheck, Probe};
use crate::pool::Ranges;

/// The section `[providers.embedded]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The addresses to give to Services: ranges (`198.18.0.200-198.18.0.203`), prefixes
    /// (`2001:db8::/124`, all of its addresses) and single addresses, of both families. They must be
    /// on this machine.
    pub pool: Ranges,
    /// How many seconds open connections may live on once their port is closed. 300 by default, as
    /// the deregistration delay of an AWS NLB.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: u64,
    /// Checks nodes of `externalTrafficPolicy: Cluster` Services by `GET /healthz` on this port, as
    /// kube-proxy answers on 10256, and not by a connection to the NodePort.
    #[serde(default)]
    pub health_check_port: Option<u16>,
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
            .or(self.health_check_port)
            .map_or(Probe::Tcp, |port| Probe::Http { port, path: "/healthz".to_owned() });
        HealthCheck { probe, ..HealthCheck::default() }
    }
}
