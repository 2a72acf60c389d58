//! Load balancers: what moto is asked, what is learnt of its answer, and what it gets wrong.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::answer::{Answer, Refusal};
use super::state::{Balancer, Place, Settings, State};
use super::xml::Element;
use super::{Call, REGION, attributes, attributes_of, places, shown};

const ARN: &str = "LoadBalancerArn";

/// Says what AWS takes for said.
pub(super) fn complete(call: Call) -> Call {
    call.or("Scheme", "internet-facing").or("IpAddressType", "ipv4")
}

pub(super) fn made(call: &Call, arn: String, state: &mut State) {
    let security_groups: std::collections::BTreeSet<_> =
        call.list("SecurityGroups").into_iter().collect();
    let number = state.balancers.values().map(|each| each.number + 1).max().unwrap_or(1);
    let balancer = Balancer {
        number,
        name: call.get("Name").to_owned(),
        scheme: call.get("Scheme").to_owned(),
        ip_type: call.get("IpAddressType").to_owned(),
        subnets: places(call),
        guarded: !security_groups.is_empty(),
        security_groups,
        attributes: attributes::of_balancer(call.get("Scheme")),
        made: Instant::now(),
    };
    state.balancers.insert(arn, balancer);
}

/// Its listeners go with it; its target groups stay.
pub(super) fn deleted(arn: &str, state: &mut State) {
    state.listeners.retain(|_, listener| listener.balancer != arn);
    if let Some(gone) = state.balancers.remove(arn) {
        state.leaving.push((Instant::now(), gone.security_groups));
    }
}

/// moto wants two zones, as of an Application Load Balancer, so it is not told.
pub(super) fn set_subnets(call: &Call, state: &mut State) -> Answer {
    let places = places(call);
    let zones = zones(&places, state);
    state.balancers.get_mut(call.get(ARN)).unwrap().subnets = places;
    Answer::to(call, vec![zones])
}

/// `DescribeLoadBalancerAttributes` and `ModifyLoadBalancerAttributes`.
pub(super) fn attributes(call: &Call, state: &mut State) -> Answer {
    let balancer = state.balancers.get_mut(call.get(ARN)).unwrap();
    balancer.attributes.extend(attributes_of(call));
    Answer::to(call, vec![shown(&balancer.attributes)])
}

/// The call for one page, in moto's words. Our markers stay good when the load balancer is deleted
/// that a page ended with; those of moto do not.
pub(super) fn page(call: Call, state: &State) -> Result<Call, Refusal> {
    if !call.list("LoadBalancerArns").is_empty() || !call.list("Names").is_empty() {
        return Ok(call);
    }
    let marker = match call.get("Marker") {
        "" => 0,
        marker => marker.parse().map_err(|_| Refusal::invalid("Marker is not valid"))?,
    };
    let mut call = call.without("Marker").or("PageSize", "400");
    let before = state.balancers.values().filter(|each| each.number <= marker);
    if let Some(last) = before.max_by_key(|each| each.number) {
        call.params.insert("Marker".to_owned(), last.name.clone());
    }
    Ok(call)
}

/// The mark after a page, in our words.
pub(super) fn mark(result: &mut Element, state: &State) {
    let last = result.text("NextMarker");
    if let Some(arn) = state.balancer_named(&last) {
        let number = state.balancers[arn].number.to_string();
        result.set(Element::leaf("NextMarker", number));
    }
}

/// Makes of moto's load balancer what AWS shows.
pub(super) fn dress(seen: &mut Element, state: &State, settings: &Settings) {
    let arn = seen.text(ARN);
    let Some(balancer) = state.balancers.get(&arn) else { return };
    let id = arn.rsplit('/').next().unwrap_or_default();
    let dns = format!("{}-{id}.elb.{REGION}.amazonaws.com", balancer.name);
    let active = balancer.made.elapsed() >= settings.provisioning;
    let code = if active { "active" } else { "provisioning" };
    seen.set(Element::leaf("DNSName", dns));
    seen.set(Element::leaf("Scheme", balancer.scheme.clone()));
    seen.set(Element::node("State", vec![Element::leaf("Code", code)]));
    seen.set(zones(&balancer.subnets, state));
}

fn zones(places: &[Place], state: &State) -> Element {
    let zone = |place: &Place| {
        let mut address = BTreeMap::new();
        if !place.allocation.is_empty() {
            address.insert("AllocationId", place.allocation.clone());
            address.insert("IpAddress", state.elastic[&place.allocation].clone());
        }
        if !place.private.is_empty() {
            address.insert("PrivateIPv4Address", place.private.clone());
        }
        let address = address.into_iter().map(|(name, text)| Element::leaf(name, text)).collect();
        let addresses: Vec<Vec<Element>> = vec![address];
        let addresses = addresses.into_iter().filter(|address| !address.is_empty());
        vec![
            Element::leaf("ZoneName", state.zones[&place.subnet].clone()),
            Element::leaf("SubnetId", place.subnet.clone()),
            Element::list("LoadBalancerAddresses", addresses),
        ]
    };
    Element::list("AvailabilityZones", places.iter().map(zone))
}
