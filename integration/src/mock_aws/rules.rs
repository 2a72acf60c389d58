//! What AWS refuses and moto does not: a table, and a file for each kind of thing.

mod balancer;
mod group;
mod listener;
mod tag;

use super::answer::{Refusal, Verdict};
use super::state::{Settings, State};
use super::{Call, Service};

/// Looks at a call and at what there is. What it does not know it leaves to moto to refuse.
type Rule = fn(&Call, &State, &Settings) -> Verdict;

/// All rules of an action are asked in this order, and the first refusal is the answer.
const RULES: &[(&str, Rule)] = &[
    ("CreateLoadBalancer", balancer::has_a_good_name),
    ("CreateLoadBalancer", balancer::is_a_network_one),
    ("CreateLoadBalancer", balancer::has_one_subnet_for_each_zone),
    ("CreateLoadBalancer", balancer::is_alone_with_its_name),
    ("SetSubnets", balancer::is_there),
    ("SetSubnets", balancer::has_one_subnet_for_each_zone),
    ("SetSubnets", balancer::keeps_the_subnet_of_a_zone),
    ("SetSecurityGroups", balancer::is_there),
    ("SetSecurityGroups", balancer::was_made_with_security_groups),
    ("DescribeLoadBalancers", balancer::names_few),
    ("DescribeLoadBalancers", balancer::are_there),
    ("DescribeLoadBalancerAttributes", balancer::is_there),
    ("ModifyLoadBalancerAttributes", balancer::is_there),
    ("ModifyLoadBalancerAttributes", balancer::has_these_attributes),
    ("DeleteLoadBalancer", balancer::arn_is_one),
    ("DeleteLoadBalancer", balancer::is_not_protected),
    ("CreateTargetGroup", group::has_a_good_name),
    ("CreateTargetGroup", group::has_a_known_protocol),
    ("CreateTargetGroup", group::checks_health_within_bounds),
    ("CreateTargetGroup", group::is_alone_with_its_name),
    ("ModifyTargetGroup", group::is_there),
    ("ModifyTargetGroup", group::checks_health_within_bounds),
    ("DescribeTargetGroups", group::pages_are_of_a_size),
    ("DescribeTargetGroups", group::are_there),
    ("DescribeTargetGroupAttributes", group::is_there),
    ("ModifyTargetGroupAttributes", group::is_there),
    ("ModifyTargetGroupAttributes", group::has_these_attributes),
    ("RegisterTargets", group::is_there),
    ("RegisterTargets", group::takes_targets_that_run),
    ("RegisterTargets", group::has_room),
    ("DeregisterTargets", group::is_there),
    ("DescribeTargetHealth", group::is_there),
    ("DeleteTargetGroup", group::is_not_in_use),
    ("CreateListener", listener::there_is_room),
    ("CreateListener", listener::port_is_free),
    ("CreateListener", listener::has_a_certificate),
    ("CreateListener", listener::suits_its_groups),
    ("CreateListener", listener::groups_are_not_taken),
    ("DescribeListeners", listener::are_there),
    ("ModifyListener", listener::is_there),
    ("ModifyListener", listener::port_is_free),
    ("ModifyListener", listener::has_a_certificate),
    ("ModifyListener", listener::suits_its_groups),
    ("ModifyListener", listener::groups_are_not_taken),
    ("AddListenerCertificates", listener::is_there),
    ("AddListenerCertificates", listener::has_a_certificate),
    ("RemoveListenerCertificates", listener::is_there),
    ("RemoveListenerCertificates", listener::keeps_its_own_certificate),
    ("DescribeListenerCertificates", listener::is_there),
    ("ModifyListenerAttributes", listener::is_there),
    ("ModifyListenerAttributes", listener::has_these_attributes),
    ("AddTags", tag::names_few),
    ("AddTags", tag::are_there),
    ("DescribeTags", tag::names_few),
    ("DescribeTags", tag::are_there),
    ("RemoveTags", tag::names_few),
    ("RemoveTags", tag::are_there),
];

/// What there is besides. moto has more, of Application Load Balancers, and nobody has looked yet
/// whether it is right.
const FREE: &[&str] = &["DeleteListener", "DescribeListenerAttributes", "SetIpAddressType"];

/// Whether AWS would take the call, as far as the rules go.
pub(super) fn check(call: &Call, state: &State, settings: &Settings) -> Verdict {
    if call.service != Service::Elbv2 {
        return Ok(());
    }
    let known = |action: &str| action == call.action;
    if !RULES.iter().any(|(action, _)| known(action)) && !FREE.iter().any(|action| known(action)) {
        let message = format!("this mock has no action '{}'", call.action);
        return Err(Refusal::new("InvalidAction", message));
    }
    let mut rules = RULES.iter().filter(|(action, _)| *action == call.action);
    rules.try_for_each(|(_, rule)| rule(call, state, settings))
}

/// The names of load balancers and of target groups: at most 32 letters, digits and hyphens, with no
/// hyphen at either end.
fn good_name(what: &str, name: &str) -> Verdict {
    let fits = (1..=32).contains(&name.len())
        && name.chars().all(|each| each.is_ascii_alphanumeric() || each == '-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if fits {
        return Ok(());
    }
    Err(Refusal::invalid(format!("{what} name '{name}' is not valid")))
}

/// Pages are of 1 to 400.
fn page_size(call: &Call) -> Verdict {
    let size = call.params.get("PageSize").map(|size| size.parse().unwrap_or(0));
    if size.is_none_or(|size: usize| (1..=400).contains(&size)) {
        return Ok(());
    }
    Err(Refusal::invalid("PageSize must be between 1 and 400"))
}
