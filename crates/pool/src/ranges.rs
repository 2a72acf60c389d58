use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use seaway_core::Family;
use serde::{Deserialize, Deserializer, de};

/// Ranges of addresses, as they stand in the config. None overlaps another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    ranges: Vec<RangeInclusive<IpAddr>>,
    /// As they were written.
    texts: Vec<String>,
}

impl Ranges {
    /// Reads ranges, prefixes and single addresses.
    ///
    /// # Errors
    /// A text that names the entry and says what is allowed.
    pub fn parse(entries: &[impl AsRef<str>]) -> Result<Self, String> {
        if entries.is_empty() {
            return Err("pool: it is empty; name one address at least".to_owned());
        }
        let mut ranges: Vec<RangeInclusive<IpAddr>> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for entry in entries {
            let text = entry.as_ref().trim();
            let range = read(text).ok_or_else(|| {
                format!(
                    "pool: {text:?} is no address, prefix or range; use one such as 198.18.0.200, \
                     198.18.0.0/24 or 198.18.0.200-198.18.0.203"
                )
            })?;
            if let Some(why) = unfit(text, &range) {
                return Err(format!("pool: {text:?} {why}"));
            }
            for (other, other_text) in ranges.iter().zip(&texts) {
                if other.start() <= range.end() && range.start() <= other.end() {
                    return Err(format!("pool: {text:?} and {other_text:?} overlap"));
                }
            }
            ranges.push(range);
            texts.push(text.to_owned());
        }
        Ok(Self { ranges, texts })
    }

    /// The families that there are addresses of.
    pub fn families(&self) -> BTreeSet<Family> {
        self.ranges.iter().map(|range| Family::of(*range.start())).collect()
    }

    /// Whether `ip` is one of them.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(&ip))
    }

    /// Whether an address is in both.
    pub fn overlap(&self, other: &Self) -> bool {
        self.ranges.iter().any(|range| {
            other.ranges.iter().any(|it| it.start() <= range.end() && range.start() <= it.end())
        })
    }

    /// How many addresses of a family there are; as many as fit if that is all of IPv6.
    pub fn count(&self, family: Family) -> u128 {
        let of_family = self.ranges.iter().filter(|range| Family::of(*range.start()) == family);
        of_family.fold(0_u128, |sum, range| {
            let size = number(*range.end()) - number(*range.start());
            sum.saturating_add(size.saturating_add(1))
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RangeInclusive<IpAddr>> {
        self.ranges.iter()
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts.join(", "))
    }
}

impl<'de> Deserialize<'de> for Ranges {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let texts: Vec<String> = Vec::deserialize(d)?;
        Self::parse(&texts).map_err(de::Error::custom)
    }
}

/// The address after `ip`.
pub(crate) fn next(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).checked_add(1).map(|n| Ipv4Addr::from(n).into()),
        IpAddr::V6(ip) => u128::from(ip).checked_add(1).map(|n| Ipv6Addr::from(n).into()),
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

fn read(text: &str) -> Option<RangeInclusive<IpAddr>> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last): (IpAddr, IpAddr) =
            (first.trim().parse().ok()?, last.trim().parse().ok()?);
        return (Family::of(first) == Family::of(last) && first <= last).then_some(first..=last);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip..=ip);
    }
    let prefix: IpNet = text.parse().ok()?;
    Some(prefix.network()..=prefix.broadcast())
}

