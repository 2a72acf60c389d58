//! Reading what there is: a list of each kind, however many Services there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;
use seaway_core::{Depth, Key, ProviderError, ServiceUid};

use crate::api::{Answer, Compute, Name, Thing};
use crate::error::told;
use crate::mark::Mark;
use crate::names;
use crate::observe::{Ground, Observed, sort};
use crate::provider::PassthroughLb;

/// What lists show of all that is ours.
#[derive(Debug)]
pub(crate) struct Listing {
    services: BTreeMap<ServiceUid, Observed>,
    ground: Arc<Ground>,
    /// What users have reserved: any Service may come to name one of them.
    reserved: Arc<BTreeMap<String, crate::api::Address>>,
}

impl<A: Compute> PassthroughLb<A> {
    /// What every key has.
    pub(crate) async fn list(&self) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let listing = self.listing().await?;
        let keys = listing.services.keys().map(|uid| Key::own(uid.clone()));
        let keys = keys.chain([Key::Ground]);
        Ok(keys.map(|key| (key.clone(), listing.of(&key))).collect())
    }

    /// What some keys have. A list shows all of it.
    pub(crate) async fn look_at(
        &self,
        keys: &[Key],
        depth: Depth,
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        if depth == Depth::Listed {
            return self.list().await;
        }
        let listing = self.listing().await?;
        Ok(keys.iter().map(|key| (key.clone(), listing.of(key))).collect())
    }

    /// Reads and sorts it once for all who ask together.
    async fn listing(&self) -> Result<Arc<Listing>, ProviderError> {
        self.listings.fresh(self.read()).await
    }

    async fn read(&self) -> Result<Listing, ProviderError> {
        let (api, prefix) = (&self.api, names::PREFIX);
        let firewalls = async {
            // Without the right to write them there need not be one to read them.
            if self.rules.config.manage_firewalls {
                api.firewalls(prefix).await
            } else {
                Ok(vec![])
            }
        };
        let (addresses, rules, services, checks, firewalls, groups, subnets) = tokio::try_join!(
            heard("addresses.list", api.addresses()),
            heard("forwardingRules.list", api.forwarding_rules(prefix)),
            heard("backendServices.list", api.backend_services(prefix)),
            heard("healthChecks.list", api.health_checks(prefix)),
            heard("firewalls.list", firewalls),
            heard("instanceGroups.aggregatedList", api.instance_groups(prefix)),
            heard("subnetworks.list", api.subnets()),
        )?;
        let cluster = &self.rules.cluster;
        let is_ours = |description: &str| Mark::read(cluster, description).is_some();
        let (ours, theirs): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|it| is_ours(&it.description));
        let things = rules.into_iter().map(Thing::ForwardingRule);
        let things = things
            .chain(ours.into_iter().map(Thing::Address))
            .chain(services.into_iter().map(Thing::BackendService))
            .chain(checks.into_iter().map(Thing::HealthCheck))
            .chain(firewalls.into_iter().map(Thing::Firewall));
        let mut sorted = sort(cluster, things);
        let shared = sorted.remove(&None).unwrap_or_default();
        let groups = groups.into_iter().filter(|group| is_ours(&group.description));
        let members = try_join_all(groups.map(|group| self.members(group.key()))).await?;
        Ok(Listing {
            services: sorted.into_iter().filter_map(|(uid, seen)| Some((uid?, seen))).collect(),
            ground: Arc::new(Ground {
                subnets,
                groups: members.into_iter().collect(),
                checks: shared.checks,
                firewalls: shared.firewalls,
                rejected: BTreeMap::new(),
            }),
            reserved: Arc::new(theirs.into_iter().map(|it| (it.name.clone(), it)).collect()),
        })
    }

    async fn members(&self, group: Name) -> Result<(Name, crate::observe::Group), ProviderError> {
        let members = heard("instanceGroups.listInstances", self.api.members(&group)).await?;
        Ok((group, members.into_iter().collect()))
    }
}

impl Listing {
    fn of(&self, key: &Key) -> Observed {
        match key {
            Key::Ground => {
                Observed { ground: Some(Arc::clone(&self.ground)), ..Observed::default() }
            }
            Key::Balancer(balancer) => {
                let seen = match balancer {
                    seaway_core::BalancerKey::Own(uid) => self.services.get(uid),
                    // There are none.
                    seaway_core::BalancerKey::Shared(_) => None,
                };
                let reserved = Arc::clone(&self.reserved);
                Observed { reserved, ..seen.cloned().unwrap_or_default() }
            }
        }
    }
}

async fn heard<T>(
    operation: &'static str,
    reading: impl Future<Output = Answer<T>> + Send,
) -> Result<T, ProviderError> {
    reading.await.map_err(|fault| told(operation, &fault))
}
