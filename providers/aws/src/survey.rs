//! Reading what there is: listings first, and whatever they don't show only where it is asked for.

mod directory;
mod ground;
mod listings;

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{BalancerKey, Key, ProviderError, ServiceUid};

pub(crate) use self::directory::Directory;
pub(crate) use self::listings::Listings;
use crate::api::{
    Answer, Api, Arn, Filter, LoadBalancer, Page, SecurityGroup, TargetGroup, TargetState, Which,
};
use crate::error::{Failed, is_gone, told};
use crate::limits::ARNS_PER_CALL;
use crate::mark::{self, Owner};
use crate::names;
use crate::observe::{Balancer, Detail, Firewall, Front, Group, Members, Observed};
use crate::provider::Nlb;

/// Everything in the region, as listings show it.
#[derive(Debug)]
pub(crate) struct Listing {
    balancers: Vec<LoadBalancer>,
    groups: Vec<TargetGroup>,
    firewalls: Vec<SecurityGroup>,
}

impl<A: Api> Nlb<A> {
    /// What every key has, as listings show it.
    pub(crate) async fn list(&self) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let listing = self.listings.fresh(self.listing()).await?;
        let ground = self.read_ground(&listing.firewalls).await?;
        let owners = self.owners(&listing).await?;
        let mut found = sort(&listing, &owners);
        found.insert(Key::Ground, ground);
        Ok(found)
    }

    /// What some keys have, in full.
    pub(crate) async fn look_closely(
        &self,
        keys: &[Key],
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let listing = self.listings.fresh(self.listing()).await?;
        let mut found = BTreeMap::new();
        if keys.contains(&Key::Ground) {
            found.insert(Key::Ground, self.read_ground(&listing.firewalls).await?);
        }
        if keys.iter().all(|key| *key == Key::Ground) {
            return Ok(found);
        }
        let owners = self.owners(&listing).await?;
        let mut sorted = sort(&listing, &owners);
        for key in keys {
            if let Some(mut seen) = sorted.remove(key).filter(|_| *key != Key::Ground) {
                self.deepen(&mut seen).await?;
                found.insert(key.clone(), seen);
            }
        }
        Ok(found)
    }

    async fn listing(&self) -> Result<Listing, ProviderError> {
        let filter = Filter {
            tag: Some((mark::CLUSTER.to_owned(), vec![self.rules.cluster.to_string()])),
            ..Filter::default()
        };
        // Load balancers go first: a target group that is older than its load balancer is no matter,
        // one that seems to lead to none would be.
        let balancers = pages(|marker| self.api.load_balancers(Which::All(marker))).await;
        let balancers = balancers.map_err(|fault| told("DescribeLoadBalancers", &fault))?;
        let groups = pages(|marker| self.api.target_groups(Which::All(marker))).await;
        let groups = groups.map_err(|fault| told("DescribeTargetGroups", &fault))?;
        let firewalls = self.all_security_groups(filter).await;
        let firewalls = firewalls.map_err(|fault| told("DescribeSecurityGroups", &fault))?;
        Ok(Listing { balancers, groups, firewalls })
    }

    /// All pages of security groups.
    pub(crate) async fn all_security_groups(&self, filter: Filter) -> Answer<Vec<SecurityGroup>> {
        let page = |marker| {
            let filter = Filter { marker, ..filter.clone() };
            async move { self.api.security_groups(&filter).await }
        };
        pages(page).await
    }

    /// Whose the things of a listing are. Tags prove it, and are read once for each thing; where a
    /// Service shows the address of a load balancer, and the name is the one that we would give, no
    /// call is needed: DNS names are never given twice.
    async fn owners(&self, listing: &Listing) -> Result<BTreeMap<Arn, Owner>, ProviderError> {
        let cluster = &self.rules.cluster;
        let mut unknown = Vec::new();
        {
            let mut directory = self.directory();
            let all = listing.balancers.iter().map(|it| &it.arn);
            directory.forget_but(&all.chain(listing.groups.iter().map(|it| &it.arn)).collect());
            for balancer in &listing.balancers {
                if !directory.knows(&balancer.arn) && !directory.recognise(cluster, balancer) {
                    unknown.push(balancer.arn.clone());
                }
            }
            for group in &listing.groups {
                if !directory.knows(&group.arn)
                    && !directory.recognise_group(cluster, group, &listing.balancers)
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
        Ok(self.directory().owned())
    }

    /// Reads what listings don't show.
    async fn deepen(&self, seen: &mut Observed) -> Result<(), ProviderError> {
        let mut gone = Vec::new();
        for (name, balancer) in &mut seen.balancers {
            match self.detail_of(&balancer.arn, false).await {
                Ok(detail) => {
                    balancer.retained =
                        detail.tags.get(mark::RETAIN).is_some_and(|value| value == "true");
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

/// What is listed, by key. A load balancer that is lent is with whom its target groups belong to.
fn sort(listing: &Listing, owners: &BTreeMap<Arn, Owner>) -> BTreeMap<Key, Observed> {
    let mut found: BTreeMap<BalancerKey, Observed> = BTreeMap::new();
    let mut lent: BTreeMap<Arn, BTreeSet<BalancerKey>> = BTreeMap::new();
    for group in &listing.groups {
        let Some(owner) = owners.get(&group.arn) else { continue };
        for balancer in &group.balancers {
            if !owners.contains_key(balancer) {
                lent.entry(balancer.clone()).or_default().insert(owner.key.clone());
            }
        }
        let seen = found.entry(owner.key.clone()).or_default();
        let listed = Group::listed(group.clone(), owner.uid.clone());
        seen.groups.insert(group.name.clone(), listed);
    }
    for balancer in &listing.balancers {
        let name = balancer.name.clone();
        if let Some(owner) = owners.get(&balancer.arn) {
            let seen = found.entry(owner.key.clone()).or_default();
            let uid = Some(owner.uid.clone());
            seen.balancers.insert(name, Balancer::listed(balancer.clone(), uid, owner.retained));
        } else if let Some(keys) = lent.get(&balancer.arn) {
            for key in keys {
                let seen = found.entry(key.clone()).or_default();
                let balancer = Balancer::listed(balancer.clone(), None, false);
                seen.balancers.insert(name.clone(), balancer);
            }
        }
    }
    for group in &listing.firewalls {
        let number = group.tags.get(mark::ROLE).and_then(|role| role.strip_prefix("firewall-"));
        let Some(number) = number.and_then(|number| number.parse().ok()) else { continue };
        let uid = group.tags.get(mark::SERVICE_UID).map(|uid| ServiceUid::from(uid.as_str()));
        let Some(uid) = uid else { continue };
        let key = match group.tags.get(mark::GROUP) {
            Some(name) => BalancerKey::Shared(name.as_str().into()),
            None => BalancerKey::Own(uid.clone()),
        };
        let seen = found.entry(key).or_default();
        seen.firewalls.insert(number, Firewall::read(group.clone(), Some(uid)));
    }
    found.into_iter().map(|(key, seen)| (Key::Balancer(key), seen)).collect()
}
