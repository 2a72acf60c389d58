//! What a load balancer is to be: from the Services that it carries, the configuration and the
//! network. Pure.

mod attributes;
mod firewall;
mod members;
mod ports;
mod subnets;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{BalancerKey, ClusterId, Goal, LbSpec, ProviderError, ServiceUid, Warning};

pub(crate) use self::attributes::{balancer_default, differing, group_default};
use self::firewall::Standing;
pub(crate) use self::firewall::everybody;
use self::members::Member;
use self::subnets::Network;
pub(crate) use self::subnets::role as subnet_role;
use crate::api::{
    Arn, Attributes, HealthCheck, IpAddressType, NewTargetGroup, Rule, Scheme, SubnetMapping, Tags,
    Target, Transport,
};
use crate::config::Config;
use crate::observe::{Balancer, Ground, Observed};
use crate::{mark, names};

/// What shapes load balancers besides the Services.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The configuration.
    pub config: Config,
    /// The cluster.
    pub cluster: ClusterId,
}

impl Rules {
    /// The tag by which others know what belongs to the cluster.
    pub(crate) fn cluster_tag(&self) -> String {
        let name = self.config.cluster_name.as_deref().unwrap_or_else(|| self.cluster.as_str());
        format!("{}{name}", mark::OF_CLUSTER)
    }
}

/// What a load balancer is to be.
#[derive(Debug, Default)]
pub(crate) struct Design {
    /// The load balancer; none if there is nobody to carry.
    pub balancer: Option<BalancerDesign>,
    /// What it serves, by port.
    pub ports: BTreeMap<u16, PortDesign>,
    /// Services that can't have what they ask for.
    pub refused: BTreeMap<ServiceUid, ProviderError>,
    /// Whose things stay as they are.
    pub kept: BTreeSet<ServiceUid>,
    /// What users should know.
    pub warnings: Vec<(ServiceUid, Warning)>,
}

/// A load balancer that is to be.
#[derive(Debug)]
pub(crate) struct BalancerDesign {
    /// The Service that it is made for, and whose settings count.
    pub lead: ServiceUid,
    /// Its name; that of an existing one is not known from here.
    pub name: String,
    /// The existing one to use.
    pub adopt: Option<Arn>,
    /// Only the rules for clients may change, and what is served.
    pub frozen: bool,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// Its subnets.
    pub subnets: Vec<SubnetMapping>,
    /// Its address families.
    pub ip_address_type: IpAddressType,
    /// The security groups that it is to have, but for its own.
    pub groups: BTreeSet<String>,
    /// The rules of its own.
    pub rules: BTreeSet<Rule>,
    /// Its attributes, as far as they are ours to set.
    pub attributes: Attributes,
    /// Its tags when it is made.
    pub tags: Tags,
    /// Those of them that users can change.
    pub free_tags: Tags,
}

/// A port that is to be served.
#[derive(Debug)]
pub(crate) struct PortDesign {
    /// The Service.
    pub uid: ServiceUid,
    /// What the listener speaks.
    pub protocol: Transport,
    /// With TLS: the certificate.
    pub certificate: Option<String>,
    /// With TLS: the security policy.
    pub policy: Option<String>,
    /// The target group.
    pub group: NewTargetGroup,
    /// Its attributes, as far as they are ours to set.
    pub attributes: Attributes,
    /// The targets that it is to have.
    pub core: BTreeSet<Target>,
    /// Those that it may have besides.
    pub maybe: BTreeSet<Target>,
}

