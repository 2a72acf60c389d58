use std::sync::Arc;

use seaway_core::ClusterId;

use super::{Denied, Ground, Observed, Rejected};
use crate::api::{Instance, Name, Thing};
use crate::mark::Mark;

/// What the answer to a step tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// This is there.
    Is(Thing),
    /// This is not.
    Gone(Name),
    /// The first are in the group; it does not take the others.
    Joined(Name, Vec<Instance>, Vec<(Instance, Rejected)>),
    /// These are not.
    Left(Name, Vec<Instance>),
    /// A firewall rule that we may not write.
    Denied(String, Denied),
}

impl Observed {
    /// Folds the answer to a step.
    pub(crate) fn learn(&mut self, cluster: &ClusterId, fact: Fact) {
        if let Some(ground) = &mut self.ground {
            Arc::make_mut(ground).learn(fact);
            return;
        }
        match fact {
            Fact::Is(thing) => {
                if let Some(mark) = Mark::read(cluster, thing.description()) {
                    self.put(thing, &mark);
                }
            }
            Fact::Gone(name) => self.drop_thing(&name),
            Fact::Denied(name, denied) => {
                self.denied.insert(name, denied);
            }
            // No Service has a group of its own.
            Fact::Joined(..) | Fact::Left(..) => {}
        }
    }

    fn drop_thing(&mut self, name: &Name) {
        match name {
            Name::Address(name) => {
                self.addresses.remove(name);
            }
            Name::ForwardingRule(name) => {
                self.rules.remove(name);
            }
            Name::BackendService(name) => {
                self.services.remove(name);
            }
            Name::HealthCheck(name) => {
                self.checks.remove(name);
            }
            Name::Firewall(name) => {
                self.denied.remove(name);
                self.firewalls.remove(name);
            }
            Name::InstanceGroup { .. } => {}
        }
    }
}

impl Ground {
    fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Is(Thing::HealthCheck(it)) => {
                self.checks.insert(it.name.clone(), it);
            }
            Fact::Is(Thing::Firewall(it)) => {
                self.firewalls.insert(it.name.clone(), it);
            }
            Fact::Is(Thing::InstanceGroup(it)) => {
                self.groups.entry(it.key()).or_default();
            }
            Fact::Joined(group, instances, rejected) => {
                self.rejected.retain(|instance, _| !instances.contains(instance));
                self.rejected.extend(rejected);
                self.groups.entry(group).or_default().extend(instances);
            }
            Fact::Left(group, instances) => {
                if let Some(members) = self.groups.get_mut(&group) {
                    members.retain(|member| !instances.contains(member));
                }
            }
            Fact::Gone(Name::HealthCheck(name)) => {
                self.checks.remove(&name);
            }
            Fact::Gone(Name::Firewall(name)) => {
                self.firewalls.remove(&name);
            }
            Fact::Gone(group @ Name::InstanceGroup { .. }) => {
                self.groups.remove(&group);
            }
            // The ground has no such things.
            Fact::Is(Thing::Address(_) | Thing::ForwardingRule(_) | Thing::BackendService(_))
            | Fact::Gone(Name::Address(_) | Name::ForwardingRule(_) | Name::BackendService(_))
            | Fact::Denied(..) => {}
        }
    }
}
