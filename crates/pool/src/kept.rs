use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use seaway_core::{Family, Moment};

use crate::Ranges;

/// Addresses that were given back a moment ago, and for whom they are kept. All that is asked costs
/// a look-up, however many there are.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    all: BTreeMap<IpAddr, (String, Moment)>,
    by_name: BTreeSet<(String, IpAddr)>,
    by_end: BTreeSet<(Moment, IpAddr)>,
}

impl Kept {
    /// Keeps `ip` for the Service or the group of this name.
    pub(crate) fn put(&mut self, ip: IpAddr, name: String, end: Moment) {
        self.take(ip);
        self.by_name.insert((name.clone(), ip));
        self.by_end.insert((end, ip));
        self.all.insert(ip, (name, end));
    }

    /// Forgets `ip`; whether it was kept.
    pub(crate) fn take(&mut self, ip: IpAddr) -> bool {
        let Some((name, end)) = self.all.remove(&ip) else { return false };
        self.by_name.remove(&(name, ip));
        self.by_end.remove(&(end, ip));
        true
    }

    /// Forgets, and returns, what was kept long enough.
    pub(crate) fn expire(&mut self, now: Moment) -> Vec<IpAddr> {
        let over = self.by_end.iter().take_while(|(end, _)| *end <= now);
        let over: Vec<_> = over.map(|(_, ip)| *ip).collect();
        for ip in &over {
            self.take(*ip);
        }
        over
    }

    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        self.all.contains_key(&ip)
    }

    /// What is kept of `ranges` for this name.
    pub(crate) fn of(&self, name: &str, family: Family, ranges: &Ranges) -> Option<IpAddr> {
        let first = match family {
            Family::IPv4 => IpAddr::from([0_u8; 4]),
            Family::IPv6 => IpAddr::from([0_u8; 16]),
        };
        self.by_name
            .range((name.to_owned(), first)..)
            .take_while(|(other, ip)| other == name && Family::of(*ip) == family)
            .map(|(_, ip)| *ip)
            .find(|ip| ranges.contains(*ip))
    }

    /// What of `ranges` has been kept for the longest, for whomever.
    pub(crate) fn oldest(&self, family: Family, ranges: &Ranges) -> Option<IpAddr> {
        let all = self.by_end.iter().map(|(_, ip)| *ip);
        let mut fitting = all.filter(|ip| Family::of(*ip) == family && ranges.contains(*ip));
        fitting.next()
    }
}