/// What no load balancer can listen on, or what would listen on more than was meant.
fn unfit(text: &str, range: &RangeInclusive<IpAddr>) -> Option<String> {
    if let Ok(prefix) = text.parse::<IpNet>()
        && prefix.addr() != prefix.network()
    {
        return Some(format!(
            "is an address within a prefix; write {} for the prefix, or {} for the address",
            prefix.trunc(),
            prefix.addr()
        ));
    }
    let within = |first: IpAddr, last: IpAddr| *range.start() <= last && first <= *range.end();
    let unspecified: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    if unspecified.iter().any(|ip| range.contains(ip)) {
        return Some("includes the unspecified address, which stands for every address".to_owned());
    }
    // 224.0.0.0/4 is multicast, 240.0.0.0/4 reserved, its last address broadcast (RFC 5735).
    let multicast4 = within([224, 0, 0, 0].into(), Ipv4Addr::BROADCAST.into());
    let multicast6 = within([0xff00, 0, 0, 0, 0, 0, 0, 0].into(), [0xffff; 8].into());
    if multicast4 || multicast6 {
        return Some("includes multicast or reserved addresses, which can't listen".to_owned());
    }
    // `::ffff:0:0/96` stands for IPv4 (RFC 4291, 2.5.5.2); no client can be told such an address.
    let mapped = |last: u16| IpAddr::from([0, 0, 0, 0, 0, 0xffff, last, last]);
    if within(mapped(0), mapped(!0)) {
        let plain = match (range.start().to_canonical(), range.end().to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first == last => format!("; write {first}"),
            (IpAddr::V4(first), IpAddr::V4(last)) => format!("; write {first}-{last}"),
            _ => String::new(),
        };
        return Some(format!("includes IPv4-mapped addresses, on which nothing can listen{plain}"));
    }
    // It takes an interface besides (RFC 4007).
    within([0xfe80, 0, 0, 0, 0, 0, 0, 0].into(), [0xfebf, !0, !0, !0, !0, !0, !0, !0].into())
        .then(|| "includes link-local addresses, which no Service status can tell".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_prefixes_and_addresses_are_read() {
        let ranges =
            Ranges::parse(&["198.18.0.200-198.18.0.203", "2001:db8::/124", "192.0.2.7"]).unwrap();
        assert_eq!(ranges.count(Family::IPv4), 5);
        assert_eq!(ranges.count(Family::IPv6), 16);
        assert!(ranges.contains("2001:db8::f".parse().unwrap()));
        assert!(!ranges.contains("2001:db8::10".parse().unwrap()));
        assert!(!ranges.contains("198.18.0.204".parse().unwrap()));
        assert_eq!(ranges.families().len(), 2);
    }

    #[test]
    fn an_entry_that_can_not_be_is_named() {
        let refused = |entries: &[&str], part: &str| {
            let error = Ranges::parse(entries).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        refused(&["192.0.2.9-192.0.2.1"], "192.0.2.9-192.0.2.1");
        refused(&["192.0.2.1-2001:db8::1"], "192.0.2.1-2001:db8::1");
        refused(&["192.0.2.0/33"], "192.0.2.0/33");
        refused(&["example.com"], "example.com");
        refused(&["192.0.2.0/24", "192.0.2.7"], "overlap");
        refused(&[], "empty");
        refused(&["192.0.2.7/24"], "write 192.0.2.0/24 for the prefix, or 192.0.2.7 for");
        refused(&["0.0.0.0"], "unspecified");
        refused(&["::/120"], "unspecified");
        refused(&["192.0.2.1-239.0.0.1"], "multicast");
        refused(&["255.255.255.255"], "reserved");
        refused(&["ff02::1"], "multicast");
        refused(&["fe80::1"], "link-local");
        refused(&["::ffff:192.0.2.7"], "can listen; write 192.0.2.7");
        refused(&["::ffff:192.0.2.0/120"], "write 192.0.2.0-192.0.2.255");
        refused(&["::ffff:192.0.2.1-::ffff:192.0.2.3"], "write 192.0.2.1-192.0.2.3");
        refused(&["::1-::1:0:0:0"], "IPv4-mapped");
    }

    #[test]
    fn the_families_do_not_overlap() {
        let ranges = Ranges::parse(&["192.0.2.0/24", "::1"]).unwrap();
        assert_eq!(ranges.count(Family::IPv6), 1);
    }

    #[test]
    fn the_largest_prefix_is_counted_without_overflow() {
        let ranges = Ranges::parse(&["::1:0:0:0-fe7f:ffff::", "0.0.0.1-127.255.255.255"]).unwrap();
        assert_eq!(ranges.count(Family::IPv4), (1 << 31) - 1);
        assert!(ranges.count(Family::IPv6) > 1 << 127);
        assert_eq!(next("255.255.255.255".parse().unwrap()), None);
    }
}
