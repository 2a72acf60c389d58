use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{ClusterId, Key};

use super::Directory;
use crate::api::{Arn, LoadBalancer, SecurityGroup, TargetGroup};
use crate::mark;
use crate::observe::{Balancer, Firewall, Group, Observed};

/// Everything in the region, as AWS lists it.
#[derive(Debug)]
pub(super) struct Region {
    pub balancers: Vec<LoadBalancer>,
    pub groups: Vec<TargetGroup>,
    /// Those of the cluster only.
    pub firewalls: Vec<SecurityGroup>,
}

/// What listings show of all that is ours.
#[derive(Debug)]
pub(crate) struct Listing {
    /// What is at the key of each load balancer.
    pub by_key: BTreeMap<Key, Observed>,
    /// The security groups that are no load balancer's own.
    pub shared: Vec<SecurityGroup>,
}

impl Listing {
    /// Sorts what is listed. A load balancer that is lent is with whom its target groups belong to.
    pub(super) fn sort(region: Region, directory: &Directory, cluster: &ClusterId) -> Self {
        let mut by_key: BTreeMap<Key, Observed> = BTreeMap::new();
        let mut lent: BTreeMap<Arn, BTreeSet<Key>> = BTreeMap::new();
        for group in region.groups {
            let Some(owner) = directory.owner(&group.arn) else { continue };
            let key = Key::Balancer(owner.key.clone());
            for balancer in &group.balancers {
                if directory.owner(balancer).is_none() {
                    lent.entry(balancer.clone()).or_default().insert(key.clone());
                }
            }
            let seen = by_key.entry(key).or_default();
            seen.groups.insert(group.name.clone(), Group::listed(group, owner.uid.clone()));
        }
        for balancer in region.balancers {
            let name = balancer.name.clone();
            if let Some(owner) = directory.owner(&balancer.arn) {
                let seen = by_key.entry(Key::Balancer(owner.key.clone())).or_default();
                let balancer = Balancer::listed(balancer, Some(owner.uid.clone()), owner.retained);
                seen.balancers.insert(name, balancer);
                continue;
            }
            for key in lent.remove(&balancer.arn).into_iter().flatten() {
                let seen = by_key.entry(key).or_default();
                let balancer = Balancer::listed(balancer.clone(), None, false);
                seen.balancers.insert(name.clone(), balancer);
            }
        }
        let mut shared = Vec::new();
        for group in region.firewalls {
            let owner = mark::read(cluster, &group.tags);
            match owner.zip(mark::firewall_number(&group.tags)) {
                Some((owner, number)) => {
                    let seen = by_key.entry(Key::Balancer(owner.key)).or_default();
                    seen.firewalls.insert(number, Firewall::read(group, Some(owner.uid)));
                }
                None => shared.push(group),
            }
        }
        Self { by_key, shared }
    }
}
