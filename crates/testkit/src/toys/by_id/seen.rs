//! What is known of the cloud.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{Protocol, ServiceUid, SourceRanges, TrafficPolicy};

use super::cloud::Id;
use super::{Fact, Step};

/// What one Service has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    pub(super) owner: Option<ServiceUid>,
    pub(super) balancer: Option<Front>,
    pub(super) pools: BTreeMap<At, Back>,
}

/// A port of a Service.
pub type At = (u16, Protocol);

impl Observed {
    fn front_mut(&mut self) -> Option<&mut (SourceRanges, BTreeMap<u16, Id>)> {
        self.balancer.as_mut()?.detail.as_mut()
    }

    fn back_mut(&mut self, at: At) -> Option<&mut (TrafficPolicy, BTreeSet<String>)> {
        self.pools.get_mut(&at)?.detail.as_mut()
    }

    /// Folds an answer of the cloud in.
    pub(super) fn learn(&mut self, fact: Fact) {
        let step = match fact {
            Fact::Balancer(uid, front) => {
                self.owner = Some(uid);
                self.balancer = Some(front);
                return;
            }
            Fact::Pool(uid, at, back) => {
                self.owner = Some(uid);
                self.pools.insert(at, back);
                return;
            }
            Fact::Done(step) => step,
        };
        let to = |at: &At| self.pools.get(at).map(|back| back.id);
        if let Step::Listen(at) = &step
            && let Some(id) = to(at)
            && let Some((_, listeners)) = self.front_mut()
        {
            listeners.insert(at.0, id);
        }
        match step {
            Step::Keep(kept) => {
                if let Some(front) = &mut self.balancer {
                    front.kept = kept;
                }
            }
            Step::Admit(ranges) => {
                if let Some((admits, _)) = self.front_mut() {
                    *admits = ranges;
                }
            }
            Step::SetHealth(at, told) => {
                if let Some((health, _)) = self.back_mut(at) {
                    *health = told;
                }
            }
            Step::Register(at, some) => {
                if let Some((_, targets)) = self.back_mut(at) {
                    targets.extend(some);
                }
            }
            Step::Deregister(at, some) => {
                if let Some((_, targets)) = self.back_mut(at) {
                    targets.retain(|target| !some.contains(target));
                }
            }
            Step::Close(port) => {
                if let Some((_, listeners)) = self.front_mut() {
                    listeners.remove(&port);
                }
            }
            Step::DeletePool(at) => drop(self.pools.remove(&at)),
            Step::DeleteBalancer => self.balancer = None,
            Step::CreateBalancer(..) | Step::CreatePool(..) | Step::Listen(_) => {}
        }
        if self.balancer.is_none() && self.pools.is_empty() {
            self.owner = None;
        }
    }
}

/// What is known of a balancer.
#[derive(Clone, Debug, PartialEq)]
pub struct Front {
    pub(super) id: Id,
    pub(super) active: bool,
    /// It is to stay when its Service goes.
    pub(super) kept: bool,
    /// Who is let in, and where each port leads: not in a listing.
    pub(super) detail: Option<(SourceRanges, BTreeMap<u16, Id>)>,
}

/// What is known of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Back {
    pub(super) id: Id,
    /// How health is told, and the targets: not in a listing.
    pub(super) detail: Option<(TrafficPolicy, BTreeSet<String>)>,
}
