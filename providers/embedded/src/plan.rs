use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use seaway_core::{
    BalancerKey, ErrorKind, Family, Goal, LbSpec, Member, Plan, Planned, Protocol, ProviderError,
    ServiceUid, SourceRanges, TrafficPolicy, Urgency, Want,
};

use crate::apply::Fact;
use crate::config::Config;
use crate::dataplane::{self, Balancer, Listener, Sources, Target};
use crate::observe::Observed;
use crate::pool::{Refusal, Slot, Wish};

#[cfg(test)]
mod tests;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Gives a Service addresses of the pool.
    Reserve {
        /// The Service.
        uid: ServiceUid,
        /// One for each family, the preferred one first.
        slots: Vec<Slot>,
    },
    /// Opens listeners, or changes what is behind them.
    Open {
        /// The Service.
        uid: ServiceUid,
        /// What is to listen.
        balancer: Arc<Balancer>,
    },
    /// Closes every listener of a Service.
    Close {
        /// The Service.
        uid: ServiceUid,
    },
    /// Gives addresses back to the pool.
    Release {
        /// Whose they are.
        uid: ServiceUid,
        /// Which.
        addresses: Vec<IpAddr>,
    },
}

/// The way to what `goal` says of the one Service of `key`.
pub(crate) fn plan(config: &Config, key: &BalancerKey, goal: &Goal, seen: &Observed) -> Plan<Step> {
    let mut plan = Plan::default();
    let uid = match key {
        BalancerKey::Own(uid) => uid,
        // Nothing is ever put under a shared key here.
        BalancerKey::Shared(_) => return plan,
    };
    let own = |step| vec![Planned::of(uid.clone(), step)];
    let Some(member) = goal.members.get(uid) else {
        if seen.open.is_some() {
            plan.stage(own(Step::Close { uid: uid.clone() }));
        }
        if !seen.addresses.is_empty() {
            let addresses = seen.addresses.clone();
            plan.stage(own(Step::Release { uid: uid.clone(), addresses }));
        }
        return plan;
    };
    let Want::Present(spec) = &member.want else { return plan };
    let slots = match slots(config, spec, member, seen) {
        Ok(slots) => slots,
        Err(error) => {
            plan.refused.insert(uid.clone(), error);
            return plan;
        }
    };
    let Some(addresses) = fitting(&slots, seen) else {
        plan.stage(own(Step::Reserve { uid: uid.clone(), slots }));
        return plan;
    };
    let balancer = balancer(config, spec, goal, seen, &addresses);
    if seen.open.as_deref() != Some(&balancer) {
        plan.stage(own(Step::Open { uid: uid.clone(), balancer: Arc::new(balancer) }));
    }
    // Given back only once nothing listens there any more.
    let over: Vec<_> =
        seen.addresses.iter().copied().filter(|ip| !addresses.contains(ip)).collect();
    if !over.is_empty() {
        plan.stage(own(Step::Release { uid: uid.clone(), addresses: over }));
    }
    plan
}

/// The addresses that a Service is to have: one for each family that the pool has, its own of before
/// if it shows one.
fn slots(
    config: &Config,
    spec: &LbSpec,
    member: &Member,
    seen: &Observed,
) -> Result<Vec<Slot>, ProviderError> {
    let refuse = |refusal: &Refusal| Err(refusal.told());
    if let Some(ip) = spec.requested_address {
        if !config.pool.contains(ip) {
            return refuse(&Refusal::Foreign { ip, ranges: config.pool.to_string() });
        }
        if !spec.families.contains(&Family::of(ip)) {
            return Err(ProviderError::new(
                ErrorKind::InvalidSpec,
                "spec.loadBalancerIP",
                format!("{ip} is an {} address, and spec.ipFamilies has none", Family::of(ip)),
            ));
        }
    }
    let families = config.pool.families();
    let served = spec.families.iter().copied().filter(|family| families.contains(family));
    let shown: Vec<IpAddr> = member
        .published
        .iter()
        .filter_map(|address| match address {
            seaway_core::Address::Ip(ip) => Some(*ip),
            seaway_core::Address::Hostname(_) => None,
        })
        .collect();
    Ok(served
        .map(|family| {
            let of_family = |ip: &&IpAddr| Family::of(**ip) == family;
            let requested = spec.requested_address.filter(|ip| Family::of(*ip) == family);
            let before = seen.addresses.iter().chain(&shown).find(of_family);
            let wish = requested.map(Wish::Only).or_else(|| before.copied().map(Wish::Rather));
            Slot { family, wish }
        })
        .collect())
}

/// The addresses that fill the slots, if the Service has them all.
fn fitting(slots: &[Slot], seen: &Observed) -> Option<Vec<IpAddr>> {
    let held = |slot: &Slot| {
        let mut held = seen.addresses.iter().copied();
        held.find(|ip| match slot.wish {
            Some(Wish::Only(wanted)) => *ip == wanted,
            Some(Wish::Rather(_)) | None => Family::of(*ip) == slot.family,
        })
    };
    slots.iter().map(held).collect()
}

