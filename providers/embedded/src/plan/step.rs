use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use seaway_core::{Family, ServiceRef, Urgency};

use crate::apply::Fact;
use crate::dataplane::{Balancer, Listener, Sources};
use crate::observe::Observed;
use seaway_pool::{Holder, Order, Wish};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Gives a Service addresses of a pool, besides those that it has.
    Reserve {
        /// Who has them then.
        holder: Holder,
        /// The Service.
        service: ServiceRef,
        /// Which.
        order: Order,
    },
    /// Opens listeners, or changes what is behind them; closes those that are not named.
    Open {
        /// Whose they are.
        holder: Holder,
        /// The Service.
        service: ServiceRef,
        /// What is to listen.
        balancer: Arc<Balancer>,
    },
    /// Closes every listener of a Service.
    Close {
        /// Whose they are.
        holder: Holder,
    },
    /// Gives addresses back to the pool, unless others of the group have them.
    Release {
        /// Whose they are.
        holder: Holder,
        /// Which.
        addresses: Vec<IpAddr>,
        /// Whether the Service goes: then they are kept for a while.
        leaves: bool,
    },
}

impl Step {
    /// What it would answer. Which addresses the pool would give is not known before: they are told
    /// as unspecified ones.
    pub(crate) fn foresee(&self, seen: &Observed) -> Fact {
        match self {
            Self::Reserve { holder, order, .. } => {
                let slots = order.slots.iter().map(|slot| match (slot.wish, slot.family) {
                    (Some(Wish::Only(ip) | Wish::Rather(ip)), _) => ip,
                    (None, Family::IPv4) => Ipv4Addr::UNSPECIFIED.into(),
                    (None, Family::IPv6) => Ipv6Addr::UNSPECIFIED.into(),
                });
                let mut addresses: Vec<_> = slots.collect();
                let held = seen.seat(&holder.uid).map_or(&[][..], |seat| &seat.addresses);
                let others = held.iter().filter(|ip| !addresses.contains(ip));
                let others: Vec<_> = others.copied().collect();
                addresses.extend(others);
                Fact::Reserved { uid: holder.uid.clone(), addresses }
            }
            Self::Open { holder, balancer, .. } => {
                Fact::Open { uid: holder.uid.clone(), balancer: Arc::clone(balancer) }
            }
            Self::Close { holder } => Fact::Closed { uid: holder.uid.clone() },
            Self::Release { holder, addresses, .. } => {
                Fact::Released { uid: holder.uid.clone(), addresses: addresses.clone() }
            }
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
            Self::Reserve { order, .. } => {
                let texts: Vec<_> = order
                    .slots
                    .iter()
                    .map(|slot| match slot.wish {
                        Some(Wish::Only(ip) | Wish::Rather(ip)) if !ip.is_unspecified() => {
                            ip.to_string()
                        }
                        Some(_) | None => format!("an {} address", slot.family),
                    })
                    .collect();
                write!(f, "reserve {}", texts.join(" and "))
            }
            Self::Open { balancer, .. } => {
                let texts: Vec<_> = balancer.listeners.iter().map(listener).collect();
                write!(f, "listen on {} for {}", texts.join(", "), nodes(balancer))?;
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

fn nodes(balancer: &Balancer) -> String {
    let draining = balancer.targets.values().filter(|target| target.draining).count();
    let count = |count| match count {
        0 => "no nodes".to_owned(),
        1 => "1 node".to_owned(),
        more => format!("{more} nodes"),
    };
    match balancer.targets.len() - draining {
        // Better than nobody: they serve on.
        0 if draining > 0 => format!("{} (all draining)", count(draining)),
        serving if draining == 0 => count(serving),
        serving => format!("{} ({draining} draining)", count(serving)),
    }
}
