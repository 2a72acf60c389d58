//! What a Service is to get.

use std::sync::Arc;

use seaway_core::{Capabilities, ErrorKind, Key, ProviderError};
use seaway_intent::{Around, Choice, Rejection, Service, controls, unread};

use super::Roster;
use super::entry::{Entry, Verdict};
use crate::cluster::Cluster;
use crate::queue::QueueKey;
use crate::status;

impl Roster {
    /// What a Service is to get. `ours`: our finalizer is on it.
    pub(super) fn judge(&self, service: &Service, cluster: &Cluster, ours: bool) -> Verdict {
        let annotations = &service.metadata.annotations;
        let choice = self.selection.choose(service);
        if ours || choice != Choice::Nobody {
            match controls::paused(annotations) {
                Ok(false) => {}
                Ok(true) => return Verdict::Paused,
                Err(rejection) if service.metadata.deleting => {
                    let text = format!("the deletion waits until it is mended: {rejection}");
                    let error = ProviderError::new(ErrorKind::InvalidSpec, "Service", text);
                    return Verdict::Refused { error, fallback: None, mixed: false };
                }
                Err(rejection) => return refused(&rejection),
            }
        }
        let driver = match choice {
            Choice::Nobody => match status::provider(service) {
                Some(name) if ours && !self.drivers.contains_key(name) => {
                    return self.stranded(name);
                }
                _ => return Verdict::Unwanted,
            },
            Choice::Elsewhere(name) if ours => return self.stranded(name),
            Choice::Elsewhere(_) => return Verdict::Unwanted,
            Choice::Unknown(name) => {
                let value = name.to_owned();
                return refused(&Rejection::Provider { value, served: self.served() });
            }
            Choice::Served(name) => match self.drivers.get(name) {
                Some(driver) => driver,
                None => return Verdict::Unwanted,
            },
        };
        let can: &Capabilities = driver.capabilities();
        let name = (service.metadata.namespace.clone(), service.metadata.name.clone());
        let slices = can.local_nodes.then(|| cluster.slices(&name));
        let around =
            Around { slices: slices.as_deref(), keys: &can.settings, labels: cluster.labels() };
        let spec = match seaway_intent::build(service, around) {
            Ok(spec) => spec,
            Err(rejection) => return refused(&rejection),
        };
        match can.check(driver.name(), &spec) {
            Ok(()) => Verdict::Wanted {
                key: QueueKey {
                    provider: driver.name(),
                    key: Key::Balancer(driver.balancer(&spec)),
                },
                spec: Arc::new(spec),
            },
            Err(error) => {
                let mixed = !can.mixed_protocols && spec.protocols().len() > 1;
                Verdict::Refused { error, fallback: None, mixed }
            }
        }
    }

    /// What a provider made that this controller does not serve, it can't take down either.
    fn stranded(&self, provider: &str) -> Verdict {
        let message = format!(
            "{provider:?} made what this Service has, and is not served here; served are {}: serve it \
             again, or take our finalizer off with `seaway uninstall --keep`",
            self.served()
        );
        let error = ProviderError::new(ErrorKind::Unsupported, "provider", message);
        Verdict::Refused { error, fallback: None, mixed: false }
    }

    fn served(&self) -> String {
        let names: Vec<_> = self.drivers.keys().copied().collect();
        names.join(", ")
    }

    /// The annotations that nobody reads, each with what was meant, most likely.
    pub(super) fn unread_annotations(&self, entry: &Entry) -> Vec<String> {
        let Verdict::Wanted { key, .. } = &entry.verdict else { return Vec::new() };
        let keys = self.drivers.get(key.provider).map(|driver| &*driver.capabilities().settings);
        let annotations = &entry.service.metadata.annotations;
        unread(annotations, keys.unwrap_or_default()).map(|it| it.to_string()).collect()
    }
}

fn refused(rejection: &Rejection) -> Verdict {
    let fallback = rejection.fallback().cloned().map(Arc::new);
    let error = ProviderError::new(ErrorKind::InvalidSpec, "Service", rejection.to_string());
    Verdict::Refused { error, fallback, mixed: false }
}
