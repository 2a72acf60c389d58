use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use seaway_core::{ErrorKind, Family, LbSpec, Protocol, ProviderError, SourceRanges};

use super::{Refusal, Rules, ports};
use crate::api::{Address, Purpose, Scheme, SubnetAccess, Tier};
use crate::limits::{PORTS_PER_RULE, RULES_PER_INTERNAL_ADDRESS};
use crate::names::{self, Names};
use crate::observe::{Ground, Observed};
use crate::settings::{ADDRESSES, Settings};

/// What clients of one family are to meet.
#[derive(Debug)]
pub(crate) struct Face {
    /// The name of its reserved address and of its firewall rule; those of its forwarding rules begin
    /// so. Another place has another name: it is made before the old one goes.
    pub name: String,
    /// Its family.
    pub family: Family,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// The tier of an external one.
    pub tier: Option<Tier>,
    /// The subnetwork of an internal one, or of one of IPv6.
    pub subnet: Option<String>,
    /// Whether an internal one can be reached from other regions.
    pub global_access: bool,
    /// Where its address comes from.
    pub source: Source,
    /// Who may connect. Nobody, if it is empty.
    pub sources: BTreeSet<IpNet>,
    /// Its ports.
    pub ports: BTreeMap<Protocol, BTreeSet<u16>>,
    /// How many forwarding rules there may be for each protocol.
    pub most: usize,
}

/// Where an address comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A user has reserved it.
    Theirs(IpAddr),
    /// Ours: this one, if one is asked for.
    Ours(Option<IpAddr>),
}

/// The face of `family` that `spec` asks for.
pub(super) fn face(
    rules: &Rules,
    (spec, settings): (&LbSpec, &Settings),
    family: Family,
    names: &Names,
    (seen, ground): (&Observed, &Ground),
) -> Result<Face, Refusal> {
    let scheme = settings.scheme;
    let tier = (scheme == Scheme::External).then_some(settings.tier);
    let subnet = subnet(rules, settings, family, ground)?;
    let asked = asked(spec, settings, family, seen)?;
    let place = Place { scheme, tier, subnet: subnet.as_deref() };
    let (source, purpose) = place.source(rules, asked.as_ref(), seen)?;
    let ports = ports(spec);
    let most = most(rules, scheme, purpose, &ports);
    check(&ports, most, purpose)?;
    // What is at the address that is asked for already is there under the name that it has.
    let at = seen.rules.values().map(|(rule, _)| rule).find(|rule| {
        rule.ip.is_some()
            && rule.ip == source.asked()
            && (rule.scheme, rule.tier, rule.family) == (scheme, tier, family)
    });
    let known = at.and_then(|rule| names::face_of(&rule.name)).map(str::to_owned);
    Ok(Face {
        name: known.unwrap_or_else(|| names.face(&place.tag(source.asked()), family)),
        family,
        scheme,
        tier,
        subnet,
        global_access: settings.global_access,
        source,
        sources: sources(&spec.source_ranges, family),
        ports,
        most,
    })
}

impl Source {
    fn asked(&self) -> Option<IpAddr> {
        match self {
            Self::Theirs(ip) => Some(*ip),
            Self::Ours(ip) => *ip,
        }
    }
}

/// What makes one place another: none of it can be changed in place.
struct Place<'a> {
    scheme: Scheme,
    tier: Option<Tier>,
    subnet: Option<&'a str>,
}

impl Place<'_> {
    fn tag(&self, asked: Option<IpAddr>) -> String {
        let word = match (self.scheme, self.tier) {
            (Scheme::Internal, _) => "int-",
            (Scheme::External, Some(Tier::Standard)) => "std-",
            (Scheme::External, Some(Tier::Premium) | None) => "",
        };
        if self.subnet.is_none() && asked.is_none() {
            return word.to_owned();
        }
        format!("{word}{}-", names::short(&(self.subnet, asked)))
    }

    /// Where the address comes from, and what a reserved one may be used for.
    fn source(
        &self,
        rules: &Rules,
        asked: Option<&Asked<'_>>,
        seen: &Observed,
    ) -> Result<(Source, Option<Purpose>), Refusal> {
        let (key, address) = match asked {
            None => return Ok((Source::Ours(None), Some(Purpose::Shared))),
            Some(Asked::Ip(ip)) => {
                match seen.reserved.values().find(|address| address.ip == Some(*ip)) {
                    Some(address) => ("spec.loadBalancerIP", address),
                    None if self.is_free(*ip, seen) => {
                        return Ok((Source::Ours(Some(*ip)), Some(Purpose::Shared)));
                    }
                    None => return Err(unreserved(rules, *ip)),
                }
            }
            Some(Asked::Named(address)) => (ADDRESSES, *address),
        };
        if (address.scheme, address.tier) != (self.scheme, self.tier) {
            let message = format!(
                "the address {} is {}, and the load balancer is to be {}",
                address.name,
                kind(address.scheme, address.tier),
                kind(self.scheme, self.tier)
            );
            return Err(ProviderError::new(ErrorKind::InvalidSpec, key, message).into());
        }
        let Some(ip) = address.ip else {
            let message = format!("the address {} is being reserved", address.name);
            return Err(look(ErrorKind::Unavailable, key, message));
        };
        Ok((Source::Theirs(ip), address.purpose))
    }

    /// Whether an address that nobody has reserved may be ours: of an internal network any may, of the
    /// Internet only the one that the Service has already.
    fn is_free(&self, ip: IpAddr, seen: &Observed) -> bool {
        self.scheme == Scheme::Internal
            || seen.rules.values().any(|(rule, _)| rule.ip == Some(ip))
            || seen.addresses.values().any(|address| address.ip == Some(ip))
    }
}

