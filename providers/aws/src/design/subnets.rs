//! Where a load balancer stands: one subnet for each zone.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{Family, Protocol, ProviderError, Warning};

use super::Rules;
use super::members::{Member, invalid, unavailable};
use crate::api::{IpAddressType, Scheme, SubnetMapping};
use crate::mark;
use crate::observe::{Balancer, Ground, Zone};

/// Where a load balancer stands.
#[derive(Debug)]
pub(super) struct Network {
    /// One for each zone.
    pub subnets: Vec<SubnetMapping>,
    /// The families that it has there.
    pub ip_address_type: IpAddressType,
    /// What the user should know.
    pub warning: Option<Warning>,
}

impl Network {
    /// Where `balancer` stands now.
    pub(super) fn of(balancer: &Balancer) -> Self {
        let at =
            |subnet: &String| SubnetMapping { subnet: subnet.clone(), ..SubnetMapping::default() };
        Self {
            subnets: balancer.subnets.iter().map(at).collect(),
            ip_address_type: balancer.ip_address_type,
            warning: None,
        }
    }

    /// The zones that it stands in.
    pub(super) fn zones(&self, ground: &Ground) -> BTreeSet<String> {
        let zones = self.subnets.iter().filter_map(|it| ground.subnets.get(&it.subnet));
        zones.map(|zone| zone.name.clone()).collect()
    }
}

/// The subnets that `lead` asks for, else those of the configuration, else those that fit the scheme.
/// A load balancer that exists keeps those that it has, and gets one in each new zone.
pub(super) fn choose(
    rules: &Rules,
    lead: &Member<'_>,
    scheme: Scheme,
    now: Option<&Balancer>,
    ground: &Ground,
) -> Result<Network, ProviderError> {
    let settings = &lead.settings;
    let chosen: Vec<String> = if let Some(names) = &settings.subnets {
        let found = ground.named(names).map_err(|error| unavailable("subnets", error))?;
        one_per_zone(&found, ground)?;
        found.into_iter().map(str::to_owned).collect()
    } else if !rules.config.subnets.is_empty() {
        let found = ground.named(&rules.config.subnets);
        let found = found.map_err(|error| unavailable("providers.aws.subnets", error))?;
        one_per_zone(&found, ground)?;
        found.into_iter().map(str::to_owned).collect()
    } else {
        fitting(rules, scheme, now, ground)
    };
    if chosen.is_empty() {
        let tag = role(scheme);
        return Err(unavailable(
            "subnets",
            format!(
                "no subnet of {} fits an {} load balancer; tag one per zone {tag}=1, or name them by \
                 annotation or in the configuration",
                ground.vpc,
                scheme.word()
            ),
        ));
    }
    let count = |field: &'static str, given: usize| {
        if given == 0 || given == chosen.len() {
            return Ok(());
        }
        Err(invalid(
            field,
            format!("{given} addresses for {} subnets; give one each", chosen.len()),
        ))
    };
    count("eip-allocations", settings.allocations.len())?;
    count("private-ipv4-addresses", settings.private_addresses.len())?;
    if scheme == Scheme::Internal && !settings.allocations.is_empty() {
        return Err(invalid("eip-allocations", "the scheme is internal; use internet-facing"));
    }
    if scheme == Scheme::InternetFacing && !settings.private_addresses.is_empty() {
        let message = "the scheme is internet-facing; use internal";
        return Err(invalid("private-ipv4-addresses", message));
    }
    let (ip_address_type, warning) = families(lead, &chosen, ground)?;
    let subnets = chosen.into_iter().enumerate().map(|(place, subnet)| SubnetMapping {
        subnet,
        allocation: settings.allocations.get(place).cloned(),
        private_ipv4: settings.private_addresses.get(place).copied(),
    });
    Ok(Network { subnets: subnets.collect(), ip_address_type, warning })
}

