//! Where a forwarding rule leads to.

use super::super::{Verdict, field, reference};
use crate::refusal::Refusal;
use crate::state::{Link, State, Thing};

pub(super) fn check(state: &State, home: &Link, rule: &mut Thing) -> Verdict {
    match (field::text(rule, "backendService"), field::text(rule, "target")) {
        ("", "") => Err(Refusal::required("resource.backendService")),
        (_, "") => service(state, home, rule),
        ("", _) => pool(state, home, rule),
        (_, target) => {
            let why = "A backend service and a target cannot both be specified.";
            Err(Refusal::invalid("resource.target", target, why))
        }
    }
}

fn service(state: &State, home: &Link, rule: &mut Thing) -> Verdict {
    let text = field::text(rule, "backendService");
    let link = reference::find(state, home, "backendService", text, &["backendServices"])?;
    let service = state.get(&link).ok_or_else(|| Refusal::not_found(&link))?;
    let scheme = field::text(rule, "loadBalancingScheme");
    let theirs = field::text(service, "loadBalancingScheme");
    if scheme != theirs {
        let why = format!("It must match the backend service's load balancing scheme, {theirs}.");
        return Err(Refusal::invalid("resource.loadBalancingScheme", scheme, &why));
    }
    let protocol = field::text(rule, "IPProtocol");
    let theirs = field::text(service, "protocol");
    if theirs != "UNSPECIFIED" && protocol != theirs {
        let why = format!("It must match the backend service's protocol, {theirs}.");
        return Err(Refusal::invalid("resource.IPProtocol", protocol, &why));
    }
    field::set(rule, "backendService", link.url());
    Ok(())
}

fn pool(state: &State, home: &Link, rule: &mut Thing) -> Verdict {
    let text = field::text(rule, "target");
    let link = reference::find(state, home, "target", text, &["targetPools"])?;
    let scheme = field::text(rule, "loadBalancingScheme");
    if scheme != "EXTERNAL" {
        let why = "A target pool is for external load balancers.";
        return Err(Refusal::invalid("resource.loadBalancingScheme", scheme, why));
    }
    let protocol = field::text(rule, "IPProtocol");
    if protocol == "L3_DEFAULT" {
        let why = "A target pool is for TCP or UDP.";
        return Err(Refusal::invalid("resource.IPProtocol", protocol, why));
    }
    field::set(rule, "target", link.url());
    Ok(())
}
