use seaway_pace::check_share;
use serde::Deserialize;

use crate::api::{PortRange, Scheme, Tags};

/// The section `[providers.aws]` of the config.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where the load balancers of Services that do not say so can be reached from: `internal` or
    /// `internet-facing`. It must be said: other controllers differ in what they assume.
    pub scheme: Scheme,
    /// The region; the SDK's default chain finds it if it is not given.
    #[serde(default)]
    pub region: Option<String>,
    /// Where the APIs are, for private endpoints and mocks.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The VPC of the cluster. Without it: that of the subnets, which must have one in common.
    #[serde(default)]
    pub vpc: Option<String>,
    /// The subnets (ids) of load balancers that do not name any. Without them: those tagged for the
    /// scheme (`kubernetes.io/role/elb`, `kubernetes.io/role/internal-elb`), else by their routes.
    #[serde(default)]
    pub subnets: Vec<String>,
    /// The cluster's name in tags such as `kubernetes.io/cluster/<name>`; the cluster id without it.
    #[serde(default)]
    pub cluster_name: Option<String>,
    /// The security groups (ids) of the nodes, which are opened for the load balancers: once per
    /// cluster. Without them: the one tagged `kubernetes.io/cluster/<name>`. An empty list leaves all
    /// alone.
    #[serde(default)]
    pub node_security_groups: Option<Vec<String>>,
    /// The ports of the nodes that are opened: the API server's `--service-node-port-range`.
    #[serde(default = "PortRange::node_ports")]
    pub node_ports: PortRange,
    /// Where kube-proxy tells its health: its `--healthz-bind-address`.
    #[serde(default = "health_check_port")]
    pub health_check_port: u16,
    /// With more nodes than this a Service gets some of them only.
    #[serde(default = "subset_above")]
    pub subset_above: usize,
    /// How many nodes a Service gets then. A fifth more may stay, so that a new node moves little.
    #[serde(default = "targets_per_service")]
    pub targets_per_service: usize,
    /// The share of AWS's published rates that may be used: above 0, up to 1. They are those of the
    /// whole account and region.
    #[serde(default = "whole")]
    pub rate_share: f64,
    /// Whether the members of a load balancer group may be of several namespaces.
    #[serde(default)]
    pub cross_namespace_groups: bool,
    /// Tags for everything that is made.
    #[serde(default)]
    pub tags: Tags,
}

const fn health_check_port() -> u16 {
    10_256
}

const fn subset_above() -> usize {
    100
}

const fn targets_per_service() -> usize {
    50
}

const fn whole() -> f64 {
    1.0
}

impl Config {
    /// Checks what the types can't.
    ///
    /// # Errors
    /// The key, its value and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        check_share(self.rate_share)?;
        if self.targets_per_service == 0 || self.targets_per_service > self.subset_above {
            return Err(format!(
                "targets-per-service: {} is not allowed; use 1 to {}, the value of subset-above",
                self.targets_per_service, self.subset_above
            ));
        }
        if self.health_check_port == 0 {
            return Err("health-check-port: 0 is not allowed; use 1 to 65535".to_owned());
        }
        let reserved = |key: &&String| {
            ["aws:", "seaway.dev/", "kubernetes.io/"].iter().any(|start| key.starts_with(start))
        };
        if let Some(key) = self.tags.keys().find(reserved) {
            return Err(format!(
                "tags: {key:?} is not allowed; keys that begin with aws:, seaway.dev/ or \
                 kubernetes.io/ are set by others"
            ));
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
    fn the_scheme_is_all_that_is_needed_and_must_be_said() {
        let config = read("scheme = 'internet-facing'").unwrap();
        assert_eq!(config.scheme, Scheme::InternetFacing);
        assert_eq!(config.node_ports, PortRange { from: 30_000, to: 32_767 });
        assert_eq!((config.subset_above, config.targets_per_service), (100, 50));
        assert!(read("").unwrap_err().contains("scheme"));
        assert!(read("scheme = 'public'").unwrap_err().contains("internet-facing"));
    }

    #[test]
    fn what_can_not_be_is_refused_by_name() {
        let refused = |line: &str, parts: &[&str]| {
            let error = read(&format!("scheme = 'internal'\n{line}")).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{error:?} does not say {part:?}");
            }
        };
        refused("rate-share = 0.0", &["rate-share", "0", "above 0"]);
        refused("rate-share = 1.5", &["rate-share", "1.5"]);
        refused("targets-per-service = 0", &["targets-per-service", "1 to 100"]);
        refused("targets-per-service = 101", &["101"]);
        refused("node-ports = '32767-30000'", &["32767-30000", "30000-32767"]);
        refused("node-ports = '30000'", &["30000"]);
        refused("health-check-port = 0", &["health-check-port"]);
        refused("tags = { 'seaway.dev/cluster' = 'x' }", &["tags", "seaway.dev/cluster"]);
        refused("region-name = 'x'", &["region-name"]);
    }
}
