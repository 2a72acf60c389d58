use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{Key, ServiceUid};

use crate::apply::Fact;
use crate::dataplane::{Balancer, BalancerId};
use crate::provider::Embedded;

/// What one Service has here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The Service; none if there is nothing.
    pub owner: Option<ServiceUid>,
    /// Its addresses of the pool, in the order of its families.
    pub addresses: Vec<IpAddr>,
    /// What listens for it.
    pub open: Option<Arc<Balancer>>,
}

impl Embedded {
    /// What every Service has here.
    pub(crate) fn observe_all(&self) -> BTreeMap<Key, Observed> {
        let mut all: BTreeMap<ServiceUid, Observed> = BTreeMap::new();
        for (uid, addresses) in self.pool().all() {
            all.entry(uid.clone()).or_default().addresses.clone_from(addresses);
        }
        for (id, state) in self.plane.state() {
            all.entry(id.to_string().into()).or_default().open = Some(state.applied);
        }
        all.into_iter()
            .map(|(uid, seen)| (Key::own(uid.clone()), Observed { owner: Some(uid), ..seen }))
            .collect()
    }

    /// What some Services have here.
    pub(crate) fn observe(&self, keys: &[Key]) -> BTreeMap<Key, Observed> {
        let mut all = self.observe_all();
        all.retain(|key, _| keys.contains(key));
        all
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
}

/// The data plane's name for what serves a Service.
pub(crate) fn id(uid: &ServiceUid) -> BalancerId {
    uid.as_str().into()
}