fn balancer(
    config: &Config,
    spec: &LbSpec,
    goal: &Goal,
    seen: &Observed,
    addresses: &[IpAddr],
) -> Balancer {
    let listeners = addresses.iter().flat_map(|ip| {
        spec.ports.iter().filter_map(|port| {
            Some(Listener {
                address: SocketAddr::new(*ip, port.port),
                protocol: match port.protocol {
                    Protocol::Tcp => dataplane::Protocol::Tcp,
                    Protocol::Udp => dataplane::Protocol::Udp,
                    // Refused by the capabilities.
                    Protocol::Sctp => return None,
                },
                target_port: port.node_port?,
            })
        })
    });
    let local = match spec.traffic_policy {
        TrafficPolicy::Cluster => None,
        TrafficPolicy::Local { health_check_node_port } => Some(health_check_node_port),
    };
    let preferred = spec.families.first().copied().unwrap_or(Family::IPv4);
    let targets = goal.nodes.values().filter_map(|node| {
        let address = node.address(preferred).or_else(|| node.addresses.first().copied())?;
        // Matters for a new target only: afterwards its checks tell.
        let known = seen.open.as_ref().and_then(|open| open.targets.get(node.name.as_str()));
        let hint = local.is_none()
            || spec.local_nodes.as_ref().is_some_and(|nodes| nodes.contains(&node.name));
        let assume_up = known.map_or(hint, |target| target.assume_up);
        Some((node.name.to_string(), Target { address, draining: node.draining, assume_up }))
    });
    Balancer {
        listeners: listeners.collect(),
        targets: targets.collect(),
        sources: match &spec.source_ranges {
            SourceRanges::Anyone => Sources::Anyone,
            SourceRanges::Only(prefixes) => Sources::Only(prefixes.iter().copied().collect()),
        },
        affinity: spec.affinity.map(|affinity| affinity.timeout),
        health: config.health(local),
    }
}

impl Step {
    /// What it would answer. Which addresses the pool would give is not known before: they are told
    /// as unspecified ones.
    pub(crate) fn foresee(&self) -> Fact {
        match self {
            Self::Reserve { uid, slots } => {
                let addresses = slots.iter().map(|slot| match (slot.wish, slot.family) {
                    (Some(Wish::Only(ip) | Wish::Rather(ip)), _) => ip,
                    (None, Family::IPv4) => Ipv4Addr::UNSPECIFIED.into(),
                    (None, Family::IPv6) => Ipv6Addr::UNSPECIFIED.into(),
                });
                Fact::Reserved { uid: uid.clone(), addresses: addresses.collect() }
            }
            Self::Open { uid, balancer } => {
                Fact::Open { uid: uid.clone(), balancer: Arc::clone(balancer) }
            }
            Self::Close { .. } => Fact::Closed,
            Self::Release { addresses, .. } => Fact::Released(addresses.clone()),
        }
    }
}

impl seaway_core::Step for Step {
    fn urgency(&self) -> Urgency {
        match self {
            Self::Reserve { .. } | Self::Open { .. } => Urgency::Create,
            Self::Close { .. } | Self::Release { .. } => Urgency::Drain,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserve { slots, .. } => {
                let texts: Vec<_> = slots
                    .iter()
                    .map(|slot| match slot.wish {
                        Some(Wish::Only(ip) | Wish::Rather(ip)) => ip.to_string(),
                        None => format!("an {} address", slot.family),
                    })
                    .collect();
                write!(f, "reserve {}", texts.join(" and "))
            }
            Self::Open { balancer, .. } => {
                let texts: Vec<_> = balancer.listeners.iter().map(listener).collect();
                let serving = balancer.targets.values().filter(|target| !target.draining).count();
                write!(f, "listen on {} for {serving} nodes", texts.join(", "))?;
                match &balancer.sources {
                    Sources::Anyone => Ok(()),
                    Sources::Only(prefixes) if prefixes.is_empty() => {
                        f.write_str(", closed to all")
                    }
                    Sources::Only(prefixes) => {
                        let texts: Vec<_> = prefixes.iter().map(ToString::to_string).collect();
                        write!(f, ", open to {}", texts.join(", "))
                    }
                }
            }
            Self::Close { .. } => f.write_str("stop listening"),
            Self::Release { addresses, .. } => {
                let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                write!(f, "release {}", texts.join(" and "))
            }
        }
    }
}

/// An address that is not known yet is told in words.
fn listener(listener: &Listener) -> String {
    let (at, to) = (listener.address, listener.target_port);
    let place = if at.ip().is_unspecified() {
        format!("the {} address, port {}", Family::of(at.ip()), at.port())
    } else {
        at.to_string()
    };
    format!("{place}/{} -> :{to}", listener.protocol)
}
