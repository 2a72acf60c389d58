//! One step: one writing call, and what its answer tells.

mod balancer;
mod firewall;
mod group;
mod listener;

use seaway_core::{Context, ErrorKind, ProviderError};

use crate::api::{Answer, Api, Arn, Fault, Page, State, Tags};
use crate::error::{is_gone, is_taken, told};
use crate::mark::{self, Owner};
use crate::observe::{Fact, Front, Ground, Observed};
use crate::plan::{Change, Step};
use crate::provider::Nlb;

const AUTHORIZE: &str = "AuthorizeSecurityGroupIngress";
const REVOKE: &str = "RevokeSecurityGroupIngress";

impl<A: Api> Nlb<A> {
    /// Takes one step.
    pub(crate) async fn make(
        &self,
        cx: &Context,
        step: &Step,
        seen: &Observed,
        ground: Option<&Ground>,
    ) -> Result<Fact, ProviderError> {
        let balancer = |name: &str| arn_of(seen.balancers.get(name).map(|it| &it.arn), name);
        let group = |name: &str| arn_of(seen.groups.get(name).map(|it| &it.arn), name);
        match step {
            Step::CreateFirewall { place, name, vpc, uid, tags } => {
                let firewall = self.create_firewall(name, vpc, uid.clone(), tags).await?;
                Ok(Fact::Firewall(place.clone(), firewall))
            }
            Step::CreateBalancer { uid, new, own } => {
                let made = self.create_balancer(uid, new, *own, seen).await?;
                if made.state == State::Provisioning {
                    self.poller.made(&made.arn, cx.now()).await;
                }
                Ok(Fact::Balancer(new.name.clone(), Box::new(made)))
            }
            Step::Adopt { arn } => {
                let (name, lent) = self.lent(arn).await?;
                Ok(Fact::Balancer(name, Box::new(lent)))
            }
            Step::CreateGroup { uid, new } => {
                let made = self.create_group(uid, new).await?;
                Ok(Fact::Group(new.name.clone(), Box::new(made)))
            }
            Step::Register { group: name, targets, .. } => {
                self.register(cx, name, &group(name)?, targets).await
            }
            Step::CreateListener { balancer: name, port, way, tags } => {
                let spec = listener::spec(way, group(&way.group)?);
                let front = self.create_listener(&balancer(name)?, *port, spec, tags, seen).await?;
                Ok(Fact::Listener(name.clone(), *port, front))
            }
            Step::ModifyListener { balancer: name, port, way } => {
                let arn = listener::arn(seen, name, *port)?;
                let spec = listener::spec(way, group(&way.group)?);
                let answer = self.api.modify_listener(&arn, &spec).await;
                answer.map_err(|fault| told("ModifyListener", &fault))?;
                Ok(Fact::Listener(name.clone(), *port, Front::of(arn, spec)))
            }
            Step::Change(change) => match self.change(change, seen, ground).await? {
                (action, Err(fault)) if !is_gone(&fault) || !change.is_removal() => {
                    Err(told(action, &fault))
                }
                (_, Ok(()) | Err(_)) => Ok(Fact::Done(change.clone(), cx.now())),
            },
        }
    }

