use std::net::IpAddr;

use seaway_core::{Address, Family, LbSpec};

use crate::{Ranges, Request};

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

/// What a Service has, and had.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past<'a> {
    /// What its status shows.
    pub shown: &'a [IpAddr],
    /// What it holds.
    pub held: &'a [IpAddr],
    /// What the others of its group hold.
    pub mates: &'a [IpAddr],
}

/// The addresses that a Service is to have: one for each family that `ranges` have, the one that it
/// asks for, or its own of before if it holds or shows one.
pub fn slots(ranges: &Ranges, request: &Request, spec: &LbSpec, past: Past<'_>) -> Vec<Slot> {
    let families = ranges.families();
    let slot = |family: Family| {
        // One of another pool, or of a pool of before, is given up.
        let fits = |ip: &IpAddr| Family::of(*ip) == family && fits(*ip, ranges);
        let of = |addresses: &[IpAddr]| addresses.iter().copied().find(fits);
        let both = past.shown.iter().copied().filter(fits).find(|ip| past.held.contains(ip));
        let before =
            both.or_else(|| of(past.held)).or_else(|| of(past.mates)).or_else(|| of(past.shown));
        let requested = request.of_family(family);
        Slot { family, wish: requested.map(Wish::Only).or_else(|| before.map(Wish::Rather)) }
    };
    let served = spec.families.iter().copied().filter(|family| families.contains(family));
    served.map(slot).collect()
}

/// The addresses that fill the slots, if the Service holds them all.
pub fn fitting(ranges: &Ranges, slots: &[Slot], held: &[IpAddr]) -> Option<Vec<IpAddr>> {
    let holds = |ip: &IpAddr| held.contains(ip);
    let of =
        |family| held.iter().copied().find(|ip| Family::of(*ip) == family && fits(*ip, ranges));
    let fill = |slot: &Slot| match slot.wish {
        Some(Wish::Only(ip)) => Some(ip).filter(holds),
        Some(Wish::Rather(ip)) => Some(ip).filter(holds).or_else(|| of(slot.family)),
        None => of(slot.family),
    };
    slots.iter().map(fill).collect()
}

/// Whether an address is of the pool, or stands in a rehearsal for one that the pool would give.
fn fits(ip: IpAddr, ranges: &Ranges) -> bool {
    ranges.contains(ip) || ip.is_unspecified()
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
