//! What a key has now, as Google shows it.

mod ground;
mod learn;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{ClusterId, Moment, Readiness, ServiceUid};

pub use self::ground::{Ground, Group, Rejected};
pub use self::learn::Fact;
use crate::api::{Address, BackendService, Firewall, ForwardingRule, HealthCheck, Thing};
use crate::mark::Mark;

/// How often a load balancer that is being made is looked at.
const MAKING: Duration = Duration::from_secs(10);

/// What a key has now.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The ground; only at its own key.
    pub ground: Option<Arc<Ground>>,
    /// Whose it is.
    pub owner: Option<ServiceUid>,
    /// Reserved addresses, by name.
    pub addresses: BTreeMap<String, Address>,
    /// Forwarding rules, by name, and the rank of each.
    pub rules: BTreeMap<String, (ForwardingRule, Rank)>,
    /// Backend services, by name.
    pub services: BTreeMap<String, BackendService>,
    /// Health checks, by name.
    pub checks: BTreeMap<String, HealthCheck>,
    /// Firewall rules, by name.
    pub firewalls: BTreeMap<String, Firewall>,
    /// Firewall rules that we may not write: the network is another project's, and its admin is told.
    pub denied: BTreeMap<String, Denied>,
    /// The addresses that users have reserved in the region, by name.
    pub reserved: Arc<BTreeMap<String, Address>>,
}

/// Which of several addresses of a Service comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The place of its family in the Service.
    pub family: usize,
    /// Which of the addresses of the family it is: the last is the new one.
    pub turn: u32,
}

/// A firewall rule that we may not write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// How it should be.
    pub wanted: Firewall,
    /// When it was tried.
    pub at: Moment,
}

/// What users have reserved is not ours, and what we were refused is no state of Google's.
impl PartialEq for Observed {
    fn eq(&self, other: &Self) -> bool {
        self.ground == other.ground
            && self.owner == other.owner
            && self.addresses == other.addresses
            && self.rules == other.rules
            && self.services == other.services
            && self.checks == other.checks
            && self.firewalls == other.firewalls
    }
}

impl Observed {
    /// Takes a thing of ours as it is now.
    pub(crate) fn put(&mut self, thing: Thing, mark: &Mark) {
        if self.owner.is_none() {
            self.owner = mark.owner();
        }
        match thing {
            Thing::Address(it) => {
                self.addresses.insert(it.name.clone(), it);
            }
            Thing::ForwardingRule(it) => {
                let rank = Rank { family: mark.family, turn: mark.turn };
                self.rules.insert(it.name.clone(), (it, rank));
            }
            Thing::BackendService(it) => {
                self.services.insert(it.name.clone(), it);
            }
            Thing::HealthCheck(it) => {
                self.checks.insert(it.name.clone(), it);
            }
            Thing::Firewall(it) => {
                self.denied.remove(&it.name);
                self.firewalls.insert(it.name.clone(), it);
            }
            // No Service has one of its own.
            Thing::InstanceGroup(_) => {}
        }
    }

    /// What was refused is not read, and is kept from what was known before.
    pub(crate) fn merge(known: &Self, mut listed: Self) -> Self {
        if let (Some(known), Some(ground)) = (&known.ground, &mut listed.ground)
            && !known.rejected.is_empty()
        {
            Arc::make_mut(ground).rejected.clone_from(&known.rejected);
        }
        let there = |name: &String| listed.firewalls.contains_key(name);
        let denied = known.denied.iter().filter(|(name, _)| !there(name));
        listed.denied = denied.map(|(name, denied)| (name.clone(), denied.clone())).collect();
        listed
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty()
            && self.rules.is_empty()
            && self.services.is_empty()
            && self.checks.is_empty()
            && self.firewalls.is_empty()
    }

    /// The Services that have something here: at most one.
    pub(crate) fn holders(&self) -> BTreeSet<ServiceUid> {
        if self.is_empty() { BTreeSet::new() } else { self.owner.iter().cloned().collect() }
    }

    /// How far a Service has come. An address counts once clients may reach it: while one takes the
    /// place of another, the old one counts until then.
    ///
    /// `guarded`: whether the firewall rules are ours to make.
    pub(crate) fn readiness(&self, uid: &ServiceUid, guarded: bool) -> Readiness {
        if !self.holders().contains(uid) {
            return Readiness::Gone;
        }
        let open = |ip: IpAddr| !guarded || self.is_open(ip);
        let open = self.rules.values().filter_map(|(rule, rank)| {
            let ip = rule.ip.filter(|ip| open(*ip))?;
            Some((*rank, ip))
        });
        // The last of a family is the new one.
        let best: BTreeMap<usize, IpAddr> =
            open.collect::<BTreeSet<_>>().into_iter().map(|(rank, ip)| (rank.family, ip)).collect();
        if best.is_empty() {
            return Readiness::Pending { look_again: MAKING };
        }
        Readiness::Ready(best.into_values().map(seaway_core::Address::Ip).collect())
    }

    /// Whether a firewall rule lets somebody in to this address.
    fn is_open(&self, ip: IpAddr) -> bool {
        let denied = self.denied.values().map(|denied| &denied.wanted);
        let mut all = self.firewalls.values().chain(denied);
        all.any(|rule| rule.destinations.iter().any(|net| net.contains(&ip)))
    }
}

/// What a listing shows, sorted by whose it is; what is not of `cluster` is left out.
pub(crate) fn sort(
    cluster: &ClusterId,
    things: impl IntoIterator<Item = Thing>,
) -> BTreeMap<Option<ServiceUid>, Observed> {
    let mut sorted = BTreeMap::<_, Observed>::new();
    for thing in things {
        if let Some(mark) = Mark::read(cluster, thing.description()) {
            sorted.entry(mark.owner()).or_default().put(thing, &mark);
        }
    }
    sorted
}