/// The address that a user asks for.
enum Asked<'a> {
    Ip(IpAddr),
    Named(&'a Address),
}

fn asked<'a>(
    spec: &LbSpec,
    settings: &Settings,
    family: Family,
    seen: &'a Observed,
) -> Result<Option<Asked<'a>>, Refusal> {
    if let Some(ip) = spec.requested_address.filter(|ip| Family::of(*ip) == family) {
        return Ok(Some(Asked::Ip(ip)));
    }
    let mut found = None;
    for name in &settings.addresses {
        let Some(address) = seen.reserved.get(name) else {
            let message = format!(
                "{name:?}: there is no such address in the region; reserve it: gcloud compute \
                 addresses create {name} --region …, or take it off the annotation"
            );
            return Err(look(ErrorKind::Unavailable, ADDRESSES, message));
        };
        if address.family == family && found.replace(address).is_some() {
            let message = format!("{:?}: two of them are of {family}", settings.addresses);
            return Err(ProviderError::new(ErrorKind::InvalidSpec, ADDRESSES, message).into());
        }
    }
    Ok(found.map(Asked::Named))
}

fn unreserved(rules: &Rules, ip: IpAddr) -> Refusal {
    let region = &rules.config.region;
    let message = format!(
        "{ip} is not reserved in {region}, and of external addresses Google gives only reserved ones \
         by number; name one of: gcloud compute addresses list --filter=region:{region}"
    );
    look(ErrorKind::Unavailable, "spec.loadBalancerIP", message)
}

fn look(kind: ErrorKind, operation: &'static str, message: String) -> Refusal {
    Refusal { error: ProviderError::new(kind, operation, message), look: true }
}

fn kind(scheme: Scheme, tier: Option<Tier>) -> &'static str {
    match (scheme, tier) {
        (Scheme::Internal, _) => "internal",
        (Scheme::External, Some(Tier::Standard)) => "external, of the Standard tier",
        (Scheme::External, Some(Tier::Premium) | None) => "external, of the Premium tier",
    }
}

/// The subnetwork that an address of `family` is of, where it is of one.
fn subnet(
    rules: &Rules,
    settings: &Settings,
    family: Family,
    ground: &Ground,
) -> Result<Option<String>, Refusal> {
    if (settings.scheme, family) == (Scheme::External, Family::IPv4) {
        return Ok(None);
    }
    let name = settings.subnet.as_deref().unwrap_or(&rules.config.subnetwork);
    let Some(subnet) = ground.subnet(name) else {
        let (network, region) = (&rules.config.network, &rules.config.region);
        let message = format!("{name}: the network {network} has no such subnetwork in {region}");
        return Err(look(ErrorKind::Unavailable, "subnetwork", message));
    };
    let access = match settings.scheme {
        Scheme::External => SubnetAccess::External,
        Scheme::Internal => SubnetAccess::Internal,
    };
    if family == Family::IPv6 && subnet.access != access {
        let word = match settings.scheme {
            Scheme::External => "external",
            Scheme::Internal => "internal",
        };
        let message = format!("IPv6: the subnetwork {name} has no {word} IPv6 addresses");
        return Err(ProviderError::new(ErrorKind::Unsupported, "spec.ipFamilies", message).into());
    }
    Ok(Some(name.to_owned()))
}

/// How many forwarding rules a protocol may have.
fn most(
    rules: &Rules,
    scheme: Scheme,
    purpose: Option<Purpose>,
    ports: &BTreeMap<Protocol, BTreeSet<u16>>,
) -> usize {
    match (scheme, purpose) {
        (Scheme::External, _) => rules.config.rules_per_protocol,
        (Scheme::Internal, Some(Purpose::Shared)) => {
            rules.config.rules_per_protocol.min(RULES_PER_INTERNAL_ADDRESS / ports.len().max(1))
        }
        // It bears one rule.
        (Scheme::Internal, _) => 1,
    }
}

fn check(
    ports: &BTreeMap<Protocol, BTreeSet<u16>>,
    most: usize,
    purpose: Option<Purpose>,
) -> Result<(), Refusal> {
    let shared = "reserve one with --purpose=SHARED_LOADBALANCER_VIP";
    if most == 1 && purpose != Some(Purpose::Shared) && ports.len() > 1 {
        let message = format!(
            "TCP and UDP: the internal address that was reserved bears one forwarding rule; {shared}"
        );
        return Err(ProviderError::new(ErrorKind::InvalidSpec, "spec.ports", message).into());
    }
    let room = most * PORTS_PER_RULE;
    if let Some((protocol, ports)) = ports.iter().find(|(_, ports)| ports.len() > room) {
        let remedy = match most {
            1 if purpose != Some(Purpose::Shared) => shared,
            _ => "raise providers.gce.rules-per-protocol (up to 10), or split the Service",
        };
        let message = format!(
            "{} ports of {protocol}: Google takes {PORTS_PER_RULE} in a forwarding rule, and there may \
             be {most} of those; {remedy}",
            ports.len()
        );
        return Err(ProviderError::new(ErrorKind::InvalidSpec, "spec.ports", message).into());
    }
    Ok(())
}

/// Who may connect by this family.
fn sources(ranges: &SourceRanges, family: Family) -> BTreeSet<IpNet> {
    match (ranges, family) {
        (SourceRanges::Anyone, Family::IPv4) => BTreeSet::from([Ipv4Net::default().into()]),
        (SourceRanges::Anyone, Family::IPv6) => BTreeSet::from([Ipv6Net::default().into()]),
        (SourceRanges::Only(prefixes), _) => {
            let ours = prefixes.iter().filter(|prefix| Family::of(prefix.addr()) == family);
            ours.map(IpNet::trunc).collect()
        }
    }
}
