use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{ErrorKind, ProviderError};

use super::Firewall;
use crate::api::{Rule, Tags};

/// What all load balancers of a cluster share, and the network that they stand in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ground {
    /// The VPC of the cluster.
    pub vpc: String,
    /// Its subnets, by id.
    pub subnets: BTreeMap<String, Zone>,
    /// The security group that every load balancer has, and that the nodes let in.
    pub backend: Option<Firewall>,
    /// The security group of load balancers that everybody may connect to.
    pub open: Option<Firewall>,
    /// The security groups of the nodes, with the rules that let ours in.
    pub nodes: BTreeMap<String, BTreeSet<Rule>>,
    /// What a user has to mend before there can be any load balancer: kind, field and message.
    pub trouble: Option<Trouble>,
}

/// What a user has to mend in the account or in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// The configuration key.
    pub key: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Its availability zone.
    pub name: String,
    /// Whether it reaches an internet gateway; none if nobody asked.
    pub public: Option<bool>,
    /// Whether it has an IPv6 prefix.
    pub ipv6: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Trouble {
    pub(crate) fn told(&self) -> ProviderError {
        ProviderError::new(ErrorKind::Unavailable, self.key, self.message.clone())
    }
}

impl Ground {
    /// Whether load balancers can stand on it.
    pub(crate) fn is_ready(&self) -> bool {
        let open = |all: &Option<Firewall>| all.as_ref().is_some_and(|it| !it.rules.is_empty());
        self.trouble.is_none() && self.backend.is_some() && open(&self.open)
    }

    /// The subnets of these ids or `Name` tags; the first that there is none of is the error.
    pub(crate) fn named(&self, names: &[String]) -> Result<Vec<&str>, String> {
        let mut found = Vec::new();
        for name in names {
            let is = |(id, zone): &(&String, &Zone)| {
                *id == name || zone.tags.get("Name").is_some_and(|tag| tag == name)
            };
            let before = found.len();
            found.extend(self.subnets.iter().filter(is).map(|(id, _)| id.as_str()));
            if found.len() == before {
                return Err(format!("there is no subnet {name:?} in {}", self.vpc));
            }
        }
        Ok(found)
    }
}
