//! Google's rates and quotas, as data.
//!
//! The rates are those of a project, shared with everybody in it. Source: "Compute Engine rate quotas
//! and system limits". Quotas are per minute, and each region has its own of writes
//! (`QueriesPerMinutePerRegion`), of reads (`ReadRequestsPerMinutePerRegion`) and of lists
//! (`ListRequestsPerMinutePerRegion`); what is global, as firewall rules, has others. Today's page
//! leaves the numbers to the console. An earlier edition has 1,500 a minute for global writes and
//! reads; that regions have as many, and lists too, is assumed.
//!
//! A bucket gives no more than the quota in any minute: the burst and sixty times the refill.

use std::time::Duration;

use seaway_core::Lane;

/// Whatever reads one thing.
pub(crate) const READ: Lane = Lane("read");
/// Whatever lists things.
pub(crate) const LIST: Lane = Lane("list");
/// Whatever writes. Each write is also waited for, and `regionOperations.wait` counts as a heavy-weight
/// read (`HeavyWeightReadRequestsPerMinutePerRegion`). That there are half as many of those is assumed: so
/// there are no more writes than that, and the waiting needs no lane of its own.
pub(crate) const WRITE: Lane = Lane("write");

/// Burst, and refill per second, of each lane.
pub(crate) const RATES: [(Lane, u32, f64); 3] =
    [(READ, 300, 20.0), (LIST, 300, 20.0), (WRITE, 150, 10.0)];

/// Ports of a forwarding rule that names them one by one.
pub(crate) const PORTS_PER_RULE: usize = 5;
/// Forwarding rules that share an internal address.
pub(crate) const RULES_PER_INTERNAL_ADDRESS: usize = 10;
/// Instances of an unmanaged instance group.
pub(crate) const INSTANCES_PER_GROUP: usize = 1_000;
/// Instances in one call that puts them into a group or takes them out. The API names no limit but
/// that of the group.
pub(crate) const INSTANCES_PER_CALL: usize = 1_000;
/// Instances that an internal load balancer distributes connections to, if it has more.
pub(crate) const INTERNAL_NODES: usize = 250;

/// How long an instance that Google did not take is left alone.
pub(crate) const REJECTED: Duration = Duration::from_mins(1);

/// Where Google's health checkers come from, of internal and external load balancers. Source: "Health
/// checks overview", probe IP ranges and firewall rules.
pub(crate) const CHECKERS_V4: [&str; 4] =
    ["35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"];
/// The same of IPv6: of internal load balancers, and of external ones.
pub(crate) const CHECKERS_V6: [&str; 2] = ["2600:2d00:1:b029::/64", "2600:1901:8001::/48"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_than_the_quota() {
        for (lane, burst, per_second) in RATES {
            let quota = if lane == WRITE { 750.0 } else { 1_500.0 };
            assert!(f64::from(burst) + 60.0 * per_second <= quota, "{lane:?}");
        }
    }
}
