use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use seaway_core::Family;

use crate::ranges;

/// What is free of one range.
#[derive(Debug)]
pub(crate) struct Stock {
    range: RangeInclusive<IpAddr>,
    /// From here on none was ever given out, save those that were asked for by name; none: all were.
    fresh: Option<IpAddr>,
    /// The free ones below that.
    returned: BTreeSet<IpAddr>,
}

impl Stock {
    /// A range of which nothing is taken.
    pub(crate) fn new(range: RangeInclusive<IpAddr>) -> Self {
        Self { fresh: Some(*range.start()), range, returned: BTreeSet::new() }
    }

    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        self.range.contains(&ip)
    }

    pub(crate) fn family(&self) -> Family {
        Family::of(*self.range.start())
    }

    /// Notes that somebody took `ip`.
    pub(crate) fn taken(&mut self, ip: IpAddr) {
        self.returned.remove(&ip);
    }

    /// Notes that `ip` is free again.
    pub(crate) fn returned(&mut self, ip: IpAddr) {
        if self.fresh.is_none_or(|fresh| ip < fresh) {
            self.returned.insert(ip);
        }
    }

    /// The lowest address of the range.
    pub(crate) fn first(&self) -> IpAddr {
        *self.range.start()
    }

    /// The lowest free address. What is passed over is taken, or kept, and is not passed over again.
    pub(crate) fn free(&mut self, is_taken: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
        if let Some(ip) = self.returned.first() {
            return Some(*ip);
        }
        while let Some(ip) = self.fresh {
            if !is_taken(ip) {
                return Some(ip);
            }
            self.fresh = ranges::next(ip).filter(|next| self.range.contains(next));
        }
        None
    }
}
