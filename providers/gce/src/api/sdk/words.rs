use std::net::IpAddr;

use ipnet::IpNet;
use seaway_core::{Family, Protocol};

use crate::api::{Scheme, Tier};

/// The user agent of our requests.
const AGENT: &str = concat!("seaway/", env!("CARGO_PKG_VERSION"));

/// A request that says whose it is.
pub(super) fn ours<B: google_cloud_gax::options::RequestOptionsBuilder>(request: B) -> B {
    request.with_user_agent(AGENT)
}

pub(super) const fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::External => "EXTERNAL",
        Scheme::Internal => "INTERNAL",
    }
}

pub(super) fn scheme_of(word: Option<&str>) -> Option<Scheme> {
    [Scheme::External, Scheme::Internal].into_iter().find(|&it| word == Some(scheme(it)))
}

pub(super) const fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Premium => "PREMIUM",
        Tier::Standard => "STANDARD",
    }
}

/// The tier of something external: what is internal has none, whatever Google answers.
pub(super) fn tier_of(scheme: Scheme, word: Option<&str>) -> Option<Tier> {
    match scheme {
        Scheme::External => {
            [Tier::Premium, Tier::Standard].into_iter().find(|&it| word == Some(tier(it)))
        }
        Scheme::Internal => None,
    }
}

pub(super) const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// A protocol, in capitals or not: firewall rules have it in small letters.
pub(super) fn protocol_of(word: Option<&str>) -> Option<Protocol> {
    let word = word?;
    [Protocol::Tcp, Protocol::Udp, Protocol::Sctp]
        .into_iter()
        .find(|&it| word.eq_ignore_ascii_case(protocol(it)))
}

/// The family, by the version that Google names or by the address. An IPv4 thing often has neither.
pub(super) fn family(version: Option<&str>, ip: Option<IpAddr>) -> Family {
    match (version, ip) {
        (Some("IPV6"), _) | (_, Some(IpAddr::V6(_))) => Family::IPv6,
        _ => Family::IPv4,
    }
}

/// An address; those of IPv6 come with the length of their prefix.
pub(super) fn ip(text: &str) -> Option<IpAddr> {
    let (ip, _) = text.split_once('/').unwrap_or((text, ""));
    ip.parse().ok()
}

/// A range; a single address may come without the length of its prefix.
pub(super) fn net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A number that Google's library has as an `i32`.
pub(super) fn number<T: TryFrom<i32>>(number: Option<i32>, default: i32) -> Option<T> {
    T::try_from(number.unwrap_or(default)).ok()
}

/// The same, the other way; nothing that we set is so large.
pub(super) fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
