//! What a step would answer, for a dry run: with ARNs and addresses that say so.

use seaway_core::Moment;

use crate::api::{Arn, LoadBalancer, State, TargetGroup};
use crate::mark;
use crate::observe::{Balancer, Detail, Fact, Firewall, Front, Group, Members, Observed};
use crate::plan::Step;

/// What `step` would answer.
pub(crate) fn foresee(step: &Step, seen: &Observed) -> Fact {
    let arn = |name: &str| Arn(format!("to be made: {name}"));
    match step {
        Step::CreateFirewall { place, name, uid, .. } => {
            let id = format!("to be made: {name}");
            Fact::Firewall(place.clone(), Firewall { id, uid: uid.clone(), rules: [].into() })
        }
        Step::CreateBalancer { uid, new, own } => {
            let mut security_groups = new.security_groups.clone();
            security_groups.extend(seen.own_groups(*own));
            let listed = LoadBalancer {
                arn: arn(&new.name),
                name: new.name.clone(),
                dns_name: format!("{}.invalid", new.name),
                scheme: new.scheme,
                state: State::Active,
                vpc: String::new(),
                subnets: new.subnets.iter().map(|it| it.subnet.clone()).collect(),
                security_groups,
                ip_address_type: new.ip_address_type,
            };
            let mut balancer = Balancer::listed(listed, Some(uid.clone()), false);
            balancer.retained = mark::is_retained(&new.tags);
            balancer.detail = Some(Detail { tags: new.tags.clone(), ..Detail::default() });
            Fact::Balancer(new.name.clone(), Box::new(balancer))
        }
        Step::Adopt { arn } => {
            let listed = LoadBalancer {
                arn: arn.clone(),
                name: arn.to_string(),
                dns_name: String::new(),
                scheme: crate::api::Scheme::Internal,
                state: State::Active,
                vpc: String::new(),
                subnets: [].into(),
                security_groups: [].into(),
                ip_address_type: crate::api::IpAddressType::Ipv4,
            };
            let mut balancer = Balancer::listed(listed, None, false);
            balancer.detail = Some(Detail::default());
            Fact::Balancer(arn.to_string(), Box::new(balancer))
        }
        Step::CreateGroup { uid, new } => {
            let listed = TargetGroup {
                arn: arn(&new.name),
                name: new.name.clone(),
                protocol: new.protocol,
                port: new.port,
                health_check: new.health_check.clone(),
                balancers: [].into(),
            };
            let mut group = Group::listed(listed, uid.clone());
            group.detail = Some(Members::default());
            Fact::Group(new.name.clone(), Box::new(group))
        }
        Step::Register { group, targets, .. } => Fact::Registered {
            group: group.clone(),
            targets: targets.iter().cloned().collect(),
            rejected: Vec::new(),
            full: false,
            at: Moment::default(),
        },
        Step::CreateListener { balancer, port, way, .. }
        | Step::ModifyListener { balancer, port, way } => {
            let group = seen.groups.get(&way.group).map(|group| group.arn.clone());
            let front = Front {
                arn: Some(arn(&format!("{balancer}:{port}"))),
                protocol: way.protocol,
                group,
                certificate: way.certificate.clone(),
                policy: way.policy.clone(),
            };
            Fact::Listener(balancer.clone(), *port, front)
        }
        Step::Change(change) => Fact::Done(change.clone(), Moment::default()),
    }
}