    /// Makes a change whose answer tells no more than that it was made.
    async fn change(
        &self,
        change: &Change,
        seen: &Observed,
        ground: Option<&Ground>,
    ) -> Result<(&'static str, Answer<()>), ProviderError> {
        let api = &self.api;
        let balancer = |name: &str| arn_of(seen.balancers.get(name).map(|it| &it.arn), name);
        let group = |name: &str| arn_of(seen.groups.get(name).map(|it| &it.arn), name);
        Ok(match change {
            Change::Authorize { place, rules } => {
                let id = firewall::id(place, seen, ground)?;
                (AUTHORIZE, self.authorize(&id, rules).await)
            }
            Change::Revoke { place, rules } => {
                let id = firewall::id(place, seen, ground)?;
                (REVOKE, api.revoke(&id, rules).await)
            }
            Change::DeleteFirewall { place } => {
                let id = firewall::id(place, seen, ground)?;
                ("DeleteSecurityGroup", api.delete_security_group(&id).await)
            }
            Change::AuthorizeNodes { group, rules } => {
                (AUTHORIZE, self.authorize(group, rules).await)
            }
            Change::RevokeNodes { group, rules } => (REVOKE, api.revoke(group, rules).await),
            Change::SetBalancerAttributes { balancer: name, attributes } => {
                let arn = balancer(name)?;
                let answer = api.set_balancer_attributes(&arn, attributes).await;
                ("ModifyLoadBalancerAttributes", answer)
            }
            Change::SetSecurityGroups { balancer: name, fixed, own } => {
                let mut groups = fixed.clone();
                groups.extend(seen.own_groups(*own));
                let answer = api.set_security_groups(&balancer(name)?, &groups).await;
                ("SetSecurityGroups", answer)
            }
            Change::SetSubnets { balancer: name, subnets, ip_address_type } => {
                let answer = api.set_subnets(&balancer(name)?, subnets, *ip_address_type).await;
                ("SetSubnets", answer)
            }
            Change::SetIpAddressType { balancer: name, ip_address_type } => {
                let answer = api.set_ip_address_type(&balancer(name)?, *ip_address_type).await;
                ("SetIpAddressType", answer)
            }
            Change::Tag { balancer: name, tags } => {
                ("AddTags", api.add_tags(&balancer(name)?, tags).await)
            }
            Change::Untag { balancer: name, keys } => {
                ("RemoveTags", api.remove_tags(&balancer(name)?, keys).await)
            }
            Change::DeleteBalancer { balancer: name } => {
                let arn = balancer(name)?;
                self.poller.forget(&arn).await;
                ("DeleteLoadBalancer", api.delete_load_balancer(&arn).await)
            }
            Change::SetHealthCheck { group: name, check } => {
                ("ModifyTargetGroup", api.set_health_check(&group(name)?, check).await)
            }
            Change::SetGroupAttributes { group: name, attributes } => {
                let answer = api.set_group_attributes(&group(name)?, attributes).await;
                ("ModifyTargetGroupAttributes", answer)
            }
            Change::Deregister { group: name, targets } => {
                ("DeregisterTargets", api.deregister(&group(name)?, targets).await)
            }
            Change::DeleteListener { balancer: name, port } => {
                let arn = listener::arn(seen, name, *port)?;
                ("DeleteListener", api.delete_listener(&arn).await)
            }
            Change::DeleteGroup { group: name } => {
                ("DeleteTargetGroup", api.delete_target_group(&group(name)?).await)
            }
            // These make no call.
            Change::Show { .. } | Change::Retire { .. } => ("", Ok(())),
        })
    }

    /// Takes note of whose a thing is that was made with these tags: they are read if it may not be
    /// new. None if it is not that of whom they name.
    async fn meet(
        &self,
        arn: &Arn,
        tags: &Tags,
        fresh: bool,
        is_same: impl FnOnce(&Owner, &Owner) -> bool + Send,
    ) -> Result<Option<(Tags, Owner)>, ProviderError> {
        let cluster = &self.rules.cluster;
        let wanted = mark::read(cluster, tags);
        let tags = if fresh {
            tags.clone()
        } else {
            let read = self.api.tags(std::slice::from_ref(arn)).await;
            let read = read.map_err(|fault| told("DescribeTags", &fault))?;
            read.into_iter().next().unwrap_or_default()
        };
        let both = mark::read(cluster, &tags).zip(wanted);
        let Some((owner, _)) = both.filter(|(owner, wanted)| is_same(owner, wanted)) else {
            return Ok(None);
        };
        self.directory().meet(arn, Some(owner.clone()));
        Ok(Some((tags, owner)))
    }
}

/// What a lost answer left behind, if the name is taken.
async fn left_behind<T>(
    action: &'static str,
    name: &str,
    fault: Fault,
    named: impl Future<Output = Answer<Page<T>>> + Send,
) -> Result<T, ProviderError> {
    if !is_taken(&fault) {
        return Err(told(action, &fault));
    }
    let page = named.await.map_err(|fault| told(action, &fault))?;
    page.items.into_iter().next().ok_or_else(|| foreign(action, name, &fault))
}

fn arn_of(arn: Option<&Arn>, name: &str) -> Result<Arn, ProviderError> {
    arn.cloned().ok_or_else(|| unknown(name))
}

/// A step came before what it needs: the next look finds out.
fn unknown(name: &str) -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, "look", format!("nothing is known of {name} yet"))
}

fn foreign(action: &'static str, name: &str, fault: &Fault) -> ProviderError {
    let message = format!(
        "{name} exists and is not tagged as ours ({fault}): it is left alone; delete it, or use another \
         name"
    );
    ProviderError::new(ErrorKind::Conflict, action, message)
}
