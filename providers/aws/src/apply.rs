//! One step: one writing call, and what its answer tells.

use std::collections::BTreeSet;

use seaway_core::{Context, ErrorKind, ProviderError, ServiceUid};

use crate::api::{
    Answer, Api, Arn, Fault, Filter, ListenerSpec, NewLoadBalancer, NewTargetGroup, State, Tags,
    Target, Which,
};
use crate::error::{is_full, is_gone, is_invalid_target, is_taken, is_there, told};
use crate::instance;
use crate::mark;
use crate::observe::{Balancer, Detail, Fact, Firewall, Front, Ground, Group, Members, Observed};
use crate::plan::{Place, Step, Way};
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    /// Makes one change.
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
                let spec = spec(way, group(&way.group)?);
                let front = self.create_listener(&balancer(name)?, *port, spec, tags, seen).await?;
                Ok(Fact::Listener(name.clone(), *port, front))
            }
            Step::ModifyListener { balancer: name, port, way } => {
                let listeners = seen.balancers.get(name).and_then(|it| it.detail.as_ref());
                let front = listeners.and_then(|detail| detail.listeners.get(port));
                let arn = arn_of(front.and_then(|it| it.arn.as_ref()), name)?;
                let spec = spec(way, group(&way.group)?);
                self.api
                    .modify_listener(&arn, &spec)
                    .await
                    .map_err(|fault| told("ModifyListener", &fault))?;
                Ok(Fact::Listener(name.clone(), *port, Front::of(arn, spec)))
            }
            Step::Authorize { .. }
            | Step::Revoke { .. }
            | Step::DeleteFirewall { .. }
            | Step::AuthorizeNodes { .. }
            | Step::RevokeNodes { .. }
            | Step::SetBalancerAttributes { .. }
            | Step::SetSecurityGroups { .. }
            | Step::SetSubnets { .. }
            | Step::SetIpAddressType { .. }
            | Step::Tag { .. }
            | Step::Untag { .. }
            | Step::Show { .. }
            | Step::Retire { .. }
            | Step::DeleteBalancer { .. }
            | Step::SetHealthCheck { .. }
            | Step::SetGroupAttributes { .. }
            | Step::Deregister { .. }
            | Step::DeleteListener { .. }
            | Step::DeleteGroup { .. } => match self.change(step, seen, ground).await? {
                (action, Err(fault)) if !is_gone(&fault) || !step.is_removal() => {
                    Err(told(action, &fault))
                }
                (_, Ok(()) | Err(_)) => Ok(Fact::Done(step.clone(), cx.now())),
            },
        }
    }

    /// Makes a change whose answer tells no more than that it was made.
    async fn change(
        &self,
        step: &Step,
        seen: &Observed,
        ground: Option<&Ground>,
    ) -> Result<(&'static str, Answer<()>), ProviderError> {
        let api = &self.api;
        let balancer = |name: &str| arn_of(seen.balancers.get(name).map(|it| &it.arn), name);
        let group = |name: &str| arn_of(seen.groups.get(name).map(|it| &it.arn), name);
        Ok(match step {
            Step::Authorize { place, rules } => {
                let id = Self::firewall_id(place, seen, ground)?;
                (AUTHORIZE, self.authorize(&id, rules).await)
            }
            Step::Revoke { place, rules } => {
                let id = Self::firewall_id(place, seen, ground)?;
                (REVOKE, api.revoke(&id, rules).await)
            }
            Step::DeleteFirewall { place } => {
                let id = Self::firewall_id(place, seen, ground)?;
                ("DeleteSecurityGroup", api.delete_security_group(&id).await)
            }
            Step::AuthorizeNodes { group, rules } => {
                (AUTHORIZE, self.authorize(group, rules).await)
            }
            Step::RevokeNodes { group, rules } => (REVOKE, api.revoke(group, rules).await),
            Step::SetBalancerAttributes { balancer: name, attributes } => {
                let arn = balancer(name)?;
                let answer = api.set_balancer_attributes(&arn, attributes).await;
                ("ModifyLoadBalancerAttributes", answer)
            }
            Step::SetSecurityGroups { balancer: name, fixed, own } => {
                let mut groups = fixed.clone();
                groups.extend(seen.own_groups(*own));
                let answer = api.set_security_groups(&balancer(name)?, &groups).await;
                ("SetSecurityGroups", answer)
            }
            Step::SetSubnets { balancer: name, subnets, ip_address_type } => {
                let answer = api.set_subnets(&balancer(name)?, subnets, *ip_address_type).await;
                ("SetSubnets", answer)
            }
            Step::SetIpAddressType { balancer: name, ip_address_type } => {
                let answer = api.set_ip_address_type(&balancer(name)?, *ip_address_type).await;
                ("SetIpAddressType", answer)
            }
            Step::Tag { balancer: name, tags } => {
                ("AddTags", api.add_tags(&balancer(name)?, tags).await)
            }
            Step::Untag { balancer: name, keys } => {
                ("RemoveTags", api.remove_tags(&balancer(name)?, keys).await)
            }
            Step::DeleteBalancer { balancer: name } => {
                let arn = balancer(name)?;
                self.poller.forget(&arn).await;
                ("DeleteLoadBalancer", api.delete_load_balancer(&arn).await)
            }
            Step::SetHealthCheck { group: name, check } => {
                ("ModifyTargetGroup", api.set_health_check(&group(name)?, check).await)
            }
            Step::SetGroupAttributes { group: name, attributes } => {
                let answer = api.set_group_attributes(&group(name)?, attributes).await;
                ("ModifyTargetGroupAttributes", answer)
            }
            Step::Deregister { group: name, targets } => {
                ("DeregisterTargets", api.deregister(&group(name)?, targets).await)
            }
            Step::DeleteListener { balancer: name, port } => {
                let listeners = seen.balancers.get(name).and_then(|it| it.detail.as_ref());
                let front = listeners.and_then(|detail| detail.listeners.get(port));
                let arn = arn_of(front.and_then(|it| it.arn.as_ref()), name)?;
                ("DeleteListener", api.delete_listener(&arn).await)
            }
            Step::DeleteGroup { group: name } => {
                ("DeleteTargetGroup", api.delete_target_group(&group(name)?).await)
            }
            // These make no call; the others answer with what they made.
            Step::Show { .. }
            | Step::Retire { .. }
            | Step::CreateFirewall { .. }
            | Step::CreateBalancer { .. }
            | Step::Adopt { .. }
            | Step::CreateGroup { .. }
            | Step::Register { .. }
            | Step::CreateListener { .. }
            | Step::ModifyListener { .. } => ("", Ok(())),
        })
    }

    /// The id of a security group of ours.
    fn firewall_id(
        place: &Place,
        seen: &Observed,
        ground: Option<&Ground>,
    ) -> Result<String, ProviderError> {
        let ground = seen.ground.as_deref().or(ground);
        let firewall = match place {
            Place::Backend => ground.and_then(|ground| ground.backend.as_ref()),
            Place::Open => ground.and_then(|ground| ground.open.as_ref()),
            Place::Own(number) => seen.firewalls.get(number),
        };
        firewall.map(|firewall| firewall.id.clone()).ok_or_else(|| unknown(&place.to_string()))
    }

    /// One that a lost answer left behind is found by its name, and is ours if its tags say so.
    async fn create_firewall(
        &self,
        name: &str,
        vpc: &str,
        uid: Option<ServiceUid>,
        tags: &Tags,
    ) -> Result<Firewall, ProviderError> {
        const ACTION: &str = "CreateSecurityGroup";
        let description = "Made by Seaway for load balancers";
        let made = self.api.create_security_group(name, description, vpc, tags).await;
        match made {
            Ok(id) => Ok(Firewall { id, uid, rules: BTreeSet::new() }),
            Err(fault) if is_taken(&fault) => {
                let filter = Filter {
                    vpc: Some(vpc.to_owned()),
                    tag: Some((mark::CLUSTER.to_owned(), vec![self.rules.cluster.to_string()])),
                    ..Filter::default()
                };
                let groups = self.all_security_groups(filter).await;
                let groups = groups.map_err(|fault| told(ACTION, &fault))?;
                let found = groups.into_iter().find(|group| group.name == name);
                found
                    .map(|group| Firewall::read(group, uid))
                    .ok_or_else(|| foreign(ACTION, name, &fault))
            }
            Err(fault) => Err(told(ACTION, &fault)),
        }
    }

    /// Rules that are there already do no harm: the others are added one by one then.
    async fn authorize(&self, group: &str, rules: &BTreeSet<crate::api::Rule>) -> Answer<()> {
        match self.api.authorize(group, rules).await {
            Err(fault) if is_there(&fault) && rules.len() > 1 => {
                for rule in rules {
                    match self.api.authorize(group, &BTreeSet::from([rule.clone()])).await {
                        Err(fault) if !is_there(&fault) => return Err(fault),
                        Ok(()) | Err(_) => {}
                    }
                }
                Ok(())
            }
            Err(fault) if is_there(&fault) => Ok(()),
            answer => answer,
        }
    }

    async fn create_balancer(
        &self,
        uid: &ServiceUid,
        new: &NewLoadBalancer,
        own: u8,
        seen: &Observed,
    ) -> Result<Balancer, ProviderError> {
        const ACTION: &str = "CreateLoadBalancer";
        let mut new = new.clone();
        new.security_groups.extend(seen.own_groups(own));
        let made = self.api.create_load_balancer(&new).await;
        let (made, fresh) = match made {
            // Of a name that a user chose there may be one of somebody else's, which AWS returns if
            // it has the same settings.
            Ok(made) => {
                let ours = new.name.starts_with(crate::names::PREFIX);
                let fresh = ours && made.state == State::Provisioning;
                (made, fresh)
            }
            Err(fault) if is_taken(&fault) => {
                let page = self.api.load_balancers(Which::Name(new.name.clone())).await;
                let page = page.map_err(|fault| told(ACTION, &fault))?;
                let found = page.items.into_iter().next();
                (found.ok_or_else(|| foreign(ACTION, &new.name, &fault))?, false)
            }
            Err(fault) => return Err(told(ACTION, &fault)),
        };
        let tags = self.tags_if(!fresh, &made.arn, &new.tags).await?;
        let owner = mark::read(&self.rules.cluster, &tags);
        let expected = mark::read(&self.rules.cluster, &new.tags).map(|owner| owner.key);
        let Some(owner) = owner.filter(|owner| Some(&owner.key) == expected.as_ref()) else {
            let fault = Fault::refused("DuplicateLoadBalancerName", "the name is taken");
            return Err(foreign(ACTION, &new.name, &fault));
        };
        self.directory().meet(&made.arn, Some(owner.clone()));
        // An answer may have been lost before: what it has besides is read, unless it is new.
        let detail = Detail { tags, ..self.detail_of(&made.arn, fresh).await? };
        let mut balancer = Balancer::listed(made, Some(uid.clone()), owner.retained);
        balancer.detail = Some(detail);
        Ok(balancer)
    }

    async fn create_group(
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
            Err(fault) if is_taken(&fault) => {
                let page = self.api.target_groups(Which::Name(new.name.clone())).await;
                let page = page.map_err(|fault| told(ACTION, &fault))?;
                let found = page.items.into_iter().next();
                (found.ok_or_else(|| foreign(ACTION, &new.name, &fault))?, false)
            }
            Err(fault) => return Err(told(ACTION, &fault)),
        };
        let tags = self.tags_if(!fresh, &made.arn, &new.tags).await?;
        let owner = mark::read(&self.rules.cluster, &tags);
        let Some(owner) = owner.filter(|owner| owner.uid == *uid) else {
            let fault = Fault::refused("DuplicateTargetGroupName", "the name is taken");
            return Err(foreign(ACTION, &new.name, &fault));
        };
        self.directory().meet(&made.arn, Some(owner));
        let detail = if fresh { Members::default() } else { self.members_of(&made.arn).await? };
        let mut group = Group::listed(made, uid.clone());
        group.detail = Some(detail);
        Ok(group)
    }

    /// The tags of a thing: read if it may not be new, else those that it was made with.
    async fn tags_if(&self, read: bool, arn: &Arn, made: &Tags) -> Result<Tags, ProviderError> {
        if !read {
            return Ok(made.clone());
        }
        let tags = self.api.tags(std::slice::from_ref(arn)).await;
        let tags = tags.map_err(|fault| told("DescribeTags", &fault))?;
        Ok(tags.into_iter().next().unwrap_or_default())
    }

    /// A load balancer that is not ours, with all that is on it.
    async fn lent(&self, arn: &Arn) -> Result<(String, Balancer), ProviderError> {
        let page = self.api.load_balancers(Which::Arns(vec![arn.clone()])).await;
        let page = page.map_err(|fault| told("DescribeLoadBalancers", &fault))?;
        let Some(found) = page.items.into_iter().find(|it| it.arn == *arn) else {
            let message = format!("there is no network load balancer {arn} in this region");
            let key = "seaway.dev/load-balancer-arn";
            return Err(ProviderError::new(ErrorKind::Unavailable, key, message));
        };
        let detail = self.detail_of(arn, false).await?;
        let mut balancer = Balancer::listed(found.clone(), None, false);
        balancer.detail = Some(detail);
        Ok((found.name, balancer))
    }

    /// Instances that are not running fail the whole call: the others are registered without them.
    async fn register(
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

    /// A listener that a lost answer left behind is found on its port.
    async fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: ListenerSpec,
        tags: &Tags,
        seen: &Observed,
    ) -> Result<Front, ProviderError> {
        const ACTION: &str = "CreateListener";
        match self.api.create_listener(balancer, port, &spec, tags).await {
            Ok(made) => Ok(Front::of(made.arn, spec)),
            Err(fault) if is_taken(&fault) => {
                let all = self.api.listeners(balancer).await;
                let all = all.map_err(|fault| told(ACTION, &fault))?;
                let found = all.into_iter().find(|it| it.port == port).map(|it| Front::read(it).1);
                let ours = |front: &Front| {
                    seen.groups.values().any(|group| Some(&group.arn) == front.group.as_ref())
                };
                found.filter(ours).ok_or_else(|| foreign(ACTION, &format!("port {port}"), &fault))
            }
            Err(fault) => Err(told(ACTION, &fault)),
        }
    }
}

const AUTHORIZE: &str = "AuthorizeSecurityGroupIngress";
const REVOKE: &str = "RevokeSecurityGroupIngress";

impl Front {
    fn of(arn: Arn, spec: ListenerSpec) -> Self {
        Self {
            arn: Some(arn),
            protocol: spec.protocol,
            group: spec.group,
            certificate: spec.certificate,
            policy: spec.policy,
        }
    }
}

fn spec(way: &Way, group: Arn) -> ListenerSpec {
    ListenerSpec {
        protocol: way.protocol,
        group: Some(group),
        certificate: way.certificate.clone(),
        policy: way.policy.clone(),
    }
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
