use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{Address, BalancerKey, Claim, ClusterId, ServiceUid};

use crate::api::{Arn, IpAddressType, LoadBalancer, TargetGroup};
use crate::mark::Owner;
use crate::names::{self, GroupName};

/// Whose the load balancers and target groups of the region are: what was found out once holds for as
/// long as a thing exists, for marks are never moved.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    known: BTreeMap<Arn, Option<Owner>>,
    /// Who shows which DNS name.
    shown: BTreeMap<String, BTreeSet<(BalancerKey, ServiceUid)>>,
}

impl Directory {
    /// Takes note of what the statuses show.
    pub(crate) fn claim(&mut self, claims: &BTreeMap<ServiceUid, Claim>) {
        for (uid, claim) in claims {
            let key = claim.at.clone().unwrap_or_else(|| BalancerKey::Own(uid.clone()));
            for address in &claim.published {
                if let Address::Hostname(name) = address {
                    let place = (key.clone(), uid.clone());
                    self.shown.entry(name.clone()).or_default().insert(place);
                }
            }
        }
    }

    /// Whether it is known whose a thing is.
    pub(crate) fn knows(&self, arn: &Arn) -> bool {
        self.known.contains_key(arn)
    }

    /// Takes note of whose a thing is; nobody of ours with none.
    pub(crate) fn meet(&mut self, arn: &Arn, owner: Option<Owner>) {
        self.known.insert(arn.clone(), owner);
    }

    /// Forgets what does not exist any more.
    pub(crate) fn forget_but(&mut self, there: &BTreeSet<&Arn>) {
        self.known.retain(|arn, _| there.contains(arn));
    }

    /// Whose a thing is, if it is ours.
    pub(crate) fn owner(&self, arn: &Arn) -> Option<&Owner> {
        self.known.get(arn)?.as_ref()
    }

    /// Whether a Service shows the address of this load balancer, and its name is ours.
    pub(crate) fn recognise(&mut self, cluster: &ClusterId, balancer: &LoadBalancer) -> bool {
        let who = self.shown.get(&balancer.dns_name).into_iter().flatten();
        let mut ours = who.filter(|(key, _)| names::is_balancer_of(&balancer.name, cluster, key));
        let Some((key, uid)) = ours.next() else { return false };
        let owner = Owner { key: key.clone(), uid: uid.clone(), retained: false };
        self.meet(&balancer.arn, Some(owner));
        true
    }

    /// Whether a target group leads from a load balancer that one of ours shows, and has the name that
    /// we would give it there.
    pub(crate) fn recognise_group(
        &mut self,
        cluster: &ClusterId,
        group: &TargetGroup,
        balancers: &BTreeMap<&Arn, &LoadBalancer>,
    ) -> bool {
        let found = group.balancers.iter().find_map(|arn| {
            self.owner(arn)?;
            let balancer = balancers.get(arn)?;
            let who = self.shown.get(&balancer.dns_name)?;
            who.iter().find(|(_, uid)| {
                [IpAddressType::Ipv4, IpAddressType::Ipv6].into_iter().any(|family| {
                    let name = GroupName {
                        cluster,
                        balancer: &balancer.name,
                        uid,
                        port: group.port,
                        transport: group.protocol,
                        family,
                    };
                    name.is(&group.name)
                })
            })
        });
        let Some((key, uid)) = found else { return false };
        let owner = Owner { key: key.clone(), uid: uid.clone(), retained: false };
        self.meet(&group.arn, Some(owner));
        true
    }
}
