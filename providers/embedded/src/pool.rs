//! The addresses that Services get, and who has which.

mod ranges;

use std::collections::BTreeMap;
use std::net::IpAddr;

use seaway_core::{ErrorKind, Family, ProviderError, ServiceUid};

pub use self::ranges::Ranges;

/// Who has which address of the ranges.
#[derive(Debug)]
pub(crate) struct Pool {
    ranges: Ranges,
    holders: BTreeMap<IpAddr, ServiceUid>,
    held: BTreeMap<ServiceUid, Vec<IpAddr>>,
    /// Per range, an address below which none is free, so that giving one out does not pass over all
    /// that were given.
    floors: Vec<IpAddr>,
}

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

/// Why an address could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Every address of a family is taken.
    #[error(
        "no {family} address is free: all {count} of {ranges} are taken; add addresses to \
         providers.embedded.pool, or delete a Service"
    )]
    UsedUp {
        /// The family.
        family: Family,
        /// How many there are.
        count: u128,
        /// The pool.
        ranges: String,
    },
    /// Another Service has it.
    #[error("{ip} is taken by the Service with the uid {holder}; ask for another address, or none")]
    Taken {
        /// The address.
        ip: IpAddr,
        /// Who has it.
        holder: ServiceUid,
    },
    /// It is not of this pool.
    #[error("{ip} is not in the pool {ranges}; ask for one that is, or for none")]
    Foreign {
        /// The address.
        ip: IpAddr,
        /// The pool.
        ranges: String,
    },
}

impl Refusal {
    /// What it is to the controller.
    pub(crate) fn told(&self) -> ProviderError {
        let kind = match self {
            Self::UsedUp { .. } => ErrorKind::QuotaExceeded,
            Self::Taken { .. } => ErrorKind::Conflict,
            Self::Foreign { .. } => ErrorKind::InvalidSpec,
        };
        ProviderError::new(kind, "address", self.to_string())
    }
}

impl Pool {
    /// A pool of which nothing is taken.
    pub(crate) fn new(ranges: Ranges) -> Self {
        let floors = ranges.iter().map(|range| *range.start()).collect();
        Self { ranges, holders: BTreeMap::new(), held: BTreeMap::new(), floors }
    }

    /// Who has what.
    pub(crate) fn all(&self) -> &BTreeMap<ServiceUid, Vec<IpAddr>> {
        &self.held
    }

    /// Takes `ip` for a Service; no harm if it has it already.
    ///
    /// # Errors
    /// If another Service has it, or it is not of this pool.
    pub(crate) fn take(&mut self, uid: &ServiceUid, ip: IpAddr) -> Result<(), Refusal> {
        if !self.ranges.contains(ip) {
            return Err(Refusal::Foreign { ip, ranges: self.ranges.to_string() });
        }
        match self.holders.get(&ip) {
            Some(holder) if holder == uid => Ok(()),
            Some(holder) => Err(Refusal::Taken { ip, holder: holder.clone() }),
            None => {
                self.holders.insert(ip, uid.clone());
                self.held.entry(uid.clone()).or_default().push(ip);
                Ok(())
            }
        }
    }

    /// Gives a Service an address for each slot, and returns them in that order. What it has already
    /// and fits is kept; what it has besides stays as well.
    ///
    /// # Errors
    /// If one can't be had; then nothing is taken.
    pub(crate) fn reserve(&mut self, uid: &ServiceUid, slots: &[Slot]) -> Result<Vec<IpAddr>, Refusal> {
        let before = self.held.get(uid).cloned().unwrap_or_default();
        let mut got = Vec::with_capacity(slots.len());
        for slot in slots {
            match self.fill(uid, slot) {
                Ok(ip) => got.push(ip),
                Err(refusal) => {
                    let taken: Vec<_> = got.into_iter().filter(|ip| !before.contains(ip)).collect();
                    self.release(uid, &taken);
                    return Err(refusal);
                }
            }
        }
        let others: Vec<_> = before.into_iter().filter(|ip| !got.contains(ip)).collect();
        got.extend(others);
        self.held.insert(uid.clone(), got.clone());
        Ok(got)
    }

    /// Takes addresses back from a Service. Those of others stay.
    pub(crate) fn release(&mut self, uid: &ServiceUid, addresses: &[IpAddr]) {
        for ip in addresses {
            if self.holders.get(ip) != Some(uid) {
                continue;
            }
            self.holders.remove(ip);
            for (range, floor) in self.ranges.iter().zip(&mut self.floors) {
                if range.contains(ip) && *ip < *floor {
                    *floor = *ip;
                }
            }
            if let Some(held) = self.held.get_mut(uid) {
                held.retain(|other| other != ip);
                if held.is_empty() {
                    self.held.remove(uid);
                }
            }
        }
    }

