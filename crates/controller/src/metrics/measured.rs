//! What the providers count and measure themselves, asked for at every scrape.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use seaway_core::{Measure, MeasureKind, NodeName, Reading, ServiceUid, SharedDriver, Subject};

use crate::cluster::ServiceName;
use crate::roster::Names;

/// Who is asked. A clone asks the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured(Arc<RwLock<Asked>>);

#[derive(Clone, Debug, Default)]
struct Asked {
    drivers: BTreeMap<&'static str, SharedDriver>,
    names: Names,
}

/// A Service that there is, by its identity.
type Known<'a> = HashMap<&'a ServiceUid, &'a ServiceName>;

impl Measured {
    /// From now on these are asked, and Services are named so.
    pub(super) fn ask(&self, drivers: BTreeMap<&'static str, SharedDriver>, names: Names) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Asked { drivers, names };
    }

    fn asked(&self) -> Asked {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Collector for Measured {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // The lock is not held meanwhile: a new controller must not wait for a scrape.
        let Asked { drivers, names } = self.asked();
        let names = names.all();
        let known: Known<'_> = names.iter().map(|(name, uid)| (uid, name)).collect();
        for (provider, driver) in drivers {
            for measure in driver.measures() {
                encode(&mut encoder, provider, &measure, &known)?;
            }
        }
        Ok(())
    }
}

fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    provider: &str,
    measure: &Measure,
    known: &Known<'_>,
) -> fmt::Result {
    let mut readings =
        measure.readings.iter().filter_map(|reading| Some((Labels::of(reading, known)?, reading)));
    let Some(first) = readings.next() else { return Ok(()) };
    let name = format!("seaway_{}_{}", provider.replace('-', "_"), measure.name);
    let help = format!("{}.", measure.help);
    let unit = measure.unit.map(|unit| Unit::Other(unit.to_owned()));
    let kind = match measure.kind {
        MeasureKind::Counter => MetricType::Counter,
        MeasureKind::Gauge => MetricType::Gauge,
    };
    let mut family = encoder.encode_descriptor(&name, &help, unit.as_ref(), kind)?;
    for (labels, reading) in std::iter::once(first).chain(readings) {
        if labels.is_empty() {
            write(&mut family, measure.kind, reading.value)?;
        } else {
            write(&mut family.encode_family(&labels)?, measure.kind, reading.value)?;
        }
    }
    Ok(())
}

fn write(metric: &mut MetricEncoder<'_>, kind: MeasureKind, value: u64) -> fmt::Result {
    match kind {
        MeasureKind::Counter => metric.encode_counter::<NoLabelSet, u64, f64>(&value, None),
        MeasureKind::Gauge => metric.encode_gauge(&value),
    }
}

/// What tells one value of a measure from the others.
struct Labels<'a> {
    service: Option<&'a ServiceName>,
    node: Option<&'a NodeName>,
    own: &'static [(&'static str, &'static str)],
}

impl<'a> Labels<'a> {
    /// None for what is left of a Service that is no more: another one may have its name by now, and
    /// two series of one name would be neither's. `seaway_orphans` tells of it.
    fn of(reading: &'a Reading, known: &Known<'a>) -> Option<Self> {
        let (service, node) = match &reading.of {
            Subject::Provider => (None, None),
            Subject::Service(uid) => (Some(*known.get(uid)?), None),
            Subject::Target(uid, node) => (Some(*known.get(uid)?), Some(node)),
        };
        Some(Self { service, node, own: reading.labels })
    }

    const fn is_empty(&self) -> bool {
        self.service.is_none() && self.own.is_empty()
    }
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        if let Some((namespace, name)) = self.service {
            ("namespace", namespace.as_str()).encode(encoder.encode_label())?;
            ("service", name.as_str()).encode(encoder.encode_label())?;
        }
        if let Some(node) = self.node {
            ("node", node.as_str()).encode(encoder.encode_label())?;
        }
        for label in self.own {
            label.encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
