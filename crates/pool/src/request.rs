use std::net::IpAddr;

use seaway_core::{ErrorKind, Family, LbSpec, ProviderError, SettingKey};

use crate::{Pools, Refusal};

/// The annotation that asks for addresses, one for each family.
pub const ADDRESSES: &str = "seaway.dev/load-balancer-ips";
/// The annotation that names the pool.
pub const POOL: &str = "seaway.dev/address-pool";
/// The field that asks for one address.
const FIELD: &str = "spec.loadBalancerIP";

/// What a Service asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The name of the pool; none: the one without.
    pub pool: Option<String>,
    /// Addresses, one of each family at most.
    pub addresses: Vec<IpAddr>,
    /// Where the addresses stand, for messages.
    pub key: &'static str,
}

impl Request {
    /// Reads what `spec` asks for.
    ///
    /// # Errors
    /// That name the key, the value and what is allowed.
    pub fn of(spec: &LbSpec) -> Result<Self, ProviderError> {
        let pool = spec.settings.get(POOL).map(|name| name.trim().to_owned());
        let field: Vec<_> = spec.requested_address.into_iter().collect();
        for ip in &field {
            plain(*ip, FIELD)?;
        }
        let Some(text) = spec.settings.get(ADDRESSES) else {
            return Ok(Self { pool, addresses: field, key: FIELD });
        };
        let wrong = |why: &str| {
            let message = format!("{text:?} {why}");
            Err(ProviderError::new(ErrorKind::InvalidSpec, ADDRESSES, message))
        };
        let mut addresses: Vec<IpAddr> = Vec::new();
        for one in text.split(',') {
            let Ok(ip) = one.trim().parse::<IpAddr>() else {
                return wrong("is not allowed; use one address, or one of each family: a,b");
            };
            plain(ip, ADDRESSES)?;
            if addresses.iter().any(|other| Family::of(*other) == Family::of(ip)) {
                let why = format!("has two {} addresses; use one of each family", Family::of(ip));
                return wrong(&why);
            }
            addresses.push(ip);
        }
        if let Some(ip) = spec.requested_address.filter(|ip| !addresses.contains(ip)) {
            return wrong(&format!(
                "does not have {ip}, for which {FIELD} asks; remove one of the two"
            ));
        }
        Ok(Self { pool, addresses, key: ADDRESSES })
    }

    /// Checks that the pool is there, and that it may give these addresses to `spec`.
    ///
    /// # Errors
    /// That name the key, the value and what is allowed.
    pub fn check(&self, spec: &LbSpec, pools: &Pools) -> Result<(), ProviderError> {
        let ranges = pools.get(self.pool.as_deref())?;
        let families = ranges.families();
        if !spec.families.iter().any(|family| families.contains(family)) {
            let which = match &self.pool {
                Some(name) => format!("{name:?}"),
                None => "the pool without a name".to_owned(),
            };
            let message = format!(
                "{which} has {} addresses only, and spec.ipFamilies {} only; name a pool that has such",
                words(families),
                words(spec.families.iter().copied())
            );
            return Err(ProviderError::new(ErrorKind::InvalidSpec, POOL, message));
        }
        for ip in self.addresses.iter().copied() {
            let wrong = |message| ProviderError::new(ErrorKind::InvalidSpec, self.key, message);
            match pools.holding(ip) {
                _ if ranges.contains(ip) => {}
                Some((Some(name), _)) => {
                    return Err(wrong(format!(
                        "{ip} is in the pool {name}; ask for it with {POOL}: {name}, or ask for \
                         another address, or for none"
                    )));
                }
                Some((None, _)) => {
                    return Err(wrong(format!(
                        "{ip} is not in the pool that {POOL} names, but in the one without a name; \
                         remove that annotation, or ask for another address, or for none"
                    )));
                }
                None => {
                    let refusal = Refusal::Foreign { ip, ranges: ranges.to_string() };
                    return Err(wrong(refusal.to_string()));
                }
            }
            if !spec.families.contains(&Family::of(ip)) {
                return Err(wrong(format!(
                    "{ip} is an {} address, and spec.ipFamilies has {} only; ask for an address of \
                     such a family, or for none",
                    Family::of(ip),
                    words(spec.families.iter().copied())
                )));
            }
        }
        Ok(())
    }

    /// The address of a family that it asks for.
    pub fn of_family(&self, family: Family) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|ip| Family::of(*ip) == family)
    }

    /// The declaration of [`ADDRESSES`].
    pub fn addresses_declared() -> SettingKey {
        let doc = "192.0.2.7 or 192.0.2.7,2001:db8::7: addresses of the pool, one for each family";
        SettingKey { key: ADDRESSES.to_owned(), doc: doc.to_owned() }
    }

    /// The declaration of [`POOL`].
    pub fn pool_declared() -> SettingKey {
        let doc = "the name of a pool of the config: where its addresses come from";
        SettingKey { key: POOL.to_owned(), doc: doc.to_owned() }
    }
}

/// Refuses an IPv4 address that is written as one of IPv6: nothing can listen there.
fn plain(ip: IpAddr, key: &'static str) -> Result<(), ProviderError> {
    let canonical = ip.to_canonical();
    if canonical == ip {
        return Ok(());
    }
    let message = format!("{ip} is the IPv4 address {canonical}; write it so");
    Err(ProviderError::new(ErrorKind::InvalidSpec, key, message))
}

fn words(families: impl IntoIterator<Item = Family>) -> String {
    let words: Vec<_> = families.into_iter().map(|family| family.to_string()).collect();
    words.join(" and ")
}
