use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Which clients a balancer serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sources {
    /// Every client.
    #[default]
    Anyone,
    /// Clients in one of these ranges; an empty list lets nobody in.
    Only(Vec<IpNet>),
}

/// Sources in the form in which they are asked: sorted and free of overlaps.
#[derive(Debug)]
pub(super) enum Admission {
    Anyone,
    Only(Vec<IpNet>),
}

impl Admission {
    pub(super) fn new(sources: &Sources) -> Self {
        match sources {
            Sources::Anyone => Self::Anyone,
            Sources::Only(ranges) => {
                let mut ranges = IpNet::aggregate(ranges);
                ranges.sort_by_key(IpNet::network);
                Self::Only(ranges)
            }
        }
    }

    pub(super) fn admits(&self, client: IpAddr) -> bool {
        match self {
            Self::Anyone => true,
            Self::Only(ranges) => {
                let after = ranges.partition_point(|range| range.network() <= client);
                after.checked_sub(1).is_some_and(|at| ranges[at].contains(&client))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ranges: &[&str], client: &str, admitted: bool) {
        let ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
        let admission = Admission::new(&Sources::Only(ranges));
        assert_eq!(admission.admits(client.parse().unwrap()), admitted, "{client}");
    }

    #[test]
    fn a_client_is_admitted_by_any_range_that_holds_it() {
        let ranges =
            ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32", "198.51.100.9/24", "2001:db8::/32"];
        check(&ranges, "10.255.0.1", true);
        check(&ranges, "10.1.2.3", true);
        check(&ranges, "11.0.0.0", false);
        check(&ranges, "9.255.255.255", false);
        check(&ranges, "192.0.2.7", true);
        check(&ranges, "192.0.2.8", false);
        check(&ranges, "198.51.100.200", true);
        check(&ranges, "2001:db8::1", true);
        check(&ranges, "2001:db9::1", false);
        check(&["0.0.0.0/0"], "203.0.113.1", true);
        check(&["0.0.0.0/0"], "2001:db8::1", false);
    }

    #[test]
    fn an_empty_list_admits_nobody() {
        check(&[], "127.0.0.1", false);
        assert!(Admission::new(&Sources::Anyone).admits("127.0.0.1".parse().unwrap()));
    }
}