fn one_per_zone(subnets: &[&str], ground: &Ground) -> Result<(), ProviderError> {
    let mut zones = BTreeMap::new();
    for subnet in subnets {
        let zone = ground.subnets.get(*subnet).map(|zone| zone.name.as_str());
        if let Some(other) = zones.insert(zone, subnet) {
            return Err(invalid(
                "subnets",
                format!(
                    "{other} and {subnet} are both in {}; name one per zone",
                    zone.unwrap_or_default()
                ),
            ));
        }
    }
    Ok(())
}

/// The tag of the subnets that are for load balancers of a scheme.
pub(crate) const fn role(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Internal => "kubernetes.io/role/internal-elb",
        Scheme::InternetFacing => "kubernetes.io/role/elb",
    }
}

/// One subnet for each zone: those tagged for the scheme, else by their routes. Those of other
/// clusters are left out.
fn fitting(rules: &Rules, scheme: Scheme, now: Option<&Balancer>, ground: &Ground) -> Vec<String> {
    let ours = rules.cluster_tag();
    let is_tagged =
        |zone: &Zone| zone.tags.get(role(scheme)).is_some_and(|it| it == "1" || it.is_empty());
    let of_others = |zone: &Zone| {
        !zone.tags.contains_key(&ours)
            && zone.tags.keys().any(|key| key.starts_with(mark::OF_CLUSTER))
    };
    let any_tagged = ground.subnets.values().any(is_tagged);
    let fits = |zone: &Zone| {
        if of_others(zone) {
            return false;
        }
        if any_tagged {
            return is_tagged(zone);
        }
        zone.public.is_some_and(|public| public == (scheme == Scheme::InternetFacing))
    };
    let mut best: BTreeMap<&str, (bool, bool, &String)> = BTreeMap::new();
    for (id, zone) in &ground.subnets {
        let stands = now.is_some_and(|now| now.subnets.contains(id));
        if !stands && !fits(zone) {
            continue;
        }
        let rank = (!stands, !zone.tags.contains_key(&ours), id);
        let place = best.entry(zone.name.as_str()).or_insert(rank);
        *place = rank.min(*place);
    }
    best.into_values().map(|(.., id)| id.clone()).collect()
}

/// The families that the load balancer has: as annotated, else as the Service asks.
fn families(
    lead: &Member<'_>,
    subnets: &[String],
    ground: &Ground,
) -> Result<(IpAddressType, Option<Warning>), ProviderError> {
    let lacking: Vec<_> = subnets
        .iter()
        .filter(|id| !ground.subnets.get(*id).is_some_and(|zone| zone.ipv6))
        .map(String::as_str)
        .collect();
    let asked = lead.settings.ip_address_type;
    let first = lead.spec.families.first() == Some(&Family::IPv6);
    let wants = first || lead.spec.families.contains(&Family::IPv6);
    let udp = lead.spec.ports.iter().any(|port| port.protocol == Protocol::Udp);
    let refuse = |why: &str| Err(invalid("ip-address-type", why.to_owned()));
    match asked {
        Some(IpAddressType::Ipv4) if first => {
            refuse("\"ipv4\": the Service is IPv6 first; use dualstack")
        }
        Some(IpAddressType::Ipv4) => Ok((IpAddressType::Ipv4, None)),
        None if !wants => Ok((IpAddressType::Ipv4, None)),
        None | Some(IpAddressType::Dualstack | IpAddressType::Ipv6) => {
            let must = asked.is_some() || first;
            let why = if udp {
                "dualstack: UDP needs IPv6 source NAT, which is not supported; use ipv4".to_owned()
            } else if lacking.is_empty() {
                return Ok((IpAddressType::Dualstack, None));
            } else {
                format!("dualstack: {} have no IPv6 prefix", lacking.join(", "))
            };
            if must {
                return refuse(&why);
            }
            Ok((
                IpAddressType::Ipv4,
                Some(Warning::new("OneFamilyOnly", format!("{why}; served over IPv4"))),
            ))
        }
    }
}
