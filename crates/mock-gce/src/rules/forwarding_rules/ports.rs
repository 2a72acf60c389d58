//! The ports of a forwarding rule.

use super::super::port::Ports;
use super::super::{Verdict, field};
use crate::refusal::Refusal;
use crate::state::{Link, State, Thing};

pub(super) fn check(state: &State, rule: &mut Thing) -> Verdict {
    let said = ["ports", "portRange", "allPorts"];
    let mut said = said.into_iter().filter(|name| match *name {
        "allPorts" => field::flag(rule, name),
        _ => field::is_set(rule, name),
    });
    let (first, second) = (said.next(), said.next());
    if let Some(second) = second {
        let why = "'ports', 'portRange' and 'allPorts' are mutually exclusive.";
        return Err(Refusal::invalid(&format!("resource.{second}"), "", why));
    }
    let to_pool = field::is_set(rule, "target");
    if field::text(rule, "IPProtocol") == "L3_DEFAULT" && first != Some("allPorts") {
        let why = "Protocol L3_DEFAULT requires 'allPorts' to be true.";
        return Err(Refusal::invalid("resource.IPProtocol", "L3_DEFAULT", why));
    }
    match first {
        Some("portRange") => range(rule),
        Some(name) if to_pool => {
            let why = "A forwarding rule to a target pool has a 'portRange'.";
            Err(Refusal::invalid(&format!("resource.{name}"), "", why))
        }
        Some("ports") => discrete(state, rule),
        Some(_) => Ok(()),
        None if to_pool => {
            field::set(rule, "portRange", "1-65535");
            Ok(())
        }
        None => Err(Refusal::required("resource.ports")),
    }
}

/// Refuses a rule that shares a port of its protocol with another one on the same address.
pub(super) fn are_free(rule: &Thing, others: &[(&Link, &Thing)]) -> Verdict {
    let own = of(rule);
    let (place, said) = match field::text(rule, "portRange") {
        "" => ("resource.ports", field::texts(rule, "ports").join(",")),
        range => ("resource.portRange", range.to_owned()),
    };
    for (link, other) in others {
        let same = field::text(rule, "IPProtocol") == field::text(other, "IPProtocol");
        let theirs = of(other);
        if same && own.iter().any(|own| theirs.iter().any(|theirs| own.overlaps(*theirs))) {
            let why = format!(
                "Forwarding rule's port range is conflicting with forwarding rule '{link}'."
            );
            return Err(Refusal::invalid(place, &said, &why));
        }
    }
    Ok(())
}

fn of(rule: &Thing) -> Vec<Ports> {
    if field::flag(rule, "allPorts") {
        return vec![Ports::ALL];
    }
    let said = field::texts(rule, "ports").into_iter().chain([field::text(rule, "portRange")]);
    said.filter_map(Ports::parse).collect()
}

fn range(rule: &mut Thing) -> Verdict {
    let text = field::text(rule, "portRange");
    let refused = |why| Refusal::invalid("resource.portRange", text, why);
    if field::text(rule, "loadBalancingScheme") == "INTERNAL" {
        return Err(refused("Internal passthrough load balancers have 'ports' or 'allPorts'."));
    }
    match Ports::parse(text) {
        Some(ports) if ports.first > 0 => {
            let written = format!("{}-{}", ports.first, ports.last);
            field::set(rule, "portRange", written);
            Ok(())
        }
        _ => Err(refused("Ports must be a number or a range in [1, 65535].")),
    }
}

fn discrete(state: &State, rule: &Thing) -> Verdict {
    let ports = field::texts(rule, "ports");
    let most = state.limits.ports_per_rule;
    for (nth, text) in ports.iter().enumerate() {
        let refused = |why: &str| Refusal::invalid(&format!("resource.ports[{nth}]"), text, why);
        if nth >= most {
            return Err(refused(&format!("Too many ports specified. Maximum is {most}.")));
        }
        match Ports::parse(text) {
            Some(port) if port.first > 0 && port.first == port.last => {}
            _ => return Err(refused("Must be a port number in [1, 65535].")),
        }
        if ports[..nth].contains(text) {
            return Err(refused("It is specified twice."));
        }
    }
    Ok(())
}
