use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use seaway_core::{ErrorKind, Family, ProviderError};

use crate::{POOL, Ranges};

/// The pools of a provider: one for the Services that name none, and others by name. No address is in
/// two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pools {
    plain: Ranges,
    named: BTreeMap<String, Ranges>,
}

impl From<Ranges> for Pools {
    fn from(plain: Ranges) -> Self {
        Self { plain, named: BTreeMap::new() }
    }
}

impl Pools {
    /// The pool without a name, and those with one.
    ///
    /// # Errors
    /// A text that names the pool, and what it can't have.
    pub fn new(plain: Ranges, named: BTreeMap<String, Ranges>) -> Result<Self, String> {
        let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"._-".contains(&one);
        if let Some(name) =
            named.keys().find(|name| !(1..=63).contains(&name.len()) || !name.bytes().all(is_plain))
        {
            return Err(format!(
                "pools: {name:?} is no name; use 1 to 63 letters, digits, dots, hyphens and \
                 underscores"
            ));
        }
        let pools = Self { plain, named };
        let mut before: Vec<(String, &Ranges)> = Vec::new();
        for (name, ranges) in pools.iter() {
            let place = place(name);
            if let Some((other, theirs)) = before.iter().find(|(_, it)| it.overlap(ranges)) {
                return Err(format!(
                    "{place}: {ranges} has addresses of {other}, which is {theirs}; an address is of \
                     one pool only"
                ));
            }
            before.push((place, ranges));
        }
        Ok(pools)
    }

    /// The pool of this name, or the one without.
    ///
    /// # Errors
    /// If there is none: with the names that there are.
    pub fn get(&self, name: Option<&str>) -> Result<&Ranges, ProviderError> {
        let Some(name) = name else { return Ok(&self.plain) };
        self.named.get(name).ok_or_else(|| {
            let names: Vec<_> = self.named.keys().map(String::as_str).collect();
            let there = match names[..] {
                [] => "the config names no pools; remove the annotation".to_owned(),
                _ => format!("use {}", names.join(", ")),
            };
            let message = format!("{name:?} is not the name of a pool; {there}");
            ProviderError::new(ErrorKind::InvalidSpec, POOL, message)
        })
    }

    /// Each with its name; first the one without.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &Ranges)> {
        let named = self.named.iter().map(|(name, ranges)| (Some(name.as_str()), ranges));
        std::iter::once((None, &self.plain)).chain(named)
    }

    /// The families that there are addresses of in any of them.
    pub fn families(&self) -> BTreeSet<Family> {
        self.iter().flat_map(|(_, ranges)| ranges.families()).collect()
    }

    /// The name of the pool that has this address, and its ranges.
    pub fn holding(&self, ip: IpAddr) -> Option<(Option<&str>, &Ranges)> {
        self.iter().find(|(_, ranges)| ranges.contains(ip))
    }
}

/// Where the config has the pool of this name.
pub(crate) fn place(name: Option<&str>) -> String {
    name.map_or_else(|| "pool".to_owned(), |name| format!("pools.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Ranges {
        Ranges::parse(&[text]).unwrap()
    }

    fn pools(named: &[(&str, &str)]) -> Result<Pools, String> {
        let named = named.iter().map(|(name, text)| ((*name).to_owned(), ranges(text)));
        Pools::new(ranges("192.0.2.0/28"), named.collect())
    }

    #[test]
    fn an_address_is_of_one_pool() {
        let found = pools(&[("front", "192.0.2.16/28"), ("six", "2001:db8::/124")]).unwrap();
        assert_eq!(found.families(), [Family::IPv4, Family::IPv6].into());
        let of = |ip: &str| found.holding(ip.parse().unwrap()).map(|(name, _)| name);
        assert_eq!(of("192.0.2.1"), Some(None));
        assert_eq!(of("192.0.2.17"), Some(Some("front")));
        assert_eq!(of("192.0.2.32"), None);
    }

    #[test]
    fn pools_that_overlap_are_refused_by_their_names() {
        let error = pools(&[("front", "192.0.2.8-192.0.2.20")]).unwrap_err();
        assert!(error.starts_with("pools.front: 192.0.2.8-192.0.2.20"), "{error}");
        assert!(error.contains("addresses of pool, which is 192.0.2.0/28"), "{error}");
        let error = pools(&[("a", "192.0.2.16/28"), ("b", "192.0.2.24/29")]).unwrap_err();
        assert!(error.starts_with("pools.b: ") && error.contains("of pools.a"), "{error}");
        assert!(pools(&[("a pool", "192.0.2.16/28")]).unwrap_err().contains("\"a pool\""));
    }

    #[test]
    fn a_pool_that_is_not_there_is_told_with_those_that_are() {
        let found = pools(&[("front", "192.0.2.16/28"), ("six", "2001:db8::/124")]).unwrap();
        assert_eq!(found.get(Some("six")).unwrap(), &ranges("2001:db8::/124"));
        assert_eq!(found.get(None).unwrap(), &ranges("192.0.2.0/28"));
        let error = found.get(Some("back")).unwrap_err().to_string();
        assert!(error.contains(POOL) && error.contains("\"back\""), "{error}");
        assert!(error.contains("use front, six"), "{error}");
        let error = pools(&[]).unwrap().get(Some("back")).unwrap_err().to_string();
        assert!(error.contains("the config names no pools"), "{error}");
    }
}
