use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{Address, BalancerKey, Family, Health, Key, Readiness, ServiceUid, Target};
use seaway_pool::Holder;

use crate::apply::Fact;
use crate::dataplane::{Balancer, BalancerId, Probe, Protocol, TargetState};
use crate::presence::is_here;
use crate::provider::Embedded;

/// What the Services of one key have here: one Service, or those of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What each of them has; who has nothing is not in it.
    pub seats: BTreeMap<ServiceUid, Seat>,
}

/// What one Service has here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    /// Its addresses of the pools. While it moves there are more than one of a family.
    pub addresses: Vec<IpAddr>,
    /// What listens for it: on the address that is wanted first, family by family. A listener whose
    /// address has gone from this machine is not in it.
    pub open: Option<Arc<Balancer>>,
}

impl Embedded {
    /// What every Service has here.
    pub(crate) fn observe_all(&self) -> BTreeMap<Key, Observed> {
        let mut all: BTreeMap<Key, Observed> = BTreeMap::new();
        let mut seat = |holder: &Holder, change: &dyn Fn(&mut Seat)| {
            let seen = all.entry(key(holder)).or_default();
            change(seen.seats.entry(holder.uid.clone()).or_default());
        };
        for (holder, addresses) in self.pool().all() {
            seat(holder, &|seat| seat.addresses.clone_from(addresses));
        }
        for (id, open) in self.plane.all_applied() {
            let open = reachable(open);
            seat(&holder(&id), &|seat| seat.open = Some(Arc::clone(&open)));
        }
        all
    }

    /// What some keys have here. It costs what is asked for, not what there is.
    pub(crate) fn observe(&self, keys: &[Key]) -> BTreeMap<Key, Observed> {
        let mut found = BTreeMap::new();
        for key in keys {
            let uids = match key {
                // Nothing is ever put there.
                Key::Ground => continue,
                Key::Balancer(BalancerKey::Own(uid)) => vec![uid.clone()],
                // Who listens has an address.
                Key::Balancer(BalancerKey::Shared(group)) => {
                    self.pool().of_group(group).map(|(uid, _)| uid.clone()).collect()
                }
            };
            let Key::Balancer(balancer) = key else { continue };
            let seats = uids.into_iter().filter_map(|uid| {
                let seat = self.observe_one(&Holder::at(balancer, &uid))?;
                Some((uid, seat))
            });
            let seen = Observed { seats: seats.collect() };
            if !seen.seats.is_empty() {
                found.insert(key.clone(), seen);
            }
        }
        found
    }

    fn observe_one(&self, holder: &Holder) -> Option<Seat> {
        let addresses = self.pool().of(holder).to_vec();
        let open = self.plane.applied(&id(holder)).map(reachable);
        (!addresses.is_empty() || open.is_some()).then_some(Seat { addresses, open })
    }

    /// The targets of a Service, as the data plane's checks see them.
    pub(crate) fn targets_of(&self, holder: &Holder) -> Option<Vec<Target>> {
        let state = self.plane.state_of(&id(holder))?;
        let checked = is_checked(&state.applied);
        let targets = state.targets.into_iter().map(|(node, target)| Target {
            node: node.into(),
            address: Some(target.address),
            health: health(&target, checked),
            reason: target.trouble,
        });
        Some(targets.collect())
    }

    /// The Services of a key.
    pub(crate) fn services_at(&self, key: &BalancerKey) -> BTreeSet<ServiceUid> {
        match key {
            BalancerKey::Own(uid) => BTreeSet::from([uid.clone()]),
            BalancerKey::Shared(group) => {
                self.pool().of_group(group).map(|(uid, _)| uid.clone()).collect()
            }
        }
    }
}

impl Observed {
    /// What one Service has.
    pub(crate) fn seat(&self, uid: &ServiceUid) -> Option<&Seat> {
        self.seats.get(uid)
    }

    /// Folds the answer to a step.
    pub(crate) fn learn(&mut self, fact: Fact) {
        let uid = match &fact {
            Fact::Reserved { uid, .. }
            | Fact::Open { uid, .. }
            | Fact::Closed { uid }
            | Fact::Released { uid, .. } => uid.clone(),
        };
        let seat = self.seats.entry(uid.clone()).or_default();
        match fact {
            Fact::Reserved { addresses, .. } => seat.addresses = addresses,
            Fact::Open { balancer, .. } => seat.open = Some(balancer),
            Fact::Closed { .. } => seat.open = None,
            Fact::Released { addresses, .. } => seat.addresses.retain(|ip| !addresses.contains(ip)),
        }
        if seat.addresses.is_empty() && seat.open.is_none() {
            self.seats.remove(&uid);
        }
    }

    /// Where clients of a Service are to connect: of each family the first address that listens. One
    /// that is only reserved is not told.
    pub(crate) fn readiness(&self, uid: &ServiceUid) -> Readiness {
        let mut ready: Vec<IpAddr> = Vec::new();
        let open = self.seat(uid).and_then(|seat| seat.open.as_ref());
        for listener in open.iter().flat_map(|open| &open.listeners) {
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

/// What a target's state means. One that nobody checks is up until a client finds out.
pub(crate) const fn health(target: &TargetState, checked: bool) -> Health {
    match (target.up, target.draining) {
        (_, true) => Health::Draining,
        (true, false) if checked => Health::Healthy,
        (true, false) => Health::Unknown,
        (false, false) => Health::Unhealthy,
    }
}

/// Whether targets are asked anything: those that get UDP only have no port that could be connected to.
pub(crate) fn is_checked(balancer: &Balancer) -> bool {
    match balancer.health.probe {
        Probe::None => false,
        Probe::Tcp | Probe::ProxyV2 => {
            balancer.listeners.iter().any(|listener| listener.protocol == Protocol::Tcp)
        }
        Probe::Http { .. } => true,
    }
}

/// The same without the listeners that no client can reach: what listens there is as good as closed.
fn reachable(open: Arc<Balancer>) -> Arc<Balancer> {
    let absent = absent(&open);
    if absent.is_empty() {
        return open;
    }
    let mut less = Balancer::clone(&open);
    less.listeners.retain(|listener| !absent.contains(&listener.address.ip()));
    Arc::new(less)
}

/// The addresses of a balancer that are not on this machine.
pub(crate) fn absent(balancer: &Balancer) -> BTreeSet<IpAddr> {
    let all: BTreeSet<_> = balancer.listeners.iter().map(|it| it.address.ip()).collect();
    all.into_iter().filter(|ip| !is_here(*ip)).collect()
}

/// Between the uid of a Service and its group, in the data plane's name for it: neither has it.
const OF: char = '@';

/// The data plane's name for what serves a Service.
pub(crate) fn id(holder: &Holder) -> BalancerId {
    match &holder.group {
        None => holder.uid.as_str().into(),
        Some(group) => format!("{}{OF}{group}", holder.uid).as_str().into(),
    }
}

/// Whom the data plane's balancer of this name serves.
pub(crate) fn holder(id: &BalancerId) -> Holder {
    match id.as_str().split_once(OF) {
        None => Holder::own(id.as_str().into()),
        Some((uid, group)) => Holder { group: Some(group.into()), uid: uid.into() },
    }
}

pub(crate) fn key(holder: &Holder) -> Key {
    match &holder.group {
        None => Key::own(holder.uid.clone()),
        Some(group) => Key::shared(Arc::clone(group)),
    }
}
