//! Where free addresses come from.
//!
//! They go round: what is given back is not given again at once, so that whoever lets an address go sees
//! that it is lost.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::holder::{Realm, taken};
use super::{Verdict, field};
use crate::refusal::Refusal;
use crate::state::{Link, State};

/// Of documentation and, when they are full, of benchmarks: nobody's.
const PREMIUM: [&str; 2] = ["203.0.113.0/24", "198.18.0.0/16"];
const STANDARD: [&str; 2] = ["198.51.100.0/24", "198.19.0.0/16"];

/// Which addresses are asked for.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// External IPv4 of a tier.
    External { standard: bool },
    /// Of a subnetwork, of one of its families.
    Subnet { subnet: Link, v6: bool, external: bool },
}

impl Pool {
    /// The addresses of a subnetwork, if it has such.
    pub(super) fn of_subnet(
        state: &State,
        subnet: &Link,
        v6: bool,
        external: bool,
    ) -> Verdict<Self> {
        let thing = state.get(subnet).ok_or_else(|| Refusal::not_found(subnet))?;
        let access = if external { "EXTERNAL" } else { "INTERNAL" };
        if v6 && field::text(thing, "ipv6AccessType") != access {
            let why = format!("The subnetwork does not have IPv6 access type {access}.");
            return Err(Refusal::invalid("resource.subnetwork", &subnet.to_string(), &why));
        }
        Ok(Self::Subnet { subnet: subnet.clone(), v6, external })
    }

    /// A free address, from now on no longer given for a while.
    pub(super) fn give(&self, state: &mut State) -> Verdict<IpAddr> {
        let turn = state.id();
        let ranges = self.ranges(state);
        let taken = taken(state, &self.realm(state));
        let found = ranges.iter().find_map(|range| free(*range, turn, |ip| taken.contains(&ip)));
        found.ok_or_else(|| {
            let names: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            let message = format!("IP space of '{}' is exhausted.", names.join(", "));
            Refusal::new(400, "ipSpaceExhausted", "IP_SPACE_EXHAUSTED", message)
        })
    }

    /// Whether an address may be of it.
    pub(super) fn has(&self, state: &State, ip: IpAddr) -> bool {
        self.ranges(state).iter().any(|range| range.contains(&ip))
    }

    fn realm(&self, state: &State) -> Realm {
        match self {
            Self::External { .. } | Self::Subnet { external: true, .. } => Realm::External,
            Self::Subnet { subnet, .. } => {
                let network = state.get(subnet).map(|own| field::text(own, "network"));
                Realm::Internal(network.unwrap_or_default().to_owned())
            }
        }
    }

    fn ranges(&self, state: &State) -> Vec<IpNet> {
        let said: Vec<&str> = match self {
            Self::External { standard: false } => PREMIUM.to_vec(),
            Self::External { standard: true } => STANDARD.to_vec(),
            Self::Subnet { subnet, v6, external } => {
                let name = match (v6, external) {
                    (false, _) => "ipCidrRange",
                    (true, true) => "externalIpv6Prefix",
                    (true, false) => "internalIpv6Prefix",
                };
                state.get(subnet).map(|own| field::text(own, name)).into_iter().collect()
            }
        };
        said.iter().filter_map(|range| range.parse().ok()).collect()
    }
}

fn free(range: IpNet, turn: u64, is_taken: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    match range {
        IpNet::V4(range) => {
            // Google keeps the first two and the last two of a subnetwork to itself.
            let room = (1_u64 << (32 - range.prefix_len())).saturating_sub(4);
            around(room, turn, |nth| IpAddr::V4(nth_v4(range, nth)), is_taken)
        }
        IpNet::V6(range) => {
            let room = (1_u64 << 96_u8.saturating_sub(range.prefix_len()).min(32)) - 1;
            around(room, turn, |nth| IpAddr::V6(nth_v6(range, nth)), is_taken)
        }
    }
}

/// At most as many are looked at as could be taken, and a few thousand in any case.
fn around(
    room: u64,
    turn: u64,
    nth: impl Fn(u64) -> IpAddr,
    is_taken: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let ips = (0..room.min(70_000)).map(|step| nth((turn + step) % room));
    ips.into_iter().find(|ip| !is_taken(*ip))
}

fn nth_v4(range: Ipv4Net, nth: u64) -> Ipv4Addr {
    let offset = u32::try_from(nth + 2).unwrap_or_default();
    Ipv4Addr::from_bits(range.network().to_bits().wrapping_add(offset))
}

/// The range of a load balancer is a `/96`, and not the first: machines have that.
fn nth_v6(range: Ipv6Net, nth: u64) -> Ipv6Addr {
    Ipv6Addr::from_bits(range.network().to_bits() | (u128::from(nth + 1) << 32))
}

#[cfg(test)]
mod tests {
    use super::free;

    #[test]
    fn what_is_given_back_is_not_given_again_at_once() {
        let range = "203.0.113.0/24".parse().unwrap();
        let first = free(range, 7, |_| false);
        let second = free(range, 8, |_| false);
        assert_ne!(first, second);
    }

    #[test]
    fn a_range_is_given_to_its_end_and_no_further() {
        let range = "10.0.0.0/29".parse().unwrap();
        let last = free(range, 3, |ip| ip.to_string() != "10.0.0.5");
        assert_eq!(last.map(|ip| ip.to_string()).as_deref(), Some("10.0.0.5"));
        assert_eq!(free(range, 3, |_| true), None);
        // What Google keeps to itself is never given, however free it is.
        let own = ["10.0.0.0", "10.0.0.1", "10.0.0.6", "10.0.0.7"];
        assert_eq!(free(range, 3, |ip| !own.contains(&ip.to_string().as_str())), None);
    }

    #[test]
    fn a_range_of_ipv6_is_a_96() {
        let range = "2600:1900:4000:1::/64".parse().unwrap();
        let ip = free(range, 0, |_| false).unwrap();
        assert_eq!(ip.to_string(), "2600:1900:4000:1:0:1::");
    }
}
