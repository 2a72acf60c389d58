//! AWS's rates and quotas, as data.
//!
//! The rates are those of an account and region, shared with everybody in it: burst, and refill per
//! second. Source: "Request throttling for the Elastic Load Balancing API" (bucket capacity and refill
//! rate), and "Request throttling for the Amazon EC2 API". That creating and deleting draw on the
//! bucket of modifying is assumed: the page does not say.

use std::time::Duration;

use seaway_core::Lane;

/// Whatever reads load balancers.
pub(crate) const DESCRIBE: Lane = Lane("describe");
/// `RegisterTargets`, `DeregisterTargets`.
pub(crate) const REGISTER: Lane = Lane("register");
/// Whatever else writes load balancers.
pub(crate) const CREATE: Lane = Lane("create");
/// Whatever reads EC2.
pub(crate) const EC2_DESCRIBE: Lane = Lane("ec2-describe");
/// Whatever writes EC2.
pub(crate) const EC2: Lane = Lane("ec2");
/// What writes nothing: it has no bucket.
pub(crate) const FREE: Lane = Lane("free");

/// Burst, and refill per second, of each lane.
pub(crate) const RATES: [(Lane, u32, f64); 5] = [
    (DESCRIBE, 200, 50.0),
    (REGISTER, 20, 4.0),
    (CREATE, 20, 3.0),
    (EC2_DESCRIBE, 100, 20.0),
    (EC2, 50, 5.0),
];

/// Targets in one call. The API names no limit; this many are known to work.
pub(crate) const TARGETS_PER_CALL: usize = 200;
/// Resources in one call that describes tags or load balancers by ARN.
pub(crate) const ARNS_PER_CALL: usize = 20;
/// Listeners of a load balancer. It can't be raised.
pub(crate) const LISTENERS: usize = 50;
/// Rules of a security group, in one direction.
pub(crate) const RULES: usize = 60;
/// Security groups of our own on a load balancer: AWS takes five, one is the backend's.
pub(crate) const OWN_GROUPS: usize = 4;
/// How long listings may show what was before.
pub(crate) const LAG: Duration = Duration::from_secs(10);
/// How long an instance that was not running is left alone.
pub(crate) const REJECTED: Duration = Duration::from_mins(1);
/// How long a target group that was full is left alone.
pub(crate) const FULL: Duration = Duration::from_mins(5);
/// How long the load balancer that was replaced stays after the status shows the new one: the TTL of
/// its name is a minute.
pub(crate) const GRACE: Duration = Duration::from_mins(2);
/// At most this share of a target group's targets is taken out at once, in percent …
pub(crate) const BRAKE_PERCENT: usize = 50;
/// … but this many always may be …
pub(crate) const BRAKE_FREE: usize = 10;
/// … and then again after this.
pub(crate) const BRAKE: Duration = Duration::from_mins(1);
