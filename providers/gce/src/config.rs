//! The section `[providers.gce]` of the config.

mod settled;
mod word;

use std::collections::BTreeSet;
use std::path::PathBuf;

use seaway_core::PortRange;
use seaway_pace::check_share;
use serde::Deserialize;

pub use self::settled::Settled;
pub(crate) use self::word::{PROJECT, is_endpoint, is_project, is_word};
use crate::api::{Scheme, Tier};

/// The section `[providers.gce]` of the config. What is an option here may come from the in-tree
/// provider's `gce.conf` too; what is said here wins.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The id of the project that the nodes and the load balancers are in.
    #[serde(default)]
    pub project: Option<String>,
    /// The region.
    #[serde(default)]
    pub region: Option<String>,
    /// Where the load balancers of Services that do not say so can be reached from: `external` or
    /// `internal`.
    #[serde(default)]
    pub scheme: Scheme,
    /// The VPC network; `default` without it.
    #[serde(default)]
    pub network: Option<String>,
    /// The project of a shared VPC, where the network, the subnetworks and the firewall rules are; the
    /// project itself without it.
    #[serde(default)]
    pub network_project: Option<String>,
    /// The subnetwork of internal and of IPv6 load balancers; without it the one named as the network,
    /// as networks that make their own subnetworks have it.
    #[serde(default)]
    pub subnetwork: Option<String>,
    /// Firewall rules are for instances with these network tags. An empty list: for all of the network.
    #[serde(default)]
    pub node_tags: Option<BTreeSet<String>>,
    /// The network tier of external load balancers whose Services do not say so: `premium` or
    /// `standard`.
    #[serde(default)]
    pub network_tier: Tier,
    /// The ports that the health checks of Services with `externalTrafficPolicy: Local` may be on: the
    /// API server's `--service-node-port-range`.
    #[serde(default = "PortRange::node_ports")]
    pub node_ports: PortRange,
    /// Where kube-proxy tells its health: its `--healthz-bind-address`.
    #[serde(default = "health_check_port")]
    pub health_check_port: u16,
    /// Whether firewall rules are made; without them somebody else has to.
    #[serde(default)]
    pub manage_firewalls: Option<bool>,
    /// How many forwarding rules a Service may have per protocol and family. Ten share an internal
    /// address at most.
    #[serde(default = "rules_per_protocol")]
    pub rules_per_protocol: usize,
    /// The share of Google's rates that may be used: above 0, up to 1. They are those of the whole
    /// project.
    #[serde(default = "whole")]
    pub rate_share: f64,
    /// Where the API is, for private endpoints and mocks. With `http://` no credentials are used.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The in-tree provider's file, which fills in what is not said here.
    #[serde(default)]
    pub gce_conf: Option<PathBuf>,
}

const fn health_check_port() -> u16 {
    10_256
}

const MOST_RULES: usize = 10;

const fn rules_per_protocol() -> usize {
    MOST_RULES
}

const fn whole() -> f64 {
    1.0
}

