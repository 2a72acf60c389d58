use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use seaway_core::Family;

use crate::api::Thing;
use crate::observe::Fact;
use crate::step::Step;

/// What a step would answer.
pub(crate) fn foresee(step: &Step) -> Fact {
    match step {
        Step::Insert(thing) | Step::Update(thing) => Fact::Is(with_address(thing.clone())),
        Step::Delete(name) => Fact::Gone(name.clone()),
        Step::Add(group, instances) => Fact::Joined(group.clone(), instances.clone(), Vec::new()),
        Step::Remove(group, instances) => Fact::Left(group.clone(), instances.clone()),
    }
}

/// What Google chooses can't be known: any address stands for it.
fn with_address(mut thing: Thing) -> Thing {
    let any = |family| match family {
        Family::IPv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::IPv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    match &mut thing {
        Thing::Address(it) => it.ip = it.ip.or_else(|| Some(any(it.family))),
        Thing::ForwardingRule(it) => it.ip = it.ip.or_else(|| Some(any(it.family))),
        Thing::BackendService(_)
        | Thing::HealthCheck(_)
        | Thing::Firewall(_)
        | Thing::InstanceGroup(_) => {}
    }
    thing
}
