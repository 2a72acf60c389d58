//! Who may connect: the security groups of a load balancer.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use seaway_core::{Protocol, ProviderError, ServiceUid, SourceRanges};

use super::members::{Member, invalid, quota};
use crate::api::{Ingress, PortRange, Rule, Source, Transport};
use crate::limits::{OWN_GROUPS, RULES};
use crate::observe::{Balancer, Ground, Observed};

/// The security groups of a load balancer.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Those that exist.
    pub fixed: BTreeSet<String>,
    /// The rules of its own; none at all with an empty set.
    pub rules: BTreeSet<Rule>,
}

impl Groups {
    /// Those of others stay on `balancer`, and so does everybody's if nobody needs rules.
    pub(super) fn stay(&mut self, balancer: &Balancer, seen: &Observed, ground: &Ground) {
        let known: BTreeSet<_> = [&ground.backend, &ground.open]
            .into_iter()
            .flatten()
            .chain(seen.firewalls.values())
            .map(|it| &it.id)
            .collect();
        let others = balancer.security_groups.iter().filter(|id| !known.contains(id));
        let others: BTreeSet<_> = others.cloned().collect();
        if others.is_empty() {
            return;
        }
        // They decide who may connect, and nothing is added to them.
        self.fixed = &balancer.security_groups - &seen.own_groups(u8::MAX).collect();
        self.rules.clear();
    }
}

/// Who may connect to the ports of members whose things stay as they are.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// For each of their ports: the prefixes.
    ports: BTreeMap<Ingress, BTreeSet<IpNet>>,
}

impl Standing {
    /// What lets the clients of `kept` in now, at the ports that nobody else has.
    pub(super) fn read(
        kept: &BTreeSet<ServiceUid>,
        balancer: &Balancer,
        taken: impl Fn(u16) -> bool,
        seen: &Observed,
        ground: &Ground,
    ) -> Self {
        let is_open = |group: &&String| ground.open.as_ref().is_some_and(|it| it.id == **group);
        let open = balancer.security_groups.iter().any(|group| is_open(&group));
        let rules: Vec<_> = seen.firewalls.values().flat_map(|it| &it.rules).collect();
        let mut standing = Self::default();
        for group in seen.groups.values() {
            let led = group.balancers.contains(&balancer.arn);
            if !kept.contains(&group.uid) || !led || taken(group.port) {
                continue;
            }
            let protocols: &[Protocol] = match group.protocol {
                Transport::Tcp | Transport::Tls => &[Protocol::Tcp],
                Transport::Udp => &[Protocol::Udp],
                Transport::TcpUdp => &[Protocol::Tcp, Protocol::Udp],
            };
            for protocol in protocols {
                let port = listened(group.port, *protocol);
                let mut prefixes = if open { everybody() } else { BTreeSet::new() };
                let here = rules.iter().filter(|rule| [port, Ingress::All].contains(&rule.ingress));
                prefixes.extend(here.filter_map(|rule| match rule.source {
                    Source::Prefix(prefix) => Some(prefix),
                    Source::Group(_) => None,
                }));
                standing.ports.insert(port, prefixes);
            }
        }
        standing
    }

    fn is_open(&self) -> bool {
        self.ports.values().all(|prefixes| everybody().is_subset(prefixes))
    }

    fn rules(&self) -> impl Iterator<Item = Rule> {
        self.ports.iter().flat_map(|(ingress, prefixes)| {
            prefixes
                .iter()
                .map(|prefix| Rule { ingress: *ingress, source: Source::Prefix(*prefix) })
        })
    }
}

/// The security groups that the members ask for together, beside those whose things stay as they
/// are. The one of the backend is always among them: the nodes let it in.
pub(super) fn groups(
    lead: &Member<'_>,
    members: &[&Member<'_>],
    standing: &Standing,
    ground: &Ground,
) -> Result<Groups, ProviderError> {
    let mut groups = Groups::default();
    groups.fixed.extend(ground.backend.iter().map(|group| group.id.clone()));
    let is_open = |member: &&Member<'_>| member.spec.source_ranges == SourceRanges::Anyone;
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
        groups.rules.extend(standing.rules());
        return Ok(groups);
    }
    if members.iter().all(is_open) && standing.is_open() {
        groups.fixed.extend(ground.open.iter().map(|group| group.id.clone()));
        return Ok(groups);
    }
    groups.rules.extend(standing.rules());
    for member in members {
        let prefixes = match &member.spec.source_ranges {
            SourceRanges::Anyone => everybody(),
            SourceRanges::Only(prefixes) => prefixes.clone(),
        };
        // Alone on its load balancer, a Service needs no rule per port: only its ports listen.
        let ingress: BTreeSet<_> = match members {
            [_] if standing.ports.is_empty() => BTreeSet::from([Ingress::All]),
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
