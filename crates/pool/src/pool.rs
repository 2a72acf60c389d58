use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Family, Moment, ServiceRef, ServiceUid};

use crate::kept::Kept;
use crate::stock::Stock;
use crate::{Holder, Pools, Ranges, Refusal, Slot, Wish, pools};

/// Who has which address of the pools. Giving one out, or taking it back, costs a look-up or two,
/// however many are taken.
#[derive(Debug)]
pub struct Pool {
    /// Whose pool it is.
    provider: &'static str,
    pools: Arc<Pools>,
    /// Several of one group may have one address.
    holders: BTreeMap<IpAddr, Vec<Holder>>,
    held: BTreeMap<Holder, Vec<IpAddr>>,
    /// What Services are called, for people.
    pub(crate) names: BTreeMap<Holder, String>,
    stocks: Vec<Stock>,
    keep: Duration,
    kept: Kept,
}

/// What a Service is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The name of the pool; none: the one without.
    pub pool: Option<String>,
    /// One for each family, the preferred one first.
    pub slots: Vec<Slot>,
}

impl Pool {
    /// The pools of this provider, of which nothing is taken.
    pub fn new(provider: &'static str, pools: impl Into<Pools>) -> Self {
        let pools: Pools = pools.into();
        let ranges = pools.iter().flat_map(|(_, ranges)| ranges.iter());
        let stocks = ranges.cloned().map(Stock::new).collect();
        Self {
            provider,
            pools: Arc::new(pools),
            holders: BTreeMap::new(),
            held: BTreeMap::new(),
            names: BTreeMap::new(),
            stocks,
            keep: Duration::ZERO,
            kept: Kept::default(),
        }
    }

    /// The same, which keeps what [`Pool::leave`] gives back for so long.
    #[must_use]
    pub fn keeping(mut self, span: Duration) -> Self {
        self.keep = span;
        self
    }

    /// Who has what.
    pub fn all(&self) -> &BTreeMap<Holder, Vec<IpAddr>> {
        &self.held
    }

    /// What one has.
    pub fn of(&self, holder: &Holder) -> &[IpAddr] {
        self.held.get(holder).map_or(&[], Vec::as_slice)
    }

    /// What the Services of a group have.
    pub fn of_group(&self, group: &str) -> impl Iterator<Item = (&ServiceUid, &[IpAddr])> {
        let first = Holder { group: Some(group.into()), uid: "".into() };
        let group = first.group.clone();
        let all = self.held.range(first..);
        all.take_while(move |(holder, _)| holder.group == group)
            .map(|(holder, addresses)| (&holder.uid, addresses.as_slice()))
    }

    /// Notes what a Service is called, if it has something here.
    pub fn introduce(&mut self, holder: &Holder, service: &ServiceRef) {
        if self.held.contains_key(holder) && !self.names.contains_key(holder) {
            self.names.insert(holder.clone(), service.to_string());
        }
    }

    /// Takes `ip` for a Service; no harm if it has it already.
    ///
    /// # Errors
    /// If another Service has it, which is not of the same group, or it is not of these pools.
    pub fn take(&mut self, holder: &Holder, ip: IpAddr) -> Result<(), Refusal> {
        let Some(stock) = self.stocks.iter_mut().find(|stock| stock.contains(ip)) else {
            let ranges: Vec<_> = self.pools.iter().map(|(_, it)| it.to_string()).collect();
            return Err(Refusal::Foreign { ip, ranges: ranges.join(", ") });
        };
        let holders = self.holders.entry(ip).or_default();
        if let Some(other) = holders.iter().find(|other| !other.shares(holder)) {
            let name = self.names.get(other).cloned();
            let holder = name.unwrap_or_else(|| format!("with the uid {other}"));
            return Err(Refusal::Taken { ip, holder });
        }
        if holders.contains(holder) {
            return Ok(());
        }
        stock.taken(ip);
        self.kept.take(ip);
        holders.push(holder.clone());
        self.held.entry(holder.clone()).or_default().push(ip);
        Ok(())
    }

    /// Gives a Service an address for each slot, and returns them in that order, and then those that
    /// it has besides. What it has already and fits is kept.
    ///
    /// # Errors
    /// If one can't be had; then nothing is taken.
    pub fn reserve(
        &mut self,
        holder: &Holder,
        service: &ServiceRef,
        order: &Order,
        now: Moment,
    ) -> Result<Vec<IpAddr>, Refusal> {
        self.expire(now);
        let before = self.of(holder).to_vec();
        let name = name(holder, &service.to_string());
        let mut got = Vec::with_capacity(order.slots.len());
        for slot in &order.slots {
            match self.fill(holder, &name, order.pool.as_deref(), slot) {
                Ok(ip) => got.push(ip),
                Err(refusal) => {
                    let taken: Vec<_> = got.into_iter().filter(|ip| !before.contains(ip)).collect();
                    self.release(holder, &taken);
                    return Err(refusal);
                }
            }
        }
        let others: Vec<_> = before.into_iter().filter(|ip| !got.contains(ip)).collect();
        got.extend(others);
        if !got.is_empty() {
            self.held.insert(holder.clone(), got.clone());
            self.introduce(holder, service);
        }
        Ok(got)
    }

