use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use seaway_core::{Family, ServiceRef, ServiceUid, Urgency};

use crate::apply::Fact;
use crate::dataplane::{Balancer, Listener, Sources};
use crate::observe::Observed;
use seaway_pool::{Slot, Wish};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Gives a Service addresses of the pool, besides those that it has.
    Reserve {
        /// The Service.
        service: ServiceRef,
        /// One for each family, the preferred one first.
        slots: Vec<Slot>,
    },
    /// Opens listeners, or changes what is behind them; closes those that are not named.
    Open {
        /// The Service.
        service: ServiceRef,
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

impl Step {
    /// What it would answer. Which addresses the pool would give is not known before: they are told
    /// as unspecified ones.
    pub(crate) fn foresee(&self, seen: &Observed) -> Fact {
        match self {
            Self::Reserve { service, slots } => {
                let slots = slots.iter().map(|slot| match (slot.wish, slot.family) {
                    (Some(Wish::Only(ip) | Wish::Rather(ip)), _) => ip,
                    (None, Family::IPv4) => Ipv4Addr::UNSPECIFIED.into(),
                    (None, Family::IPv6) => Ipv6Addr::UNSPECIFIED.into(),
                });
                let mut addresses: Vec<_> = slots.collect();
                let others = seen.addresses.iter().filter(|ip| !addresses.contains(ip));
                let others: Vec<_> = others.copied().collect();
                addresses.extend(others);
                Fact::Reserved { uid: service.uid.clone(), addresses }
            }
            Self::Open { service, balancer } => {
                Fact::Open { uid: service.uid.clone(), balancer: Arc::clone(balancer) }
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
    let serving = match balancer.targets.len() - draining {
        0 => "no nodes".to_owned(),
        1 => "1 node".to_owned(),
        more => format!("{more} nodes"),
    };
    if draining == 0 { serving } else { format!("{serving} ({draining} draining)") }
}
