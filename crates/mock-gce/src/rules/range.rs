//! Ranges of addresses in firewall rules.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::{Verdict, field};
use crate::refusal::Refusal;
use crate::state::{State, Thing};

/// A single address, or a range none of whose host bits is set.
fn parse(text: &str) -> Option<IpNet> {
    let range = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    (range == range.trunc()).then_some(range)
}

/// The ranges in `name`, of which `thing` then says each as Google answers it.
pub(super) fn normalise(state: &State, thing: &mut Thing, name: &str) -> Verdict<Vec<IpNet>> {
    let mut ranges = Vec::new();
    for (nth, text) in field::texts(thing, name).into_iter().enumerate() {
        let range = parse(text).ok_or_else(|| {
            let place = format!("resource.{name}[{nth}]");
            Refusal::invalid(&place, text, "Must be a CIDR address range.")
        })?;
        ranges.push(range);
    }
    let most = state.limits.firewall_ranges;
    if ranges.len() > most {
        let why = format!("Too many ranges specified. Maximum is {most}.");
        return Err(Refusal::invalid(&format!("resource.{name}"), &ranges.len().to_string(), &why));
    }
    if ranges.iter().any(|range| range.addr().is_ipv4() != ranges[0].addr().is_ipv4()) {
        let why = "IPv4 and IPv6 ranges cannot be mixed in one firewall rule.";
        return Err(Refusal::invalid(&format!("resource.{name}"), "", why));
    }
    if !ranges.is_empty() {
        let whole = state.limits.prefix_of_single_addresses;
        let said: Vec<Value> = ranges.iter().map(|range| write(*range, whole).into()).collect();
        field::set(thing, name, said);
    }
    Ok(ranges)
}

fn write(range: IpNet, whole: bool) -> String {
    if range.prefix_len() == range.max_prefix_len() && !whole {
        return range.addr().to_string();
    }
    range.to_string()
}
