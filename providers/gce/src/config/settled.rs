use std::collections::BTreeSet;

use seaway_core::PortRange;

use super::Config;
use crate::api::{Scheme, Tier};
use crate::gce_conf::GceConf;

/// The config with all that it needs: what it does not say is from `gce.conf`, or a default.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The id of the project that the nodes and the load balancers are in.
    pub project: String,
    /// The region.
    pub region: String,
    /// Where the load balancers of Services that do not say so can be reached from.
    pub scheme: Scheme,
    /// The name of the VPC network.
    pub network: String,
    /// The project where the network, the subnetworks and the firewall rules are.
    pub network_project: String,
    /// The name of the subnetwork of internal and of IPv6 load balancers.
    pub subnetwork: String,
    /// The network tags of the instances that firewall rules are for; none: all of the network.
    pub node_tags: BTreeSet<String>,
    /// The network tier of external load balancers whose Services do not say so.
    pub network_tier: Tier,
    /// The ports that the health checks of Services with `externalTrafficPolicy: Local` may be on.
    pub node_ports: PortRange,
    /// Where kube-proxy tells its health.
    pub health_check_port: u16,
    /// Whether firewall rules are made.
    pub manage_firewalls: bool,
    /// How many forwarding rules a Service may have per protocol and family.
    pub rules_per_protocol: usize,
    /// The share of Google's rates that may be used.
    pub rate_share: f64,
    /// Where the API is, if not at Google's.
    pub endpoint: Option<String>,
}

impl Config {
    /// Checks the config, reads the `gce.conf` that it names, and fills in what is not said.
    ///
    /// # Errors
    /// What is wrong, or missing, by key.
    pub fn complete(self) -> Result<Settled, String> {
        self.check()?;
        let file = match &self.gce_conf {
            Some(path) => GceConf::read(path)?,
            None => GceConf::default(),
        };
        self.filled(file)
    }

    fn filled(self, file: GceConf) -> Result<Settled, String> {
        let place = match &self.gce_conf {
            Some(path) => format!(" or in {}", path.display()),
            None => ", or name a gce-conf that says it".to_owned(),
        };
        let missing =
            |key: &str, other: &str| format!("{key}: it is not said; say it here{place} ({other})");
        let project =
            self.project.or(file.project).ok_or_else(|| missing("project", "project-id"))?;
        let region = self.region.or(file.region).ok_or_else(|| missing("region", "local-zone"))?;
        let network = self.network.or(file.network).unwrap_or_else(|| "default".to_owned());
        let network_project = self.network_project.or(file.network_project);
        let endpoint = self.endpoint.or(file.endpoint);
        Ok(Settled {
            network_project: network_project.unwrap_or_else(|| project.clone()),
            subnetwork: self.subnetwork.or(file.subnetwork).unwrap_or_else(|| network.clone()),
            project,
            region,
            scheme: self.scheme,
            network,
            node_tags: self.node_tags.unwrap_or(file.node_tags),
            network_tier: self.network_tier,
            node_ports: self.node_ports,
            health_check_port: self.health_check_port,
            manage_firewalls: self.manage_firewalls.or(file.manage_firewalls).unwrap_or(true),
            rules_per_protocol: self.rules_per_protocol,
            rate_share: self.rate_share,
            endpoint: endpoint.map(|url| url.trim_end_matches('/').to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[global]\n\
        project-id = file-project\n\
        network-project-id = file-host\n\
        network-name = file-net\n\
        subnetwork-name = file-sub\n\
        node-tags = file-tag\n\
        local-zone = us-east1-c\n\
        firewall-rules-management = Disabled\n\
        api-endpoint = https://file.example/compute/v1/\n";

    fn settled(config: &str, file: &str) -> Result<Settled, String> {
        let config: Config = toml::from_str(config).unwrap();
        config.check()?;
        config.filled(GceConf::parse(file)?)
    }

    fn tags(tags: &[&str]) -> BTreeSet<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn a_project_and_a_region_are_enough() {
        let it = settled("project = 'p'\nregion = 'us-east1'", "").unwrap();
        assert_eq!((it.project.as_str(), it.network_project.as_str()), ("p", "p"));
        assert_eq!((it.network.as_str(), it.subnetwork.as_str()), ("default", "default"));
        assert!(it.manage_firewalls && it.node_tags.is_empty() && it.endpoint.is_none());
    }

    #[test]
    fn the_subnetwork_is_named_as_the_network_unless_it_is_said() {
        let it = settled("project = 'p'\nregion = 'us-east1'\nnetwork = 'n'", "").unwrap();
        assert_eq!((it.network.as_str(), it.subnetwork.as_str()), ("n", "n"));
    }

    #[test]
    fn the_file_fills_in_what_is_not_said() {
        let it = settled("", FILE).unwrap();
        assert_eq!((it.project.as_str(), it.region.as_str()), ("file-project", "us-east1"));
        assert_eq!((it.network_project.as_str(), it.network.as_str()), ("file-host", "file-net"));
        assert_eq!((it.subnetwork.as_str(), it.node_tags), ("file-sub", tags(&["file-tag"])));
        assert_eq!(it.endpoint.as_deref(), Some("https://file.example"));
        assert!(!it.manage_firewalls);
    }

    #[test]
    fn the_config_wins() {
        let config = "project = 'p'\n\
            region = 'europe-west1'\n\
            network = 'n'\n\
            network-project = 'h'\n\
            subnetwork = 's'\n\
            node-tags = []\n\
            manage-firewalls = true\n\
            endpoint = 'http://127.0.0.1:1/'\n";
        let it = settled(config, FILE).unwrap();
        assert_eq!((it.project.as_str(), it.region.as_str()), ("p", "europe-west1"));
        assert_eq!((it.network_project.as_str(), it.network.as_str()), ("h", "n"));
        assert_eq!((it.subnetwork.as_str(), it.node_tags), ("s", tags(&[])));
        assert_eq!(it.endpoint.as_deref(), Some("http://127.0.0.1:1"));
        assert!(it.manage_firewalls);
    }

    #[test]
    fn what_is_missing_is_named_with_both_places_where_it_could_be() {
        let refused = |config: &str, file: &str, parts: &[&str]| {
            let error = settled(config, file).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{error:?} does not say {part:?}");
            }
        };
        refused("region = 'us-east1'", "", &["project: ", "gce-conf", "project-id"]);
        refused("project = 'p'", "", &["region: ", "gce-conf", "local-zone"]);
        let file = "[global]\nproject-id = p";
        refused("gce-conf = '/etc/gce.conf'", file, &["region: ", "/etc/gce.conf", "local-zone"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let config: Config = toml::from_str("gce-conf = '/nowhere/gce.conf'").unwrap();
        let error = config.complete().unwrap_err();
        assert!(error.starts_with("gce-conf: ") && error.contains("/nowhere/gce.conf"), "{error}");
    }
}