    fn fill(&mut self, uid: &ServiceUid, slot: &Slot) -> Result<IpAddr, Refusal> {
        match slot.wish {
            Some(Wish::Only(ip)) => return self.take(uid, ip).map(|()| ip),
            Some(Wish::Rather(ip)) if self.take(uid, ip).is_ok() => return Ok(ip),
            Some(Wish::Rather(_)) | None => {}
        }
        let held = self.held.get(uid).into_iter().flatten().copied();
        if let Some(ip) = held.into_iter().find(|ip| Family::of(*ip) == slot.family) {
            return Ok(ip);
        }
        let Some(ip) = self.free(slot.family) else {
            return Err(Refusal::UsedUp {
                family: slot.family,
                count: self.ranges.count(slot.family),
                ranges: self.ranges.to_string(),
            });
        };
        self.take(uid, ip).map(|()| ip)
    }

    /// The first free address of a family.
    fn free(&mut self, family: Family) -> Option<IpAddr> {
        for (range, floor) in self.ranges.iter().zip(&mut self.floors) {
            if Family::of(*range.start()) != family {
                continue;
            }
            while range.contains(floor) {
                if !self.holders.contains_key(floor) {
                    return Some(*floor);
                }
                let Some(next) = ranges::next(*floor) else { break };
                *floor = next;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(text: &[&str]) -> Pool {
        Pool::new(Ranges::parse(text).unwrap())
    }

    fn uid(name: &str) -> ServiceUid {
        name.into()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    const ANY4: Slot = Slot { family: Family::IPv4, wish: None };
    const ANY6: Slot = Slot { family: Family::IPv6, wish: None };

    #[test]
    fn addresses_are_given_in_order_and_used_again() {
        let mut pool = pool(&["192.0.2.1-192.0.2.2", "192.0.2.9"]);
        for (name, expected) in [("a", "192.0.2.1"), ("b", "192.0.2.2"), ("c", "192.0.2.9")] {
            assert_eq!(pool.reserve(&uid(name), &[ANY4]), Ok(vec![ip(expected)]));
        }
        let refusal = pool.reserve(&uid("d"), &[ANY4]).unwrap_err();
        assert!(refusal.to_string().contains("all 3 of 192.0.2.1-192.0.2.2, 192.0.2.9 are taken"));
        pool.release(&uid("b"), &[ip("192.0.2.2")]);
        assert_eq!(pool.reserve(&uid("d"), &[ANY4]), Ok(vec![ip("192.0.2.2")]));
    }

    #[test]
    fn a_service_keeps_what_it_has() {
        let mut pool = pool(&["192.0.2.0/24"]);
        let first = pool.reserve(&uid("a"), &[ANY4]).unwrap();
        assert_eq!(pool.reserve(&uid("a"), &[ANY4]).unwrap(), first);
        assert_eq!(pool.all()[&uid("a")], first);
    }

    #[test]
    fn a_claimed_address_is_given_to_nobody_else() {
        let mut pool = pool(&["192.0.2.1-192.0.2.2"]);
        pool.take(&uid("old"), ip("192.0.2.1")).unwrap();
        assert_eq!(pool.reserve(&uid("new"), &[ANY4]), Ok(vec![ip("192.0.2.2")]));
        let wish = Slot { family: Family::IPv4, wish: Some(Wish::Rather(ip("192.0.2.1"))) };
        assert_eq!(pool.reserve(&uid("new"), &[wish]), Ok(vec![ip("192.0.2.2")]));
        assert_eq!(pool.reserve(&uid("old"), &[ANY4]), Ok(vec![ip("192.0.2.1")]));
    }

    #[test]
    fn an_address_that_was_asked_for_is_had_or_refused() {
        let mut pool = pool(&["192.0.2.0/29"]);
        let only = |text| Slot { family: Family::IPv4, wish: Some(Wish::Only(ip(text))) };
        assert_eq!(pool.reserve(&uid("a"), &[only("192.0.2.5")]), Ok(vec![ip("192.0.2.5")]));
        let taken = pool.reserve(&uid("b"), &[only("192.0.2.5")]).unwrap_err();
        assert_eq!(taken.told().kind(), ErrorKind::Conflict);
        let foreign = pool.reserve(&uid("b"), &[only("198.51.100.1")]).unwrap_err();
        assert!(foreign.to_string().contains("192.0.2.0/29"), "{foreign}");
        assert!(!pool.all().contains_key(&uid("b")));
    }

    #[test]
    fn both_families_or_none() {
        let mut pool = pool(&["192.0.2.1", "2001:db8::1"]);
        assert_eq!(
            pool.reserve(&uid("a"), &[ANY6, ANY4]),
            Ok(vec![ip("2001:db8::1"), ip("192.0.2.1")])
        );
        pool.release(&uid("a"), &[ip("192.0.2.1")]);
        assert!(pool.reserve(&uid("b"), &[ANY4, ANY6]).is_err());
        assert!(!pool.all().contains_key(&uid("b")), "the IPv4 address went back");
    }

    #[test]
    fn nobody_can_release_what_another_has() {
        let mut pool = pool(&["192.0.2.1"]);
        pool.reserve(&uid("a"), &[ANY4]).unwrap();
        pool.release(&uid("b"), &[ip("192.0.2.1")]);
        assert!(pool.reserve(&uid("b"), &[ANY4]).is_err());
    }
}
