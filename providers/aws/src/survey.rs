//! Reading what there is: listings first, and whatever they don't show only where it is asked for.

mod directory;
mod ground;
mod listing;

use std::collections::BTreeMap;
use std::sync::Arc;

use seaway_core::{Key, ProviderError};

pub(crate) use self::directory::Directory;
pub(crate) use self::listing::Listing;
use self::listing::Region;
use crate::api::{Answer, Api, Arn, Filter, Page, SecurityGroup, TargetState, Which};
use crate::error::{Failed, is_gone, told};
use crate::limits::ARNS_PER_CALL;
use crate::mark;
use crate::names;
use crate::observe::{Detail, Front, Members, Observed};
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    /// What every key has, as listings show it.
    pub(crate) async fn list(&self) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let listing = self.listing().await?;
        let ground = self.read_ground(&listing.shared).await?;
        let mut found = listing.by_key.clone();
        found.insert(Key::Ground, ground);
        Ok(found)
    }

    /// What some keys have, in full.
    pub(crate) async fn look_closely(
        &self,
        keys: &[Key],
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let listing = self.listing().await?;
        let mut found = BTreeMap::new();
        if keys.contains(&Key::Ground) {
            found.insert(Key::Ground, self.read_ground(&listing.shared).await?);
        }
        for key in keys {
            if let Some(mut seen) = listing.by_key.get(key).cloned() {
                self.deepen(&mut seen).await?;
                found.insert(key.clone(), seen);
            }
        }
        Ok(found)
    }

    /// What listings show of all that is ours: read and sorted once for all who ask together.
    pub(crate) async fn listing(&self) -> Result<Arc<Listing>, ProviderError> {
        let listing = async {
            let region = self.read_region().await?;
            self.identify(&region).await?;
            Ok(Listing::sort(region, &self.directory(), &self.rules.cluster))
        };
        self.listings.fresh(listing).await
    }

    async fn read_region(&self) -> Result<Region, ProviderError> {
        // Load balancers go first: a target group that is older than its load balancer is no matter,
        // one that seems to lead to none would be.
        let balancers = pages(|marker| self.api.load_balancers(Which::All(marker))).await;
        let balancers = balancers.map_err(|fault| told("DescribeLoadBalancers", &fault))?;
        let groups = pages(|marker| self.api.target_groups(Which::All(marker))).await;
        let groups = groups.map_err(|fault| told("DescribeTargetGroups", &fault))?;
        let firewalls = self.all_security_groups(self.ours()).await;
        let firewalls = firewalls.map_err(|fault| told("DescribeSecurityGroups", &fault))?;
        Ok(Region { balancers, groups, firewalls })
    }

    /// What has the cluster's tag.
    pub(crate) fn ours(&self) -> Filter {
        let tag = Some((mark::CLUSTER.to_owned(), vec![self.rules.cluster.to_string()]));
        Filter { tag, ..Filter::default() }
    }

    /// All pages of security groups.
    pub(crate) async fn all_security_groups(&self, filter: Filter) -> Answer<Vec<SecurityGroup>> {
        let page = |marker| {
            let filter = Filter { marker, ..filter.clone() };
            async move { self.api.security_groups(&filter).await }
        };
        pages(page).await
    }

    /// Finds out whose the things of the region are. Tags prove it, and are read once for each thing;
    /// where a Service shows the address of a load balancer, and the name is the one that we would
    /// give, no call is needed: DNS names are never given twice.
    async fn identify(&self, region: &Region) -> Result<(), ProviderError> {
        let cluster = &self.rules.cluster;
        let mut unknown = Vec::new();
        {
            let mut directory = self.directory();
            let all = region.balancers.iter().map(|it| &it.arn);
            directory.forget_but(&all.chain(region.groups.iter().map(|it| &it.arn)).collect());
            for balancer in &region.balancers {
                if !directory.knows(&balancer.arn) && !directory.recognise(cluster, balancer) {
                    unknown.push(balancer.arn.clone());
                }
            }
            let balancers = region.balancers.iter().map(|it| (&it.arn, it)).collect();
            for group in &region.groups {
                if !directory.knows(&group.arn)
                    && !directory.recognise_group(cluster, group, &balancers)
                {
                    if group.name.starts_with(names::PREFIX) {
                        unknown.push(group.arn.clone());
                    } else {
                        directory.meet(&group.arn, None);
                    }
                }
            }
        }
        for some in unknown.chunks(ARNS_PER_CALL) {
            match self.api.tags(some).await {
                Ok(tags) => {
                    let mut directory = self.directory();
                    for (arn, tags) in some.iter().zip(tags) {
                        directory.meet(arn, mark::read(cluster, &tags));
                    }
                }
                // One of them went meanwhile: the next look will know.
                Err(fault) if is_gone(&fault) => {
                    return Err(ProviderError::new(
                        seaway_core::ErrorKind::Unavailable,
                        "DescribeTags",
                        "something went while it was being listed",
                    ));
                }
                Err(fault) => return Err(told("DescribeTags", &fault)),
            }
        }
        Ok(())
    }

    /// Reads what listings don't show.
    async fn deepen(&self, seen: &mut Observed) -> Result<(), ProviderError> {
        let mut gone = Vec::new();
        for (name, balancer) in &mut seen.balancers {
            match self.detail_of(&balancer.arn, false).await {
                Ok(detail) => {
                    balancer.retained = mark::is_retained(&detail.tags);
                    balancer.detail = Some(detail);
                }
                Err(failed) if is_gone(&failed.fault) => gone.push(name.clone()),
                Err(failed) => return Err(failed.into()),
            }
        }
        seen.balancers.retain(|name, _| !gone.contains(name));
        for group in seen.groups.values_mut() {
            group.detail = Some(self.members_of(&group.arn).await?);
        }
        Ok(())
    }

    /// What listings don't show of a load balancer; of a new one, nothing need be read.
    pub(crate) async fn detail_of(&self, arn: &Arn, fresh: bool) -> Result<Detail, Failed> {
        if fresh {
            return Ok(Detail::default());
        }
        let listeners = self.api.listeners(arn).await;
        let listeners = listeners.map_err(Failed::of("DescribeListeners"))?;
        let attributes = self.api.balancer_attributes(arn).await;
        let attributes = attributes.map_err(Failed::of("DescribeLoadBalancerAttributes"))?;
        let tags = self.api.tags(std::slice::from_ref(arn)).await;
        let tags = tags.map_err(Failed::of("DescribeTags"))?;
        Ok(Detail {
            attributes,
            tags: tags.into_iter().next().unwrap_or_default(),
            listeners: listeners.into_iter().map(Front::read).collect(),
        })
    }

    /// What listings don't show of a target group.
    pub(crate) async fn members_of(&self, arn: &Arn) -> Result<Members, ProviderError> {
        let attributes = self.api.group_attributes(arn).await;
        let attributes =
            attributes.map_err(|fault| told("DescribeTargetGroupAttributes", &fault))?;
        let health = self.api.target_health(arn).await;
        let health = health.map_err(|fault| told("DescribeTargetHealth", &fault))?;
        let stays = health.into_iter().filter(|it| it.state != TargetState::Draining);
        Ok(Members { attributes, targets: stays.map(|it| it.target).collect(), maybe: None })
    }
}

/// Reads a list to its end.
async fn pages<T, F>(page: impl Fn(Option<String>) -> F) -> Answer<Vec<T>>
where
    F: Future<Output = Answer<Page<T>>>,
{
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let Page { items, next } = page(marker).await?;
        all.extend(items);
        // An empty marker is none.
        marker = next.filter(|next| !next.is_empty());
        if marker.is_none() {
            return Ok(all);
        }
    }
}
