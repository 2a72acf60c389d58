//! The addresses that Services get, and who has which.

mod ranges;
mod stock;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use seaway_core::{ErrorKind, Family, ProviderError, ServiceRef, ServiceUid};

pub use self::ranges::Ranges;
use self::stock::Stock;

/// Who has which address of the ranges. Giving one out, or taking it back, costs a look-up or two,
/// however many are taken.
#[derive(Debug)]
pub(crate) struct Pool {
    ranges: Ranges,
    holders: BTreeMap<IpAddr, ServiceUid>,
    held: BTreeMap<ServiceUid, Vec<IpAddr>>,
    /// What Services are called, for people.
    names: BTreeMap<ServiceUid, String>,
    stocks: Vec<Stock>,
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
    #[error("{ip} is taken by the Service {holder}; ask for another address, or for none")]
    Taken {
        /// The address.
        ip: IpAddr,
        /// Who has it: its name, or its uid as long as that is all that is known.
        holder: String,
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
        let stocks = ranges.iter().cloned().map(Stock::new).collect();
        Self {
            ranges,
            holders: BTreeMap::new(),
            held: BTreeMap::new(),
            names: BTreeMap::new(),
            stocks,
        }
    }

    /// Who has what.
    pub(crate) fn all(&self) -> &BTreeMap<ServiceUid, Vec<IpAddr>> {
        &self.held
    }

    /// What one Service has.
    pub(crate) fn of(&self, uid: &ServiceUid) -> &[IpAddr] {
        self.held.get(uid).map_or(&[], Vec::as_slice)
    }

    /// Notes what a Service is called, if it has something here.
    pub(crate) fn introduce(&mut self, service: &ServiceRef) {
        if self.held.contains_key(&service.uid) && !self.names.contains_key(&service.uid) {
            self.names.insert(service.uid.clone(), service.to_string());
        }
    }

    /// Takes `ip` for a Service; no harm if it has it already.
    ///
    /// # Errors
    /// If another Service has it, or it is not of this pool.
    pub(crate) fn take(&mut self, uid: &ServiceUid, ip: IpAddr) -> Result<(), Refusal> {
        let Some(stock) = self.stocks.iter_mut().find(|stock| stock.contains(ip)) else {
            return Err(Refusal::Foreign { ip, ranges: self.ranges.to_string() });
        };
        match self.holders.get(&ip) {
            Some(holder) if holder == uid => Ok(()),
            Some(holder) => {
                let name = self.names.get(holder).cloned();
                let holder = name.unwrap_or_else(|| format!("with the uid {holder}"));
                Err(Refusal::Taken { ip, holder })
            }
            None => {
                stock.taken(ip);
                self.holders.insert(ip, uid.clone());
                self.held.entry(uid.clone()).or_default().push(ip);
                Ok(())
            }
        }
    }

    /// Gives a Service an address for each slot, and returns them in that order, and then those that
    /// it has besides. What it has already and fits is kept.
    ///
    /// # Errors
    /// If one can't be had; then nothing is taken.
    pub(crate) fn reserve(
        &mut self,
        service: &ServiceRef,
        slots: &[Slot],
    ) -> Result<Vec<IpAddr>, Refusal> {
        let uid = &service.uid;
        let before = self.of(uid).to_vec();
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
        if !got.is_empty() {
            self.held.insert(uid.clone(), got.clone());
            self.introduce(service);
        }
        Ok(got)
    }

    /// Takes addresses back from a Service. Those of others stay.
    pub(crate) fn release(&mut self, uid: &ServiceUid, addresses: &[IpAddr]) {
        for ip in addresses {
            if self.holders.get(ip) != Some(uid) {
                continue;
            }
            self.holders.remove(ip);
            if let Some(stock) = self.stocks.iter_mut().find(|stock| stock.contains(*ip)) {
                stock.returned(*ip);
            }
            if let Some(held) = self.held.get_mut(uid) {
                held.retain(|other| other != ip);
                if held.is_empty() {
                    self.held.remove(uid);
                    self.names.remove(uid);
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
        if let Some(ip) = self.of(uid).iter().find(|ip| Family::of(**ip) == slot.family) {
            return Ok(*ip);
        }
        let mut of_family = self.stocks.iter_mut().filter(|stock| stock.family() == slot.family);
        let free = of_family.find_map(|stock| stock.free(&self.holders));
        let Some(ip) = free else {
            return Err(Refusal::UsedUp {
                family: slot.family,
                count: self.ranges.count(slot.family),
                ranges: self.ranges.to_string(),
            });
        };
        self.take(uid, ip).map(|()| ip)
    }
}
