use std::collections::BTreeSet;

use seaway_core::{Context, ProviderError, ServiceUid};

use super::{foreign, left_behind};
use crate::api::{Api, Arn, Fault, NewTargetGroup, Target, Which};
use crate::error::{is_full, is_invalid_target, told};
use crate::instance;
use crate::observe::{Fact, Group, Members};
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    pub(super) async fn create_group(
        &self,
        uid: &ServiceUid,
        new: &NewTargetGroup,
    ) -> Result<Group, ProviderError> {
        const ACTION: &str = "CreateTargetGroup";
        let (made, fresh) = match self.api.create_target_group(new).await {
            Ok(made) => {
                let fresh = made.balancers.is_empty();
                (made, fresh)
            }
            Err(fault) => {
                let named = self.api.target_groups(Which::Name(new.name.clone()));
                (left_behind(ACTION, &new.name, fault, named).await?, false)
            }
        };
        let met = self.meet(&made.arn, &new.tags, fresh, |owner, new| owner.uid == new.uid);
        if met.await?.is_none() {
            let fault = Fault::refused("DuplicateTargetGroupName", "the name is taken");
            return Err(foreign(ACTION, &new.name, &fault));
        }
        let detail = if fresh { Members::default() } else { self.members_of(&made.arn).await? };
        let mut group = Group::listed(made, uid.clone());
        group.detail = Some(detail);
        Ok(group)
    }

    /// Instances that are not running fail the whole call: the others are registered without them.
    pub(super) async fn register(
        &self,
        cx: &Context,
        name: &str,
        group: &Arn,
        targets: &BTreeSet<Target>,
    ) -> Result<Fact, ProviderError> {
        const ACTION: &str = "RegisterTargets";
        let fact = |targets: &BTreeSet<Target>, rejected: Vec<String>, full| Fact::Registered {
            group: name.to_owned(),
            targets: targets.iter().cloned().collect(),
            rejected,
            full,
            at: cx.now(),
        };
        let answer = self.api.register(group, targets).await;
        match answer {
            Ok(()) => Ok(fact(targets, Vec::new(), false)),
            Err(fault) if is_full(&fault) => Ok(fact(&BTreeSet::new(), Vec::new(), true)),
            Err(fault) if is_invalid_target(&fault) => {
                let bad = instance::named_in(&fault.to_string());
                let is_bad = |target: &&Target| bad.contains(&target.instance);
                let good: BTreeSet<_> = targets.iter().filter(|it| !is_bad(it)).cloned().collect();
                if good.len() == targets.len() {
                    return Err(told(ACTION, &fault));
                }
                if !good.is_empty() {
                    let answer = self.api.register(group, &good).await;
                    answer.map_err(|fault| told(ACTION, &fault))?;
                }
                tracing::warn!(
                    group = name,
                    ?bad,
                    "AWS takes no traffic to instances that do not run"
                );
                Ok(fact(&good, bad, false))
            }
            Err(fault) => Err(told(ACTION, &fault)),
        }
    }
}
