//! What the data plane has counted, as measures.

use std::collections::BTreeMap;

use seaway_core::{Health, Measure, Reading, ServiceUid, Subject};

use crate::dataplane::{BalancerState, Counts, DataPlane, PlaneState, TargetState};
use crate::observe;

mod floor;
mod table;
#[cfg(test)]
mod tests;

use self::floor::Floor;
pub(crate) use self::floor::Floors;
use self::table::{Metric, PLANE, SERVICE, TARGET, Zero};

/// What one Service has: at one load balancer, or at two while it moves.
#[derive(Debug, Default)]
struct Sum {
    counts: Counts,
    targets: BTreeMap<String, TargetState>,
    /// Whether anybody checks them.
    checked: bool,
}

/// What is there now. Balancers are asked one by one, so that the whole is never there twice. Floors
/// are held meanwhile: with those of a later reading, an earlier one would seem to have gone down.
pub(crate) fn measures(plane: &DataPlane, floors: &mut Floors) -> Vec<Measure> {
    let mut sums: BTreeMap<ServiceUid, Sum> = BTreeMap::new();
    for id in plane.all_applied().keys() {
        if let Some(state) = plane.state_of(id) {
            sums.entry(observe::holder(id).uid).or_default().add(state);
        }
    }
    written(&plane.plane_state(), sums, floors)
}

fn written(
    plane: &PlaneState,
    sums: BTreeMap<ServiceUid, Sum>,
    floors: &mut Floors,
) -> Vec<Measure> {
    let (mut of_all, mut of_services, mut of_targets) =
        (Page::new(PLANE), Page::new(SERVICE), Page::new(TARGET));
    of_all.write(&Subject::Provider, plane, &mut Floor::default());
    let mut before = std::mem::take(floors);
    for (uid, sum) in sums {
        let (mut floor, mut targets) = before.remove(&uid).unwrap_or_default();
        of_services.write(&Subject::Service(uid.clone()), &sum, &mut floor);
        let there = sum.targets.into_iter().map(|(node, target)| {
            let mut floor = targets.remove(node.as_str()).unwrap_or_default();
            let subject = Subject::Target(uid.clone(), node.as_str().into());
            of_targets.write(&subject, &target, &mut floor);
            (node.into_boxed_str(), floor)
        });
        let there = there.collect();
        floors.insert(uid, (floor, there));
    }
    of_all.turn().chain(of_services.turn()).chain(of_targets.turn()).collect()
}

impl Sum {
    fn add(&mut self, state: BalancerState) {
        self.counts = self.counts.plus(&state.counts);
        self.checked |= observe::is_checked(&state.applied);
        for (node, target) in state.targets {
            let Some(sum) = self.targets.get_mut(&node) else {
                self.targets.insert(node, target);
                continue;
            };
            sum.up &= target.up;
            sum.draining &= target.draining;
            sum.open += target.open;
            sum.served += target.served;
            sum.failed += target.failed;
            sum.counts = sum.counts.plus(&target.counts);
        }
    }

    fn targets(&self, health: Health) -> u64 {
        let targets = self.targets.values();
        targets.filter(|target| observe::health(target, self.checked) == health).count() as u64
    }
}

/// The measures of one kind of subject while they are written.
struct Page<T: 'static> {
    metrics: &'static [Metric<T>],
    readings: Vec<Vec<Reading>>,
}

impl<T> Page<T> {
    fn new(metrics: &'static [Metric<T>]) -> Self {
        Self { metrics, readings: metrics.iter().map(|_| Vec::new()).collect() }
    }

    fn write(&mut self, of: &Subject, state: &T, floor: &mut Floor) {
        let rows = self
            .metrics
            .iter()
            .flat_map(|metric| metric.rows.iter().map(move |(_, read)| (metric.kind, read(state))));
        let values = floor.raise(rows);
        let used = values.iter().any(|value| *value > 0);
        let mut values = values.into_iter();
        for (metric, readings) in self.metrics.iter().zip(&mut self.readings) {
            let zeros = match metric.zero {
                Zero::Shown => true,
                Zero::OnceUsed => used,
                Zero::Hidden => false,
            };
            let rows = metric.rows.iter().zip(&mut values);
            let shown = rows.filter(|(_, value)| *value > 0 || zeros);
            readings.extend(shown.map(|((labels, _), value)| Reading {
                of: of.clone(),
                labels,
                value,
            }));
        }
    }

    /// The page is full.
    fn turn(self) -> impl Iterator<Item = Measure> {
        self.metrics.iter().zip(self.readings).map(|(metric, readings)| Measure {
            name: metric.name,
            help: metric.help,
            unit: metric.unit,
            kind: metric.kind,
            readings,
        })
    }
}
