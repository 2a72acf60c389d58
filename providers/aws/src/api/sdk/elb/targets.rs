use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthDescription, TargetHealthStateEnum,
};

use super::{Elb, number};
use crate::api::sdk::refusal::gone;
use crate::api::{Answer, Arn, Target, TargetHealth, TargetState};

impl Elb {
    pub(crate) async fn target_health(&self, group: &Arn) -> Answer<Vec<TargetHealth>> {
        let call = self.client.describe_target_health().target_group_arn(&group.0);
        let all = call.send().await?.target_health_descriptions.unwrap_or_default();
        Ok(all.into_iter().filter_map(health).collect())
    }

    pub(crate) async fn register(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        if targets.is_empty() {
            return Ok(());
        }
        let call = self.client.register_targets().target_group_arn(&group.0);
        call.set_targets(Some(described(targets))).send().await?;
        Ok(())
    }

    pub(crate) async fn deregister(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        match self.deregister_all(group, targets).await {
            // One of them is unknown, and nobody says whether the others were taken out.
            Err(fault) if fault.code() == Some("InvalidTarget") => {
                let known = self.target_health(group).await?.into_iter();
                let left = known
                    .filter(|known| known.state != TargetState::Draining)
                    .map(|known| known.target)
                    .filter(|known| targets.contains(known))
                    .collect();
                gone(self.deregister_all(group, &left).await, &["InvalidTarget"])
            }
            answer => answer,
        }
    }

    async fn deregister_all(&self, group: &Arn, targets: &BTreeSet<Target>) -> Answer<()> {
        if targets.is_empty() {
            return Ok(());
        }
        let call = self.client.deregister_targets().target_group_arn(&group.0);
        call.set_targets(Some(described(targets))).send().await?;
        Ok(())
    }
}

fn described(targets: &BTreeSet<Target>) -> Vec<TargetDescription> {
    let each = targets.iter().map(|target| {
        TargetDescription::builder().id(&target.instance).port(target.port.into()).build()
    });
    each.collect()
}

fn health(seen: TargetHealthDescription) -> Option<TargetHealth> {
    let target = seen.target?;
    let target = Target { instance: target.id?, port: number(target.port)? };
    let health = seen.target_health?;
    let state = match health.state? {
        TargetHealthStateEnum::Initial => TargetState::Initial,
        TargetHealthStateEnum::Healthy => TargetState::Healthy,
        // It is still registered; only its connections are let go for being unhealthy.
        TargetHealthStateEnum::Unhealthy | TargetHealthStateEnum::UnhealthyDraining => {
            TargetState::Unhealthy
        }
        TargetHealthStateEnum::Draining => TargetState::Draining,
        TargetHealthStateEnum::Unused => TargetState::Unused,
        // A state that is new to us says nothing of the target's health.
        TargetHealthStateEnum::Unavailable | _ => TargetState::Unavailable,
    };
    let code = health.reason.map(|reason| reason.as_str().to_owned());
    Some(TargetHealth { target, state, reason: health.description.or(code) })
}
