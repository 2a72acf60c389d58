//! Reading the ground: the network, and the security groups that are shared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaway_core::ProviderError;

use super::pages;
use crate::api::{Answer, Api, Filter, Rule, Scheme, SecurityGroup, Source, Subnet};
use crate::design::subnet_role;
use crate::error::told;
use crate::mark;
use crate::observe::{Firewall, Ground, Observed, Trouble, Zone};
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    /// The ground, with the security groups of ours that were listed already.
    pub(super) async fn read_ground(
        &self,
        ours: &[SecurityGroup],
    ) -> Result<Observed, ProviderError> {
        let subnets = self.read_subnets().await;
        let subnets = subnets.map_err(|fault| told("DescribeSubnets", &fault))?;
        let mut ground = Ground::default();
        match subnets {
            Ok((vpc, subnets)) => {
                ground.vpc = vpc;
                ground.subnets = subnets;
            }
            Err(trouble) => ground.trouble = Some(trouble),
        }
        let shared = |role: &str| {
            let found = ours.iter().find(|group| {
                group.tags.get(mark::ROLE).is_some_and(|it| it == role)
                    && (ground.vpc.is_empty() || group.vpc == ground.vpc)
            });
            found.map(|group| Firewall::read(group.clone(), None))
        };
        (ground.backend, ground.open) = (shared("backend"), shared("open"));
        if ground.trouble.is_none() {
            let nodes = self.node_groups(&ground.vpc).await;
            let nodes = nodes.map_err(|fault| told("DescribeSecurityGroups", &fault))?;
            match nodes {
                Ok(groups) => {
                    let backend = ground.backend.as_ref().map(|group| group.id.clone());
                    let rules = |group: SecurityGroup| {
                        let from = backend.clone().map(Source::Group);
                        let is = |rule: &Rule| from.as_ref() == Some(&rule.source);
                        (group.id, group.rules.into_iter().filter(is).collect())
                    };
                    ground.nodes = groups.into_iter().map(rules).collect();
                }
                Err(trouble) => ground.trouble = Some(trouble),
            }
        }
        Ok(Observed { ground: Some(Arc::new(ground)), ..Observed::default() })
    }

    /// The VPC of the cluster: that of the configuration, else the one that its subnets are in, else the
    /// one that its nodes' security group is in.
    async fn find_vpc(&self) -> Answer<Result<String, Trouble>> {
        const KEY: &str = "providers.aws.vpc";
        let config = &self.rules.config;
        if let Some(vpc) = &config.vpc {
            return Ok(Ok(vpc.clone()));
        }
        let tag = self.rules.cluster_tag();
        let filter = if config.subnets.is_empty() {
            Filter { tag: Some((tag.clone(), Vec::new())), ..Filter::default() }
        } else {
            Filter { ids: config.subnets.clone(), ..Filter::default() }
        };
        let found = self.subnets(filter).await?;
        let mut vpcs: BTreeSet<_> = found.into_iter().map(|subnet| subnet.vpc).collect();
        if vpcs.is_empty() {
            let tag = Some((tag.clone(), Vec::new()));
            let groups = self.all_security_groups(Filter { tag, ..Filter::default() }).await?;
            vpcs.extend(groups.into_iter().map(|group| group.vpc));
        }
        let names: Vec<_> = vpcs.into_iter().collect();
        let message = match names.as_slice() {
            [vpc] => return Ok(Ok(vpc.clone())),
            [] => format!("no subnet and no security group is tagged {tag}: set {KEY}"),
            several => {
                format!("what is tagged {tag} is in {}: set {KEY}", several.join(" and "))
            }
        };
        Ok(Err(Trouble { key: KEY, message }))
    }

    /// The VPC of the cluster, and its subnets.
    async fn read_subnets(&self) -> Answer<Result<(String, BTreeMap<String, Zone>), Trouble>> {
        let vpc = match self.find_vpc().await? {
            Ok(vpc) => vpc,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let found = self.subnets(Filter { vpc: Some(vpc.clone()), ..Filter::default() }).await?;
        if found.is_empty() {
            let message = format!("{vpc} has no subnets in this region");
            return Ok(Err(Trouble { key: "providers.aws.vpc", message }));
        }
        let roles = [Scheme::InternetFacing, Scheme::Internal].map(subnet_role);
        let tagged = |role: &str| found.iter().any(|subnet| subnet.tags.contains_key(role));
        // Routes matter only where tags don't tell.
        let routes = if roles.into_iter().all(tagged) {
            None
        } else {
            Some(self.api.public_subnets(&vpc).await?)
        };
        let zone = |subnet: Subnet| {
            let public = routes.as_ref().map(|routes| routes.reaches(&subnet.id));
            let zone = Zone { name: subnet.zone, public, ipv6: subnet.ipv6, tags: subnet.tags };
            (subnet.id, zone)
        };
        Ok(Ok((vpc, found.into_iter().map(zone).collect())))
    }

    async fn subnets(&self, filter: Filter) -> Answer<Vec<Subnet>> {
        let page = |marker| {
            let filter = Filter { marker, ..filter.clone() };
            async move { self.api.subnets(&filter).await }
        };
        pages(page).await
    }

    /// The security groups of the nodes: those of the configuration, else the one that is tagged.
    async fn node_groups(&self, vpc: &str) -> Answer<Result<Vec<SecurityGroup>, Trouble>> {
        const KEY: &str = "providers.aws.node-security-groups";
        if let Some(ids) = &self.rules.config.node_security_groups {
            if ids.is_empty() {
                return Ok(Ok(Vec::new()));
            }
            let filter = Filter { ids: ids.clone(), ..Filter::default() };
            return self.all_security_groups(filter).await.map(Ok);
        }
        let tag = self.rules.cluster_tag();
        let filter = Filter {
            vpc: Some(vpc.to_owned()),
            tag: Some((tag.clone(), Vec::new())),
            ..Filter::default()
        };
        let mut found = self.all_security_groups(filter).await?;
        found.retain(|group| !group.tags.contains_key(mark::CLUSTER));
        let message = match found.as_slice() {
            [_] => return Ok(Ok(found)),
            [] => format!(
                "no security group of {vpc} is tagged {tag}: name the nodes' security groups in {KEY}, or \
                 set it to [] if the nodes are open to load balancers already"
            ),
            several => {
                let names: Vec<_> =
                    several.iter().map(|group| format!("{} ({})", group.id, group.name)).collect();
                format!(
                    "several security groups are tagged {tag}: {}; name those of the nodes in {KEY}",
                    names.join(", ")
                )
            }
        };
        Ok(Err(Trouble { key: KEY, message }))
    }
}