    /// Takes addresses back from a Service. Those of others stay.
    pub fn release(&mut self, holder: &Holder, addresses: &[IpAddr]) {
        self.give_back(holder, addresses, None);
    }

    /// Takes addresses back from a Service that goes: they are kept for a while, in case that it comes
    /// back under its name.
    pub fn leave(&mut self, holder: &Holder, addresses: &[IpAddr], now: Moment) {
        self.expire(now);
        let end = (!self.keep.is_zero()).then(|| now + self.keep);
        self.give_back(holder, addresses, end);
    }

    fn give_back(&mut self, holder: &Holder, addresses: &[IpAddr], keep_until: Option<Moment>) {
        let name = self.names.get(holder).map(|service| name(holder, service));
        for ip in addresses {
            let Some(holders) = self.holders.get_mut(ip) else { continue };
            let Some(at) = holders.iter().position(|other| other == holder) else { continue };
            holders.remove(at);
            if holders.is_empty() {
                self.holders.remove(ip);
                match (&name, keep_until) {
                    (Some(name), Some(end)) => self.kept.put(*ip, name.clone(), end),
                    _ => self.restock(*ip),
                }
            }
            if let Some(held) = self.held.get_mut(holder) {
                held.retain(|other| other != ip);
                if held.is_empty() {
                    self.held.remove(holder);
                    self.names.remove(holder);
                }
            }
        }
    }

    fn expire(&mut self, now: Moment) {
        for ip in self.kept.expire(now) {
            self.restock(ip);
        }
    }

    fn restock(&mut self, ip: IpAddr) {
        if let Some(stock) = self.stocks.iter_mut().find(|stock| stock.contains(ip)) {
            stock.returned(ip);
        }
    }

    fn fill(
        &mut self,
        holder: &Holder,
        name: &str,
        pool: Option<&str>,
        slot: &Slot,
    ) -> Result<IpAddr, Refusal> {
        match slot.wish {
            Some(Wish::Only(ip)) => return self.take(holder, ip).map(|()| ip),
            Some(Wish::Rather(ip)) if self.take(holder, ip).is_ok() => return Ok(ip),
            Some(Wish::Rather(_)) | None => {}
        }
        let family = slot.family;
        // It was there when the order was made, and pools do not change.
        let pools = Arc::clone(&self.pools);
        let ranges = pools.iter().find(|(other, _)| *other == pool).map(|(_, ranges)| ranges);
        let free = ranges.and_then(|ranges| {
            let fits = |ip: &IpAddr| Family::of(*ip) == family && ranges.contains(*ip);
            let own = self.of(holder).iter().copied().find(fits);
            own.or_else(|| self.of_mates(holder, fits))
                .or_else(|| self.kept.of(name, family, ranges))
                .or_else(|| self.free(family, ranges))
                .or_else(|| self.kept.oldest(family, ranges))
        });
        let Some(ip) = free else {
            return Err(Refusal::UsedUp {
                provider: self.provider,
                place: pools::place(pool),
                family,
                count: ranges.map_or(0, |ranges| ranges.count(family)),
                ranges: ranges.map(ToString::to_string).unwrap_or_default(),
            });
        };
        self.take(holder, ip).map(|()| ip)
    }

    fn of_mates(&self, holder: &Holder, fits: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
        let mut held = self.of_group(holder.group.as_ref()?).flat_map(|(_, held)| held);
        held.find(|ip| fits(ip)).copied()
    }

    fn free(&mut self, family: Family, ranges: &Ranges) -> Option<IpAddr> {
        let (holders, kept) = (&self.holders, &self.kept);
        let is_taken = |ip| holders.contains_key(&ip) || kept.contains(ip);
        let stocks = self.stocks.iter_mut();
        let mut fitting =
            stocks.filter(|stock| stock.family() == family && ranges.contains(stock.first()));
        fitting.find_map(|stock| stock.free(is_taken))
    }
}

/// Whom an address is kept for: the Service, or the group.
fn name(holder: &Holder, service: &str) -> String {
    match &holder.group {
        Some(group) => format!("the group {group}"),
        None => service.to_owned(),
    }
}
