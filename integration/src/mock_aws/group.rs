//! Target groups: what moto is asked, what is learnt of its answer, and what it gets wrong.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::state::{State, TargetGroup, Users};
use super::xml::Element;
use super::{Call, attributes, attributes_of, shown};

const ARN: &str = "TargetGroupArn";

/// What makes two target groups of one name the same, besides their health checks.
const IDENTITY: [&str; 5] = ["IpAddressType", "Port", "Protocol", "TargetType", "VpcId"];

/// What `ModifyTargetGroup` changes.
const HEALTH: [&str; 9] = [
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher.HttpCode",
    "UnhealthyThresholdCount",
];

/// Says what AWS takes for said: moto does not know that an NLB waits 6 seconds for HTTP.
pub(super) fn complete(call: Call) -> Call {
    let call = call
        .or("HealthCheckEnabled", "true")
        .or("HealthCheckIntervalSeconds", "30")
        .or("HealthCheckPort", "traffic-port")
        .or("HealthCheckProtocol", "TCP")
        .or("HealthyThresholdCount", "5")
        .or("IpAddressType", "ipv4")
        .or("TargetType", "instance")
        .or("UnhealthyThresholdCount", "2");
    match call.get("HealthCheckProtocol") {
        "TCP" => call.or("HealthCheckTimeoutSeconds", "10"),
        protocol => {
            let timeout = if protocol == "HTTP" { "6" } else { "10" };
            call.or("HealthCheckTimeoutSeconds", timeout)
                .or("HealthCheckPath", "/")
                .or("Matcher.HttpCode", "200-399")
        }
    }
}

/// What a new target group is set to.
pub(super) fn settings(call: &Call) -> BTreeMap<String, String> {
    let call = complete(call.clone());
    let known = |key: &str| IDENTITY.contains(&key) || HEALTH.contains(&key);
    call.params.into_iter().filter(|(key, _)| known(key)).collect()
}

/// What `ModifyTargetGroup` sets.
pub(super) fn changes(call: &Call) -> BTreeMap<String, String> {
    let said = call.params.clone().into_iter();
    said.filter(|(key, _)| HEALTH.contains(&key.as_str())).collect()
}

pub(super) fn made(call: &Call, arn: String, state: &mut State) {
    let group = TargetGroup {
        name: call.get("Name").to_owned(),
        attributes: attributes::of_group(call.get("Protocol"), call.get("TargetType")),
        settings: settings(call),
        ..TargetGroup::default()
    };
    state.groups.insert(arn, group);
}

/// `DescribeTargetGroupAttributes` and `ModifyTargetGroupAttributes`.
pub(super) fn attributes(call: &Call, state: &mut State) -> Answer {
    let group = state.groups.get_mut(call.get(ARN)).unwrap();
    group.attributes.extend(attributes_of(call));
    Answer::to(call, vec![shown(&group.attributes)])
}

/// Which target groups a call asks for, and the mark that the next page begins after. moto has no
/// pages, and does not forget the load balancer that a target group once had.
pub(super) fn page(call: &Call, state: &State) -> (Vec<String>, Option<String>) {
    let (arns, names) = (call.list("TargetGroupArns"), call.list("Names"));
    let balancer = call.get("LoadBalancerArn");
    let users = state.users();
    let asked = |arn: &str, group: &TargetGroup| match (&arns[..], &names[..], balancer) {
        ([], [], "") => true,
        ([], [], balancer) => {
            users.get(arn).is_some_and(|users| users.iter().any(|user| *user == balancer))
        }
        (arns, names, _) => arns.iter().any(|it| it == arn) || names.contains(&group.name),
    };
    let marker = call.get("Marker");
    let size = call.params.get("PageSize").map_or(400, |size| size.parse().unwrap_or(400));
    let mut found: Vec<_> = state
        .groups
        .iter()
        .filter(|(arn, group)| group.name.as_str() > marker && asked(arn, group))
        .map(|(arn, group)| (group.name.clone(), arn.clone()))
        .collect();
    found.sort();
    let more = found.len() > size;
    found.truncate(size);
    let mark = found.last().map(|(name, _)| name.clone()).filter(|_| more);
    (found.into_iter().map(|(_, arn)| arn).collect(), mark)
}

/// Makes of moto's target group what AWS shows.
pub(super) fn dress(seen: &mut Element, state: &State, users: &Users<'_>) {
    let arn = seen.text(ARN);
    let Some(group) = state.groups.get(&arn) else { return };
    let users = users.get(arn.as_str()).into_iter().flatten();
    let users = users.map(|user| Element::leaf("member", (*user).clone())).collect();
    seen.set(Element::node("LoadBalancerArns", users));
    seen.remove("Matcher");
    for name in HEALTH {
        let Some(value) = group.settings.get(name) else { continue };
        match name.split_once('.') {
            None => seen.set(Element::leaf(name, value.clone())),
            Some((outer, inner)) => {
                seen.set(Element::node(outer, vec![Element::leaf(inner, value.clone())]));
            }
        }
    }
}
