//! Who may connect: the security groups of a load balancer.

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use seaway_core::{Protocol, ProviderError, SourceRanges};

use super::members::{Member, invalid, quota};
use crate::api::{Ingress, PortRange, Rule, Source};
use crate::limits::{OWN_GROUPS, RULES};
use crate::observe::Ground;

/// The security groups of a load balancer.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Those that exist.
    pub fixed: BTreeSet<String>,
    /// The rules of its own; none at all with an empty set.
    pub rules: BTreeSet<Rule>,
}

/// The security groups that the members ask for together. The one of the backend is always among
/// them: the nodes let it in.
pub(super) fn groups(
    lead: &Member<'_>,
    members: &[Member<'_>],
    ground: &Ground,
) -> Result<Groups, ProviderError> {
    let mut groups = Groups::default();
    groups.fixed.extend(ground.backend.iter().map(|group| group.id.clone()));
    let is_open = |member: &Member<'_>| member.spec.source_ranges == SourceRanges::Anyone;
    if lead.settings.adopt.is_some() || lead.settings.security_groups.is_some() {
        if let Some(member) = members.iter().find(|member| !is_open(member)) {
            return Err(invalid(
                "spec.loadBalancerSourceRanges",
                format!(
                    "{}: the security groups that the annotations give it decide who may connect; \
                     remove one of the two",
                    member.spec.source_ranges
                ),
            ));
        }
        groups.fixed.extend(lead.settings.security_groups.iter().flatten().cloned());
        return Ok(groups);
    }
    if members.iter().all(is_open) {
        groups.fixed.extend(ground.open.iter().map(|group| group.id.clone()));
        return Ok(groups);
    }
    for member in members {
        let prefixes = match &member.spec.source_ranges {
            SourceRanges::Anyone => everybody(),
            SourceRanges::Only(prefixes) => prefixes.clone(),
        };
        // Alone on its load balancer, a Service needs no rule per port: only its ports listen.
        let ingress: BTreeSet<_> = match members {
            [_] => BTreeSet::from([Ingress::All]),
            _ => member.spec.ports.iter().map(|port| listened(port.port, port.protocol)).collect(),
        };
        groups.rules.extend(prefixes.iter().flat_map(|prefix| {
            ingress
                .iter()
                .map(|ingress| Rule { ingress: *ingress, source: Source::Prefix(*prefix) })
        }));
    }
    let most = RULES * OWN_GROUPS;
    if groups.rules.len() > most {
        return Err(quota(format!(
            "{} rules would be needed for the source ranges, and {OWN_GROUPS} security groups of \
             {RULES} rules hold {most}; use fewer, or a security group of your own",
            groups.rules.len()
        )));
    }
    Ok(groups)
}

/// The prefixes of all clients, of both families.
pub(crate) fn everybody() -> BTreeSet<IpNet> {
    BTreeSet::from([IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())])
}

const fn listened(port: u16, protocol: Protocol) -> Ingress {
    let range = PortRange { from: port, to: port };
    match protocol {
        Protocol::Udp => Ingress::Udp(range),
        Protocol::Tcp | Protocol::Sctp => Ingress::Tcp(range),
    }
}
