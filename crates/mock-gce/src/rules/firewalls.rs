//! Firewall rules.

use super::port::Ports;
use super::{Verdict, change, field, range, reference};
use crate::refusal::Refusal;
use crate::state::{Act, State, Thing, Verb};

/// Ports and ranges of ports of one rule.
const MOST_PORTS: usize = 100;
const PROTOCOLS: [&str; 8] = ["tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all"];

pub(super) fn after(state: &State, act: &Act) -> Verdict<Thing> {
    let mut after = change::asked(state, act)?;
    field::one_of(&after, "direction", &["INGRESS", "EGRESS"])?;
    field::default(&mut after, "direction", "INGRESS");
    field::default(&mut after, "network", "global/networks/default");
    field::default(&mut after, "priority", 1000);
    field::default(&mut after, "disabled", false);
    field::within(&after, "resource", "priority", 0, 65535)?;

    let network = field::text(&after, "network");
    let network = reference::find(state, &act.link, "network", network, &["networks"])?;
    if network.project != act.link.project {
        let why = "The network must be in the same project as the firewall rule.";
        return Err(Refusal::invalid("resource.network", &network.to_string(), why));
    }
    field::set(&mut after, "network", network.url());
    if act.verb != Verb::Insert {
        let before = change::before(state, act)?;
        change::stays(before, &after, "network")?;
        change::stays(before, &after, "direction")?;
    }

    opens_or_closes(&mut after)?;
    is_for_one_family(state, &mut after)?;
    Ok(after)
}

fn opens_or_closes(rule: &mut Thing) -> Verdict {
    let name = match (field::is_set(rule, "allowed"), field::is_set(rule, "denied")) {
        (true, false) => "allowed",
        (false, true) => "denied",
        (true, true) => {
            let why = "Exactly one of 'allowed' and 'denied' must be specified.";
            return Err(Refusal::invalid("resource.denied", "", why));
        }
        (false, false) => return Err(Refusal::required("resource.allowed")),
    };
    let mut entries = 0;
    for (nth, open) in field::things(rule, name).into_iter().enumerate() {
        let place = format!("resource.{name}[{nth}]");
        let protocol = field::text(open, "IPProtocol").to_ascii_lowercase();
        if protocol.is_empty() {
            return Err(Refusal::required(&format!("{place}.IPProtocol")));
        }
        if !PROTOCOLS.contains(&protocol.as_str()) && protocol.parse::<u8>().is_err() {
            let place = format!("{place}.IPProtocol");
            return Err(Refusal::invalid(&place, &protocol, "Unknown protocol."));
        }
        let ports = field::texts(open, "ports");
        let has_ports = ["tcp", "udp", "sctp", "6", "17", "132"].contains(&protocol.as_str());
        if !ports.is_empty() && !has_ports {
            let why = format!("Protocol {protocol} has no ports.");
            return Err(Refusal::invalid(&format!("{place}.ports"), ports[0], &why));
        }
        for (nth, port) in ports.iter().enumerate() {
            if Ports::parse(port).is_none() {
                let why = "Ports must be a number or a range in [0, 65535].";
                return Err(Refusal::invalid(&format!("{place}.ports[{nth}]"), port, why));
            }
        }
        entries += ports.len();
    }
    if entries > MOST_PORTS {
        let why = format!("Too many ports specified. Maximum is {MOST_PORTS}.");
        return Err(Refusal::invalid(&format!("resource.{name}"), &entries.to_string(), &why));
    }
    for open in rule.get_mut(name).and_then(|opens| opens.as_array_mut()).into_iter().flatten() {
        let protocol = open["IPProtocol"].as_str().unwrap_or_default().to_ascii_lowercase();
        open["IPProtocol"] = protocol.into();
    }
    Ok(())
}

/// A rule that says nothing of who is for everybody, of IPv4.
fn is_for_one_family(state: &State, rule: &mut Thing) -> Verdict {
    let outward = field::text(rule, "direction") == "EGRESS";
    for wrong in ["sourceTags", "sourceServiceAccounts"] {
        if outward && field::is_set(rule, wrong) {
            let why = "It cannot be specified for an EGRESS firewall rule.";
            return Err(Refusal::invalid(&format!("resource.{wrong}"), "", why));
        }
    }
    let named = field::is_set(rule, "sourceTags") || field::is_set(rule, "sourceServiceAccounts");
    let sources = range::normalise(state, rule, "sourceRanges")?;
    let destinations = range::normalise(state, rule, "destinationRanges")?;
    if outward && destinations.is_empty() {
        field::set(rule, "destinationRanges", vec!["0.0.0.0/0"]);
    }
    if !outward && sources.is_empty() && !named {
        field::set(rule, "sourceRanges", vec!["0.0.0.0/0"]);
    }
    let v4 = |ranges: &[ipnet::IpNet]| ranges.first().map(|range| range.addr().is_ipv4());
    let (mut from, mut to) = (v4(&sources), v4(&destinations));
    if outward {
        to = to.or(Some(true));
    } else if !named {
        from = from.or(Some(true));
    }
    match (from, to) {
        (Some(from), Some(to)) if from != to => {
            let why = "Source ranges and destination ranges must be of the same IP version.";
            let first = field::texts(rule, "destinationRanges")[0].to_owned();
            Err(Refusal::invalid("resource.destinationRanges[0]", &first, why))
        }
        _ => Ok(()),
    }
}
