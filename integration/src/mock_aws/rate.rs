//! How many calls AWS takes: a bucket for each class of calls, per account and region.
//!
//! `ELBv2`: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/throttling.html>,
//! with the figures of March 2026. EC2:
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::answer::Refusal;
use super::{Call, Service};

/// The calls that share a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Describe,
    Targets,
    Modify,
    Ec2Read,
    Ec2Write,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// All buckets of one account and region.
#[derive(Debug)]
pub(super) struct Rates {
    times: f64,
    buckets: BTreeMap<Class, Bucket>,
}

impl Class {
    /// None for what has no bucket here.
    fn of(call: &Call) -> Option<Self> {
        match (call.service, call.action.as_str()) {
            (Service::Elbv2, "RegisterTargets" | "DeregisterTargets") => Some(Self::Targets),
            (Service::Elbv2, _) if call.writes() => Some(Self::Modify),
            (Service::Elbv2, _) => Some(Self::Describe),
            (Service::Ec2, _) if call.writes() => Some(Self::Ec2Write),
            (Service::Ec2, _) => Some(Self::Ec2Read),
            (Service::Tagging | Service::Sts, _) => None,
        }
    }

    /// How many at once, and how many each second.
    fn limits(self) -> (f64, f64) {
        match self {
            Self::Describe => (200.0, 50.0),
            Self::Targets => (20.0, 4.0),
            Self::Modify => (20.0, 3.0),
            Self::Ec2Read => (100.0, 20.0),
            Self::Ec2Write => (50.0, 5.0),
        }
    }
}

impl Rates {
    /// Full buckets, with all figures multiplied.
    pub(super) fn new(times: f64) -> Self {
        Self { times, buckets: BTreeMap::new() }
    }

    /// Takes a token, or says what AWS says when there is none.
    pub(super) fn take(&mut self, call: &Call, now: Instant) -> Result<(), Refusal> {
        let Some(class) = Class::of(call) else { return Ok(()) };
        let (burst, refill) = class.limits();
        let burst = burst * self.times;
        let bucket = self.buckets.entry(class).or_insert(Bucket { tokens: burst, filled: now });
        let passed = now.duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = burst.min(bucket.tokens + passed * refill * self.times);
        bucket.filled = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(match call.service {
            Service::Ec2 => {
                let message = "Request limit exceeded.";
                Refusal { status: 503, ..Refusal::new("RequestLimitExceeded", message) }
            }
            Service::Elbv2 | Service::Sts | Service::Tagging => {
                Refusal::new("Throttling", "Rate exceeded")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn taken(rates: &mut Rates, call: &Call, now: Instant) -> usize {
        (0..1000).take_while(|_| rates.take(call, now).is_ok()).count()
    }

    #[test]
    fn each_class_has_its_burst_and_its_refill() {
        let cases = [
            (Service::Elbv2, "DescribeTags", 200, 50),
            (Service::Elbv2, "RegisterTargets", 20, 4),
            (Service::Elbv2, "CreateListener", 20, 3),
            (Service::Ec2, "DescribeSubnets", 100, 20),
            (Service::Ec2, "CreateSecurityGroup", 50, 5),
        ];
        let mut rates = Rates::new(1.0);
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        for (service, action, burst, refill) in cases {
            let call = Call::new(service, action, super::super::Params::new());
            assert_eq!(taken(&mut rates, &call, now), burst, "{action}");
            assert_eq!(taken(&mut rates, &call, later), refill, "{action}");
        }
    }

    #[test]
    fn registering_and_deregistering_share_a_bucket() {
        let mut rates = Rates::new(1.0);
        let now = Instant::now();
        let call = |action| Call::new(Service::Elbv2, action, super::super::Params::new());
        assert_eq!(taken(&mut rates, &call("RegisterTargets"), now), 20);
        assert_eq!(taken(&mut rates, &call("DeregisterTargets"), now), 0);
    }
}