/// What the load balancer at `key` is to be.
pub(crate) fn design(
    rules: &Rules,
    key: &BalancerKey,
    goal: &Goal,
    seen: &Observed,
    ground: &Ground,
) -> Design {
    let mut design = Design::default();
    let members = members::read(goal, &mut design);
    let Some(lead) = members.first() else { return design };
    // While somebody is here who can't be read, what serves all stays as it is: it may be that one's.
    let anchor = anchor(&design.kept, seen);
    let scheme = lead.settings.scheme.unwrap_or(rules.config.scheme);
    let (name, adopt) = match (anchor, &lead.settings.adopt, &lead.settings.name) {
        (Some((_, it)), ..) if it.maker.is_none() => (it.arn.to_string(), Some(it.arn.clone())),
        (None, Some(arn), _) => (arn.to_string(), Some(arn.clone())),
        (Some((name, _)), ..) | (None, None, Some(name)) => (name.clone(), None),
        (None, None, None) => {
            (names::balancer(&rules.cluster, key, scheme, readable(key, lead.spec)), None)
        }
    };
    let anchor = anchor.map(|(_, it)| it);
    let network = match anchor {
        Some(it) => Ok(Network::of(it)),
        None => subnets::choose(rules, lead, scheme, seen.balancers.get(&name), ground),
    };
    let network = match network {
        Ok(network) => network,
        Err(error) => return design.refuse_all(&members, &error),
    };
    let zones = network.zones(ground);
    let warning = network.warning.into_iter();
    design.warnings.extend(warning.map(|warning| (lead.uid.clone(), warning)));
    for member in &members {
        if design.refused.contains_key(&member.uid) {
            continue;
        }
        if let Err(error) = agrees(lead, member) {
            design.refuse(&member.uid, error);
            continue;
        }
        let targets = targets::of(rules, member, goal, &zones);
        match ports::of(rules, key, &name, member, &targets, ground) {
            Ok(ports) => design.add(member, ports),
            Err(error) => design.refuse(&member.uid, error),
        }
        let warnings = targets.warnings.into_iter();
        design.warnings.extend(warnings.map(|warning| (member.uid.clone(), warning)));
    }
    // Who is refused, and has nothing here, opens nothing.
    let served: Vec<_> =
        members.iter().filter(|member| !design.kept.contains(&member.uid)).collect();
    if served.is_empty() {
        return design;
    }
    let existing = anchor.or_else(|| seen.balancers.get(&name));
    let standing = existing.map(|it| {
        let taken = |port| design.ports.contains_key(&port);
        Standing::read(&design.kept, it, taken, seen, ground)
    });
    let groups = firewall::groups(lead, &served, &standing.unwrap_or_default(), ground);
    let mut groups = match groups {
        Ok(groups) => groups,
        Err(error) => return design.refuse_all(&members, &error),
    };
    if let Some(anchor) = anchor {
        groups.stay(anchor, seen, ground);
    }
    let mut free_tags = rules.config.tags.clone();
    free_tags.extend(lead.settings.tags.clone());
    if !lead.settings.tags.is_empty() {
        let keys: Vec<_> = lead.settings.tags.keys().map(String::as_str).collect();
        free_tags.insert(mark::ADDED.to_owned(), keys.join("="));
    }
    if lead.spec.retain {
        free_tags.insert(mark::RETAIN.to_owned(), "true".to_owned());
    }
    let mut tags = mark::of(rules, key, &lead.spec.service, "load-balancer");
    tags.extend(free_tags.clone());
    design.balancer = Some(BalancerDesign {
        lead: lead.uid.clone(),
        name,
        adopt,
        frozen: anchor.is_some(),
        scheme,
        subnets: network.subnets,
        ip_address_type: network.ip_address_type,
        groups: groups.fixed,
        rules: groups.rules,
        attributes: attributes::of_balancer(&lead.settings),
        tags,
        free_tags,
    });
    design
}

/// The load balancer that those stand on whose things stay as they are, if they have any.
fn anchor<'a>(
    kept: &BTreeSet<ServiceUid>,
    seen: &'a Observed,
) -> Option<(&'a String, &'a Balancer)> {
    let stands = |it: &Balancer| {
        seen.groups
            .values()
            .any(|group| kept.contains(&group.uid) && group.balancers.contains(&it.arn))
    };
    let all = seen.balancers.iter().filter(|(_, it)| stands(it));
    all.min_by_key(|(_, it)| (!it.current, it.retired.is_some()))
}

