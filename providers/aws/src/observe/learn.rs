use seaway_core::Moment;

use super::{Balancer, Firewall, Front, Group, Observed};
use crate::api::Target;
use crate::plan::{Change, Place};

/// What the answer to a step tells.
#[derive(Clone, Debug)]
pub enum Fact {
    /// There is a load balancer of this name now.
    Balancer(String, Box<Balancer>),
    /// There is a target group of this name now.
    Group(String, Box<Group>),
    /// There is a listener on a load balancer now.
    Listener(String, u16, Front),
    /// There is a security group now.
    Firewall(Place, Firewall),
    /// Targets were registered, but for the instances that AWS does not take.
    Registered {
        /// The target group.
        group: String,
        /// Those that it took.
        targets: Vec<Target>,
        /// The instances that it did not.
        rejected: Vec<String>,
        /// It takes no more.
        full: bool,
        /// When.
        at: Moment,
    },
    /// The change is made.
    Done(Change, Moment),
}

impl Observed {
    /// Folds the answer to a step.
    pub(crate) fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Balancer(name, balancer) => {
                self.balancers.insert(name, *balancer);
            }
            Fact::Group(name, group) => {
                self.groups.insert(name, *group);
            }
            Fact::Listener(name, port, front) => {
                let balancer = self.balancers.get_mut(&name);
                let arn = balancer.as_ref().map(|balancer| balancer.arn.clone());
                if let Some(arn) = arn
                    && let Some(group) =
                        self.groups.values_mut().find(|it| Some(&it.arn) == front.group.as_ref())
                {
                    group.balancers.insert(arn);
                }
                if let Some(detail) = balancer.and_then(|balancer| balancer.detail.as_mut()) {
                    detail.listeners.insert(port, front);
                }
            }
            Fact::Firewall(place, firewall) => {
                self.change_firewall(&place, |_| Some(firewall));
            }
            Fact::Registered { group, targets, rejected, full, at } => {
                let Some(group) = self.groups.get_mut(&group) else { return };
                group.full = full.then_some(at);
                group.rejected.extend(rejected.into_iter().map(|id| (id, at)));
                group.rejected.retain(|id, _| targets.iter().all(|it| it.instance != *id));
                group.detail.get_or_insert_default().targets.extend(targets);
            }
            Fact::Done(change, at) => self.done(change, at),
        }
    }
}
