use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{Address, BalancerKey, Family, Health, Key, Readiness, ServiceUid, Target};

use crate::apply::Fact;
use crate::dataplane::{Balancer, BalancerId};
use crate::provider::Embedded;

/// What one Service has here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The Service; none if there is nothing.
    pub owner: Option<ServiceUid>,
    /// Its addresses of the pool. While it moves there are more than one of a family.
    pub addresses: Vec<IpAddr>,
    /// What listens for it: on the address that is wanted first, family by family.
    pub open: Option<Arc<Balancer>>,
}

impl Embedded {
    /// What every Service has here.
    pub(crate) fn observe_all(&self) -> BTreeMap<Key, Observed> {
        let mut all: BTreeMap<ServiceUid, Observed> = BTreeMap::new();
        for (uid, addresses) in self.pool().all() {
            all.entry(uid.clone()).or_default().addresses.clone_from(addresses);
        }
        for (id, open) in self.plane.all_applied() {
            all.entry(id.as_str().into()).or_default().open = Some(open);
        }
        all.into_iter()
            .map(|(uid, seen)| (Key::own(uid.clone()), Observed { owner: Some(uid), ..seen }))
            .collect()
    }

    /// What some Services have here. It costs what is asked for, not what there is.
    pub(crate) fn observe(&self, keys: &[Key]) -> BTreeMap<Key, Observed> {
        let some = keys.iter().filter_map(|key| match key {
            Key::Balancer(BalancerKey::Own(uid)) => Some((key.clone(), self.observe_one(uid)?)),
            // Nothing is ever put under the others here.
            Key::Balancer(BalancerKey::Shared(_)) | Key::Ground => None,
        });
        some.collect()
    }

    fn observe_one(&self, uid: &ServiceUid) -> Option<Observed> {
        let addresses = self.pool().of(uid).to_vec();
        let open = self.plane.applied(&id(uid));
        (!addresses.is_empty() || open.is_some()).then(|| Observed {
            owner: Some(uid.clone()),
            addresses,
            open,
        })
    }
}

impl Embedded {
    /// The targets of a Service, as the data plane's checks see them.
    pub(crate) fn targets_of(&self, uid: &ServiceUid) -> Option<Vec<Target>> {
        let state = self.plane.state_of(&id(uid))?;
        let targets = state.targets.into_iter().map(|(node, target)| Target {
            node: node.into(),
            address: Some(target.address),
            health: match (target.up, target.draining) {
                (_, true) => Health::Draining,
                (true, false) => Health::Healthy,
                (false, false) => Health::Unhealthy,
            },
            reason: target.trouble,
        });
        Some(targets.collect())
    }
}

impl Observed {
    /// Folds the answer to a step.
    pub(crate) fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Reserved { uid, addresses } => {
                self.owner = Some(uid);
                self.addresses = addresses;
            }
            Fact::Open { uid, balancer } => {
                self.owner = Some(uid);
                self.open = Some(balancer);
            }
            Fact::Closed => self.open = None,
            Fact::Released(gone) => self.addresses.retain(|ip| !gone.contains(ip)),
        }
        if self.addresses.is_empty() && self.open.is_none() {
            self.owner = None;
        }
    }

    /// Where clients are to connect: of each family the first address that listens. One that is only
    /// reserved is not told.
    pub(crate) fn readiness(&self) -> Readiness {
        let mut ready: Vec<IpAddr> = Vec::new();
        for listener in self.open.iter().flat_map(|open| &open.listeners) {
            let ip = listener.address.ip();
            if ready.iter().all(|other| Family::of(*other) != Family::of(ip)) {
                ready.push(ip);
            }
        }
        if ready.is_empty() {
            return Readiness::Gone;
        }
        Readiness::Ready(ready.into_iter().map(Address::Ip).collect())
    }
}

/// The data plane's name for what serves a Service.
pub(crate) fn id(uid: &ServiceUid) -> BalancerId {
    uid.as_str().into()
}