/// What a name at the console is to remind of.
fn readable<'a>(key: &'a BalancerKey, spec: &'a LbSpec) -> (&'a str, &'a str) {
    match key {
        BalancerKey::Own(_) => (&spec.service.namespace, &spec.service.name),
        BalancerKey::Shared(group) => group.split_once('/').unwrap_or(("", group)),
    }
}

/// Whether a member of a group asks for no other load balancer than the oldest member does.
fn agrees(lead: &Member<'_>, member: &Member<'_>) -> Result<(), ProviderError> {
    let (ours, theirs) = (&lead.settings, &member.settings);
    let differs = |key: &'static str, differs: bool| {
        if !differs {
            return Ok(());
        }
        Err(members::invalid(
            key,
            format!(
                "it differs from that of {}, which has the load balancer of the group; give all \
                 members the same, or none",
                lead.spec.service
            ),
        ))
    };
    let other = |one: bool, same: bool| one && !same;
    differs(
        "seaway.dev/load-balancer-arn",
        other(theirs.adopt.is_some(), theirs.adopt == ours.adopt),
    )?;
    differs("name", other(theirs.name.is_some(), theirs.name == ours.name))?;
    differs("scheme", other(theirs.scheme.is_some(), theirs.scheme == ours.scheme))?;
    differs("subnets", other(theirs.subnets.is_some(), theirs.subnets == ours.subnets))?;
    let groups = theirs.security_groups.is_some();
    differs("security-groups", other(groups, theirs.security_groups == ours.security_groups))?;
    let family = theirs.ip_address_type.is_some();
    differs("ip-address-type", other(family, theirs.ip_address_type == ours.ip_address_type))?;
    let addresses = !theirs.allocations.is_empty() || !theirs.private_addresses.is_empty();
    let same = theirs.allocations == ours.allocations
        && theirs.private_addresses == ours.private_addresses;
    differs("eip-allocations", other(addresses, same))?;
    let set = !theirs.balancer_attributes.is_empty();
    differs("attributes", other(set, theirs.balancer_attributes == ours.balancer_attributes))
}

impl Design {
    fn refuse(&mut self, uid: &ServiceUid, error: ProviderError) {
        self.kept.insert(uid.clone());
        self.refused.insert(uid.clone(), error);
    }

    fn refuse_all(mut self, members: &[Member<'_>], error: &ProviderError) -> Self {
        for member in members {
            self.refuse(&member.uid, error.clone());
        }
        self
    }

    /// Adds the ports of a member, unless an older one has one of them, or there are too many.
    fn add(&mut self, member: &Member<'_>, ports: BTreeMap<u16, PortDesign>) {
        if let Some((port, taken)) =
            ports.keys().find_map(|port| Some((port, self.ports.get(port)?)))
        {
            let message = format!(
                "port {port} of the load balancer group belongs to an older Service ({}); use another \
                 port, or another group",
                taken.uid
            );
            return self.refuse(&member.uid, members::conflict(message));
        }
        if self.ports.len() + ports.len() > crate::limits::LISTENERS {
            let message = format!(
                "{} more listeners would be {} on one load balancer, and AWS allows {}; use another \
                 group",
                ports.len(),
                self.ports.len() + ports.len(),
                crate::limits::LISTENERS
            );
            return self.refuse(&member.uid, members::quota(message));
        }
        self.ports.extend(ports);
    }
}

/// How targets are checked, if nothing else is said.
pub(crate) const fn check(port: u16) -> HealthCheck {
    HealthCheck {
        protocol: crate::api::HealthProtocol::Http,
        port: Some(port),
        path: None,
        codes: None,
        interval: 10,
        timeout: 6,
        healthy: 2,
        unhealthy: 2,
    }
}
