use std::collections::BTreeMap;
use std::net::IpAddr;

use seaway_core::{Family, ServiceRef, ServiceUid};

use crate::stock::Stock;
use crate::{Ranges, Refusal, Slot, Wish};

/// Who has which address of the ranges. Giving one out, or taking it back, costs a look-up or two,
/// however many are taken.
#[derive(Debug)]
pub struct Pool {
    /// Whose pool it is.
    provider: &'static str,
    pub(crate) ranges: Ranges,
    holders: BTreeMap<IpAddr, ServiceUid>,
    held: BTreeMap<ServiceUid, Vec<IpAddr>>,
    /// What Services are called, for people.
    pub(crate) names: BTreeMap<ServiceUid, String>,
    stocks: Vec<Stock>,
}

impl Pool {
    /// The pool of this provider, of which nothing is taken.
    pub fn new(provider: &'static str, ranges: Ranges) -> Self {
        let stocks = ranges.iter().cloned().map(Stock::new).collect();
        Self {
            provider,
            ranges,
            holders: BTreeMap::new(),
            held: BTreeMap::new(),
            names: BTreeMap::new(),
            stocks,
        }
    }

    /// Who has what.
    pub fn all(&self) -> &BTreeMap<ServiceUid, Vec<IpAddr>> {
        &self.held
    }

    /// What one Service has.
    pub fn of(&self, uid: &ServiceUid) -> &[IpAddr] {
        self.held.get(uid).map_or(&[], Vec::as_slice)
    }

    /// Notes what a Service is called, if it has something here.
    pub fn introduce(&mut self, service: &ServiceRef) {
        if self.held.contains_key(&service.uid) && !self.names.contains_key(&service.uid) {
            self.names.insert(service.uid.clone(), service.to_string());
        }
    }

    /// Takes `ip` for a Service; no harm if it has it already.
    ///
    /// # Errors
    /// If another Service has it, or it is not of this pool.
    pub fn take(&mut self, uid: &ServiceUid, ip: IpAddr) -> Result<(), Refusal> {
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
    pub fn reserve(
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
    pub fn release(&mut self, uid: &ServiceUid, addresses: &[IpAddr]) {
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
                provider: self.provider,
                family: slot.family,
                count: self.ranges.count(slot.family),
                ranges: self.ranges.to_string(),
            });
        };
        self.take(uid, ip).map(|()| ip)
    }
}
