use std::collections::BTreeSet;

use seaway_core::{ErrorKind, Goal, Needs, Plan, Planned, ProviderError, ServiceUid};

use super::{Change, Stages, Step, Way, groups};
use crate::design::{Design, PortDesign};
use crate::observe::{Balancer, Front, Group, Observed};

impl PortDesign {
    fn way(&self) -> Way {
        Way {
            protocol: self.protocol,
            group: self.group.name.clone(),
            certificate: self.certificate.clone(),
            policy: self.policy.clone(),
        }
    }

    pub(super) fn listen(&self, balancer: &str) -> Planned<Step> {
        self.step(Step::CreateListener {
            balancer: balancer.to_owned(),
            port: self.group.port,
            way: self.way(),
            tags: self.group.tags.clone(),
        })
    }

    /// A step that its Service needs.
    pub(super) fn step(&self, step: impl Into<Step>) -> Planned<Step> {
        Planned::of(self.uid.clone(), step.into())
    }
}

/// The way of the ports of a load balancer that is there.
pub(super) struct Ports<'a> {
    pub design: &'a Design,
    pub name: &'a str,
    pub now: &'a Balancer,
    pub goal: &'a Goal,
    pub seen: &'a Observed,
    pub plan: &'a mut Plan<Step>,
}

impl<'a> Ports<'a> {
    pub(super) fn all(&mut self, stages: &mut Stages) {
        let Some(detail) = &self.now.detail else { return };
        let mut spoilt = BTreeSet::new();
        for port in self.design.ports.values() {
            let front = detail.listeners.get(&port.group.port);
            if let Some(front) = front.filter(|front| self.is_foreign(front)) {
                let group = front.group.as_ref().map_or("somewhere", |arn| arn.0.as_str());
                let message = format!(
                    "port {} of {} has a listener that is not ours, and leads to {group}; delete it, or \
                     use another port",
                    port.group.port, self.name
                );
                let error = ProviderError::new(ErrorKind::Conflict, "spec.ports", message);
                self.plan.refused.insert(port.uid.clone(), error);
                spoilt.insert(port.uid.clone());
            }
        }
        for port in self.design.ports.values().filter(|port| !spoilt.contains(&port.uid)) {
            groups::follow(port, self.goal, self.seen, self.plan, stages);
            self.listener(port, detail.listeners.get(&port.group.port), stages);
        }
        for (number, front) in &detail.listeners {
            let group = self.group_of(front);
            let wanted = self.design.ports.get(number).is_some_and(|it| !spoilt.contains(&it.uid));
            if let Some((_, group)) = group
                && !wanted
                && !self.is_kept(&group.uid)
                && !spoilt.contains(&group.uid)
            {
                if front.arn.is_none() {
                    self.plan.needs = Needs::CloserLook;
                }
                let balancer = self.name.to_owned();
                let step = Change::DeleteListener { balancer, port: *number };
                stages.closing.push(Planned::of(group.uid.clone(), step.into()));
            }
        }
        self.spare(&spoilt, stages);
    }

    /// Deletes target groups that nothing leads to.
    fn spare(&self, spoilt: &BTreeSet<ServiceUid>, stages: &mut Stages) {
        let wanted: BTreeSet<_> = self.design.ports.values().map(|it| &it.group.name).collect();
        for (name, group) in &self.seen.groups {
            let elsewhere = self.seen.balancers.values().any(|balancer| {
                balancer.arn != self.now.arn && group.balancers.contains(&balancer.arn)
            });
            let kept = self.is_kept(&group.uid) || spoilt.contains(&group.uid);
            if !wanted.contains(name) && !kept && !elsewhere {
                let step = Change::DeleteGroup { group: name.clone() };
                stages.deleting.push(Planned::of(group.uid.clone(), step.into()));
            }
        }
    }

    fn listener(&mut self, port: &PortDesign, front: Option<&Front>, stages: &mut Stages) {
        let Some(front) = front else {
            stages.opening.push(port.listen(self.name));
            return;
        };
        let group = self.seen.groups.get(&port.group.name).map(|group| &group.arn);
        let tls =
            |seen: &Option<String>, wanted: &Option<String>| wanted.is_none() || seen == wanted;
        if front.protocol == port.protocol
            && front.group.as_ref() == group
            && group.is_some()
            && tls(&front.certificate, &port.certificate)
            && tls(&front.policy, &port.policy)
        {
            return;
        }
        if front.arn.is_none() {
            self.plan.needs = Needs::CloserLook;
        }
        let balancer = self.name.to_owned();
        let step = Step::ModifyListener { balancer, port: port.group.port, way: port.way() };
        stages.opening.push(port.step(step));
    }

    /// Whether a listener leads to what is not ours.
    fn is_foreign(&self, front: &Front) -> bool {
        self.group_of(front).is_none()
    }

    fn group_of(&self, front: &Front) -> Option<(&'a String, &'a Group)> {
        let arn = front.group.as_ref()?;
        self.seen.groups.iter().find(|(_, group)| group.arn == *arn)
    }

    /// Whether the things of a Service stay as they are.
    fn is_kept(&self, uid: &ServiceUid) -> bool {
        self.design.kept.contains(uid)
    }
}
