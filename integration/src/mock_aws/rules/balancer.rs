//! The rules of load balancers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::answer::{Refusal, Verdict};
use super::super::state::{Balancer, Place, Settings, State};
use super::super::{Call, attributes, places};

const ARN: &str = "LoadBalancerArn";

fn not_found(arn: &str) -> Refusal {
    Refusal::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"))
}

fn unfit(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidConfigurationRequest", message)
}

pub(super) fn has_a_good_name(call: &Call, _: &State, _: &Settings) -> Verdict {
    let name = call.get("Name");
    if name.starts_with("internal-") {
        return Err(Refusal::invalid("The load balancer name can't begin with 'internal-'"));
    }
    super::good_name("Load balancer", name)
}

pub(super) fn is_a_network_one(call: &Call, _: &State, _: &Settings) -> Verdict {
    if call.get("Type") == "network" {
        return Ok(());
    }
    Err(Refusal::invalid("this mock makes load balancers of type 'network' only"))
}

pub(super) fn has_one_subnet_for_each_zone(call: &Call, state: &State, _: &Settings) -> Verdict {
    let places = places(call);
    if places.is_empty() {
        return Err(Refusal::invalid("At least one subnet must be specified"));
    }
    let zones: BTreeSet<_> = places.iter().map(|place| &state.zones[&place.subnet]).collect();
    if zones.len() < places.len() {
        return Err(unfit("A load balancer cannot be attached to multiple subnets in the same AZ"));
    }
    Ok(())
}

/// The same settings are answered with the load balancer that is there. Tags are no settings: two
/// controllers that chose one name share it unknowingly (aws-load-balancer-controller#3027).
pub(super) fn is_alone_with_its_name(call: &Call, state: &State, _: &Settings) -> Verdict {
    let Some(arn) = state.balancer_named(call.get("Name")) else { return Ok(()) };
    let Balancer { scheme, ip_type, subnets, security_groups, .. } = &state.balancers[arn];
    let said = |name: &str, or: &str| match call.get(name) {
        "" => or.to_owned(),
        value => value.to_owned(),
    };
    let same = said("Scheme", "internet-facing") == *scheme
        && said("IpAddressType", "ipv4") == *ip_type
        && places(call).into_iter().collect::<BTreeSet<_>>() == subnets.iter().cloned().collect()
        && call.list("SecurityGroups").into_iter().collect::<BTreeSet<_>>() == *security_groups;
    if same {
        return Ok(());
    }
    Err(Refusal::new(
        "DuplicateLoadBalancerName",
        format!(
            "A load balancer with the same name '{}' exists, but with different settings",
            call.get("Name")
        ),
    ))
}

pub(super) fn is_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    if state.balancers.contains_key(call.get(ARN)) {
        return Ok(());
    }
    Err(not_found(call.get(ARN)))
}

/// A zone that stays keeps its subnet: another one is for a second call, once the zone is off.
pub(super) fn keeps_the_subnet_of_a_zone(call: &Call, state: &State, _: &Settings) -> Verdict {
    let by_zone = |places: &[Place]| -> BTreeMap<String, String> {
        places.iter().map(|at| (state.zones[&at.subnet].clone(), at.subnet.clone())).collect()
    };
    let before = by_zone(&state.balancers[call.get(ARN)].subnets);
    for (zone, subnet) in by_zone(&places(call)) {
        if before.get(&zone).is_some_and(|old| *old != subnet) {
            return Err(unfit(format!("The subnet of the enabled zone '{zone}' can't be changed")));
        }
    }
    Ok(())
}

/// AWS: an NLB made without security groups never gets any, and one made with them keeps one.
pub(super) fn was_made_with_security_groups(call: &Call, state: &State, _: &Settings) -> Verdict {
    if !state.balancers[call.get(ARN)].guarded {
        return Err(unfit(
            "You cannot set security groups on a load balancer created without security groups",
        ));
    }
    if call.list("SecurityGroups").is_empty() {
        return Err(unfit("At least one security group must be specified"));
    }
    Ok(())
}

pub(super) fn names_few(call: &Call, _: &State, _: &Settings) -> Verdict {
    if call.list("LoadBalancerArns").len() > 20 || call.list("Names").len() > 20 {
        return Err(Refusal::invalid("At most 20 load balancers can be specified"));
    }
    super::page_size(call)
}

/// moto takes the last one that it found for one that it does not find.
pub(super) fn are_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    let arns = call.list("LoadBalancerArns");
    let missing = arns.iter().find(|arn| !state.balancers.contains_key(*arn));
    let names = call.list("Names");
    let nameless = names.iter().find(|name| state.balancer_named(name).is_none());
    match missing.or(nameless) {
        Some(missing) => Err(not_found(missing)),
        None => Ok(()),
    }
}

pub(super) fn has_these_attributes(call: &Call, _: &State, _: &Settings) -> Verdict {
    attributes::check(attributes::BALANCER, &super::super::attributes_of(call))
}

pub(super) fn arn_is_one(call: &Call, _: &State, _: &Settings) -> Verdict {
    let arn = call.get(ARN);
    if arn.starts_with("arn:") && arn.contains(":loadbalancer/net/") {
        return Ok(());
    }
    Err(not_found(arn))
}

pub(super) fn is_not_protected(call: &Call, state: &State, _: &Settings) -> Verdict {
    let balancer = state.balancers.get(call.get(ARN));
    let protected = |it: &Balancer| it.attributes["deletion_protection.enabled"] == "true";
    if balancer.is_some_and(protected) {
        return Err(Refusal::new(
            "OperationNotPermitted",
            format!(
                "Load balancer '{}' cannot be deleted because deletion protection is enabled",
                call.get(ARN)
            ),
        ));
    }
    Ok(())
}
