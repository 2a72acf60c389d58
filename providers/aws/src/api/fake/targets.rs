//! Targets of target groups, told apart by instance and port.

use std::collections::BTreeSet;

use seaway_core::Moment;

use super::super::{Answer, Arn, Target, TargetHealth, TargetState};
use super::unless;
use super::world::{Group, World};

/// The targets that a call may name. AWS publishes no bound; Seaway keeps to this one.
const BATCH: usize = 200;

impl World {
    /// `DescribeTargetHealth`
    pub(super) fn describe_targets(&self, arn: &Arn) -> Answer<Vec<TargetHealth>> {
        Ok(self.health_of(self.group(arn)?))
    }

    /// `RegisterTargets`
    pub(super) fn register_targets(&mut self, arn: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        batch(targets)?;
        let group = self.group(arn)?;
        let stopped: BTreeSet<_> =
            targets.iter().map(|it| &it.instance).filter(|it| self.stopped.contains(*it)).collect();
        unless(stopped.is_empty(), "InvalidTarget", || {
            let all: Vec<_> = stopped.iter().map(|it| format!("'{it}'")).collect();
            let all = all.join(", ");
            format!(
                "The following targets are not in a running state and cannot be registered: {all}"
            )
        })?;
        let new = targets.iter().filter(|it| !group.targets.contains_key(*it)).count();
        unless(group.targets.len() + new <= self.limits.targets, "TooManyTargets", || {
            format!("The maximum number of targets in target group '{arn}' has been reached")
        })?;
        let now = self.now;
        let group = self.group_mut(arn)?;
        for target in targets {
            group.draining.remove(target);
            group.targets.entry(target.clone()).or_insert(now);
        }
        Ok(())
    }

    /// `DeregisterTargets`
    pub(super) fn deregister_targets(
        &mut self,
        arn: &Arn,
        targets: &BTreeSet<Target>,
    ) -> Answer<()> {
        batch(targets)?;
        let now = self.now;
        let group = self.group_mut(arn)?;
        for target in targets {
            if group.targets.remove(target).is_some() {
                group.draining.insert(target.clone(), now);
            }
        }
        self.settle(now);
        Ok(())
    }

    /// How the targets of a group are, those that drain included.
    pub fn health_of(&self, group: &Group) -> Vec<TargetHealth> {
        let used = !self.fronts_of(&group.arn).is_empty();
        let live = group.targets.iter().map(|(target, since)| {
            let (state, reason) = self.health(group, used, target, *since);
            TargetHealth { target: target.clone(), state, reason: reason.map(str::to_owned) }
        });
        let draining = group.draining.keys().map(|target| TargetHealth {
            target: target.clone(),
            state: TargetState::Draining,
            reason: Some("Target.DeregistrationInProgress".to_owned()),
        });
        live.chain(draining).collect()
    }

    fn health(
        &self,
        group: &Group,
        used: bool,
        target: &Target,
        since: Moment,
    ) -> (TargetState, Option<&'static str>) {
        if self.stopped.contains(&target.instance) {
            (TargetState::Unused, Some("Target.InvalidState"))
        } else if !used {
            (TargetState::Unused, Some("Target.NotInUse"))
        } else if self.now < since + self.limits.initial {
            (TargetState::Initial, Some("Elb.InitialHealthChecking"))
        } else if group.failing.contains(target) {
            (TargetState::Unhealthy, Some("Target.FailedHealthChecks"))
        } else {
            (TargetState::Healthy, None)
        }
    }
}

fn batch(targets: &BTreeSet<Target>) -> Answer<()> {
    unless((1..=BATCH).contains(&targets.len()), "ValidationError", || {
        format!("{} targets were named; a call takes 1 to {BATCH}", targets.len())
    })?;
    unless(
        targets.iter().all(|it| it.port > 0),
        "ValidationError",
        || "A port is a number from 1 to 65535",
    )
}
