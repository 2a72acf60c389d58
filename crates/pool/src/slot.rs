use std::net::IpAddr;

use seaway_core::{Address, ErrorKind, Family, LbSpec, ProviderError};

use crate::{Ranges, Refusal};

/// An address that a Service is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Of which family.
    pub family: Family,
    /// Which one, if that is known.
    pub wish: Option<Wish>,
}

/// Which address, and how much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// This one, or another if somebody else has it.
    Rather(IpAddr),
    /// This one or none: the user asked for it.
    Only(IpAddr),
}

/// The IP addresses among what the status of a Service shows.
pub fn shown(published: &[Address]) -> Vec<IpAddr> {
    let ip = |address: &Address| match address {
        Address::Ip(ip) => Some(*ip),
        Address::Hostname(_) => None,
    };
    published.iter().filter_map(ip).collect()
}

/// The addresses that a Service is to have: one for each family that `ranges` have, its own of before
/// if it holds or shows one.
///
/// # Errors
/// If it asks for an address that it can't have here.
pub fn slots(
    ranges: &Ranges,
    spec: &LbSpec,
    shown: &[IpAddr],
    held: &[IpAddr],
) -> Result<Vec<Slot>, ProviderError> {
    if let Some(ip) = spec.requested_address {
        if !ranges.contains(ip) {
            return Err(Refusal::Foreign { ip, ranges: ranges.to_string() }.told());
        }
        if !spec.families.contains(&Family::of(ip)) {
            let families: Vec<_> = spec.families.iter().map(ToString::to_string).collect();
            return Err(ProviderError::new(
                ErrorKind::InvalidSpec,
                "spec.loadBalancerIP",
                format!(
                    "{ip} is an {} address, and spec.ipFamilies has {} only; ask for an address of \
                     such a family, or for none",
                    Family::of(ip),
                    families.join(" and ")
                ),
            ));
        }
    }
    let families = ranges.families();
    let slot = |family: Family| {
        let of_family = |ip: &IpAddr| Family::of(*ip) == family;
        let requested = spec.requested_address.filter(of_family);
        let shown = || shown.iter().copied().filter(of_family);
        let before = shown()
            .find(|ip| held.contains(ip))
            .or_else(|| held.iter().copied().find(of_family))
            // One of a pool of before can't be had any more.
            .or_else(|| shown().find(|ip| ranges.contains(*ip)));
        Slot { family, wish: requested.map(Wish::Only).or_else(|| before.map(Wish::Rather)) }
    };
    let served = spec.families.iter().copied().filter(|family| families.contains(family));
    Ok(served.map(slot).collect())
}

/// The addresses that fill the slots, if the Service holds them all.
pub fn fitting(slots: &[Slot], held: &[IpAddr]) -> Option<Vec<IpAddr>> {
    let holds = |ip: &IpAddr| held.contains(ip);
    let of = |family| held.iter().copied().find(|ip| Family::of(*ip) == family);
    let fill = |slot: &Slot| match slot.wish {
        Some(Wish::Only(ip)) => Some(ip).filter(holds),
        Some(Wish::Rather(ip)) => Some(ip).filter(holds).or_else(|| of(slot.family)),
        None => of(slot.family),
    };
    slots.iter().map(fill).collect()
}

/// What a Service holds besides the addresses that it is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overhang {
    /// Its status shows them still: clients go there.
    pub shown: Vec<IpAddr>,
    /// Nobody is sent there any more.
    pub hidden: Vec<IpAddr>,
}

impl Overhang {
    /// What is `held` besides `chosen`.
    pub fn of(chosen: &[IpAddr], held: &[IpAddr], shown: &[IpAddr]) -> Self {
        let over = held.iter().copied().filter(|ip| !chosen.contains(ip));
        let (shown, hidden) = over.partition(|ip| shown.contains(ip));
        Self { shown, hidden }
    }

    /// Those that are to serve on until the status shows others. One of a family that has none any
    /// more was not moved but given up: it is closed, and kept from others until it is shown no more.
    pub fn served(&self, slots: &[Slot]) -> impl Iterator<Item = IpAddr> {
        let moved = |ip: &IpAddr| slots.iter().any(|slot| slot.family == Family::of(*ip));
        self.shown.iter().copied().filter(moved)
    }
}