impl Config {
    /// Checks what the types can't, as far as the config goes by itself.
    ///
    /// # Errors
    /// The key, its value and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        let named =
            |key: &str, value: &Option<String>, is: fn(&str) -> bool, allowed: &str| match value
                .as_deref()
                .filter(|value| !is(value))
            {
                Some(value) => Err(format!("{key}: {value:?} is not allowed; use {allowed}")),
                None => Ok(()),
            };
        named("project", &self.project, is_project, PROJECT)?;
        named("network-project", &self.network_project, is_project, PROJECT)?;
        named("region", &self.region, is_word, "a region such as europe-west1")?;
        let zone = |region: &str| {
            let (rest, last) = region.rsplit_once('-')?;
            (last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_lowercase()))
                .then(|| rest.to_owned())
        };
        if let Some((zone, region)) =
            self.region.as_deref().and_then(|region| Some((region, zone(region)?)))
        {
            return Err(format!("region: {zone:?} is a zone; use {region:?}"));
        }
        named("network", &self.network, is_word, "the network's name, e.g. default")?;
        named("subnetwork", &self.subnetwork, is_word, "the subnetwork's name, e.g. default")?;
        named("endpoint", &self.endpoint, is_endpoint, word::ENDPOINT)?;
        if let Some(tag) = self.node_tags.iter().flatten().find(|tag| !is_word(tag)) {
            return Err(format!("node-tags: {tag:?} is not allowed; use {}", word::TAG));
        }
        if self.health_check_port == 0 {
            return Err("health-check-port: 0 is not allowed; use 1 to 65535".to_owned());
        }
        if !(1..=MOST_RULES).contains(&self.rules_per_protocol) {
            return Err(format!(
                "rules-per-protocol: {} is not allowed; use 1 to {MOST_RULES}",
                self.rules_per_protocol
            ));
        }
        check_share(self.rate_share)?;
        if self.gce_conf.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err("gce-conf: \"\" is not allowed; use the path of a file".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    #[test]
    fn nothing_has_to_be_said_where_a_gce_conf_may_say_it() {
        let config = read("").unwrap();
        assert_eq!((config.scheme, config.network_tier), (Scheme::External, Tier::Premium));
        assert_eq!(config.node_ports, PortRange { from: 30_000, to: 32_767 });
        assert_eq!((config.health_check_port, config.rules_per_protocol), (10_256, 10));
        assert_eq!((config.project, config.manage_firewalls, config.node_tags), (None, None, None));
    }

    #[test]
    fn every_key_is_read() {
        let config = read(
            "project = 'example.com:my-project'\n\
             region = 'europe-west1'\n\
             scheme = 'internal'\n\
             network = 'net'\n\
             network-project = 'host-project'\n\
             subnetwork = 'sub'\n\
             node-tags = ['gke-node']\n\
             network-tier = 'standard'\n\
             node-ports = '30000-30100'\n\
             health-check-port = 10257\n\
             manage-firewalls = false\n\
             rules-per-protocol = 1\n\
             rate-share = 0.5\n\
             endpoint = 'http://127.0.0.1:8080'\n\
             gce-conf = '/etc/gce.conf'\n",
        )
        .unwrap();
        assert_eq!((config.scheme, config.network_tier), (Scheme::Internal, Tier::Standard));
        assert_eq!(config.node_tags, Some(BTreeSet::from(["gke-node".to_owned()])));
        assert_eq!(config.node_ports, PortRange { from: 30_000, to: 30_100 });
        assert_eq!(config.gce_conf, Some(PathBuf::from("/etc/gce.conf")));
        assert_eq!(config.manage_firewalls, Some(false));
    }

    #[test]
    fn what_can_not_be_is_refused_by_name() {
        let refused = |line: &str, parts: &[&str]| {
            let error = read(line).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{error:?} does not say {part:?}");
            }
        };
        refused("project = ''", &["project", "\"\"", "my-project"]);
        refused("project = '123456789'", &["project", "123456789", "not its number"]);
        refused("network-project = 'Host'", &["network-project", "Host"]);
        refused("region = 'europe west'", &["region", "europe west", "europe-west1"]);
        refused("region = 'europe-west1-b'", &["is a zone", "\"europe-west1\""]);
        refused("network = 'projects/p/global/networks/n'", &["network", "the network's name"]);
        refused("subnetwork = 'Sub'", &["subnetwork", "Sub"]);
        refused("node-tags = ['a,b']", &["node-tags", "a,b"]);
        refused("scheme = 'public'", &["scheme", "public", "internal"]);
        refused("network-tier = 'Standard'", &["network-tier", "standard"]);
        refused("node-ports = '32767-30000'", &["node-ports", "32767-30000", "30000-32767"]);
        refused("health-check-port = 0", &["health-check-port", "0", "65535"]);
        refused("rules-per-protocol = 0", &["rules-per-protocol", "0", "1 to 10"]);
        refused("rules-per-protocol = 11", &["rules-per-protocol", "11"]);
        refused("rate-share = 0.0", &["rate-share", "0", "above 0"]);
        refused("rate-share = 1.5", &["rate-share", "1.5"]);
        refused("endpoint = 'compute.internal'", &["endpoint", "compute.internal", "https://"]);
        refused("endpoint = 'http://x/compute/v1'", &["endpoint", "without a path"]);
        refused("gce-conf = ''", &["gce-conf", "path"]);
        refused("zone = 'x'", &["zone"]);
    }
}
