use std::collections::BTreeMap;

use seaway_core::{MeasureKind, ServiceUid};

/// What was told last: of each Service, and of each of its targets. Who is no more is not in it.
pub(crate) type Floors = BTreeMap<ServiceUid, (Floor, BTreeMap<Box<str>, Floor>)>;

/// Keeps the counters of one subject from going down.
///
/// A target's counters are the sums over its load balancer's ports, and those of a Service that moves
/// are the sums over two load balancers: with a port that is closed, or the old load balancer, a part
/// of them goes. A counter that is less than it was would be taken for one that began anew, and what
/// is left of it counted a second time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Floor {
    told: Box<[u64]>,
    /// What has gone, and is to be added from now on; empty as long as nothing has.
    gone: Box<[u64]>,
}

impl Floor {
    /// The values to tell: gauges as they are, and no counter less than before.
    pub(super) fn raise(&mut self, values: impl Iterator<Item = (MeasureKind, u64)>) -> Vec<u64> {
        let mut raised = Vec::new();
        let mut gone = std::mem::take(&mut self.gone).into_vec();
        for (at, (kind, value)) in values.enumerate() {
            if kind == MeasureKind::Gauge {
                raised.push(value);
                continue;
            }
            let value = value + gone.get(at).copied().unwrap_or_default();
            let told = self.told.get(at).copied().unwrap_or_default();
            if value < told {
                if gone.len() <= at {
                    gone.resize(at + 1, 0);
                }
                gone[at] += told - value;
            }
            raised.push(value.max(told));
        }
        self.gone = gone.into_boxed_slice();
        self.told = raised.as_slice().into();
        raised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_never_goes_down_and_counts_on_from_where_it_was() {
        let mut floor = Floor::default();
        let mut told = |counter| {
            let values = [(MeasureKind::Gauge, counter), (MeasureKind::Counter, counter)];
            floor.raise(values.into_iter())
        };
        assert_eq!(told(150), [150, 150]);
        assert_eq!(told(50), [50, 150], "a port that had counted 100 was closed");
        assert_eq!(told(60), [60, 160]);
        assert_eq!(told(0), [0, 160]);
        assert_eq!(told(5), [5, 165]);
    }
}
