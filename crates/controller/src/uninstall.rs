//! Everything of ours, taken off the Services: finalizer, conditions, and what providers have for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::Client;
use seaway_core::{Context, Key, Nodes, ProviderError, Report, ServiceUid, SharedDriver};
use seaway_intent::{Service, controls};

use crate::fetched::list;
use crate::metrics::Metrics;
use crate::object::ServiceObject;
use crate::sweep::{SweepError, holding, take_down};
use crate::write::{Writer, label, uid};
use crate::{SystemClock, status};

/// Why an uninstallation could not go on.
#[derive(Debug, thiserror::Error)]
pub enum UninstallError {
    /// A provider or the cluster can't be read.
    #[error(transparent)]
    Unread(#[from] SweepError),
    /// A Service can't be written.
    #[error("can't take our finalizer and conditions off {service}: {why}")]
    Write {
        /// Its namespace and name.
        service: String,
        /// What the API server said.
        why: String,
    },
}

/// What becomes of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing of ours is left: finalizer, conditions and addresses go.
    Freed,
    /// Finalizer and conditions go; the load balancer and the addresses stay.
    Kept,
    /// It stays as it is, for this reason.
    Stays(String),
}

/// A Service that has something of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye {
    /// Its namespace and name.
    pub service: String,
    /// What becomes of it.
    pub fate: Fate,
    uid: ServiceUid,
}

/// An uninstallation.
pub struct Uninstall {
    /// The cluster.
    pub client: Client,
    /// The providers whose load balancers outlive the controller.
    pub drivers: Vec<SharedDriver>,
    /// The providers whose load balancers are gone with the controller.
    pub in_process: Vec<String>,
    /// Leave the load balancers, and the addresses in the statuses.
    pub keep: bool,
}

impl Uninstall {
    /// What would be done: the steps at the providers, and what would become of each Service.
    ///
    /// # Errors
    /// If a provider or the cluster can't be read.
    pub async fn rehearse(&self) -> Result<(Vec<String>, Vec<Goodbye>), UninstallError> {
        let services = self.services().await?;
        let held = held(&services);
        let mut steps = Vec::new();
        if !self.keep {
            let cx = self.survey().await?;
            for driver in &self.drivers {
                let staying = staying(driver, &held);
                let goals: Vec<_> = driver
                    .holders()
                    .into_iter()
                    .map(|(key, uids)| {
                        let stay = uids.into_iter().filter(|uid| staying.contains(uid));
                        (key, holding(stay, &cx, &Nodes::default()))
                    })
                    .collect();
                for report in driver.rehearse(&cx, &goals).await {
                    steps.extend(report.steps.into_iter().map(|step| step.step));
                }
            }
        }
        let fates = services.iter().map(|service| self.goodbye(service, &BTreeMap::new()));
        Ok((steps, fates.collect()))
    }

    /// Takes the load balancers down, then what is ours off the Services. `tell` hears of each thing
    /// that is done.
    ///
    /// # Errors
    /// If a provider or the cluster can't be read, or a Service can't be written.
    pub async fn run(&self, mut tell: impl FnMut(&str)) -> Result<Vec<Goodbye>, UninstallError> {
        let services = self.services().await?;
        let held = held(&services);
        let mut left = BTreeMap::new();
        if !self.keep {
            let cx = self.survey().await?;
            for driver in &self.drivers {
                let staying = staying(driver, &held);
                let before = driver.holders();
                let keys: BTreeSet<Key> = before.keys().cloned().collect();
                let (nodes, nobody) = (Nodes::default(), BTreeSet::new());
                let stays = |uid: &ServiceUid| staying.contains(uid);
                let reports = take_down(driver, &cx, &keys, &nodes, &nobody, stays).await;
                for (key, report) in reports {
                    for step in &report.steps {
                        tell(&step.step);
                    }
                    let mut holds = report.holds.clone();
                    if report.error.is_some() {
                        // What it says to be there is not all then.
                        holds.extend(before.get(&key).cloned().unwrap_or_default());
                    }
                    for uid in holds.difference(&staying) {
                        left.insert(uid.clone(), why(driver.name(), &report, uid));
                    }
                }
            }
        }
        let writer = Writer::new(self.client.clone(), None, Arc::<Metrics>::default());
        let mut goodbyes = Vec::new();
        for service in &services {
            let goodbye = self.goodbye(service, &left);
            if !matches!(goodbye.fate, Fate::Stays(_)) {
                let patch = status::farewell(service, goodbye.fate == Fate::Kept);
                match writer.patch_service(&service.metadata, patch).await {
                    Ok(_) | Err(crate::write::Error::Gone) => {}
                    Err(error) => {
                        let (service, why) = (goodbye.service, error.to_string());
                        return Err(UninstallError::Write { service, why });
                    }
                }
            }
            goodbyes.push(goodbye);
        }
        Ok(goodbyes)
    }

    /// Those of `before` that have our finalizer again although it was taken off: somebody works on.
    ///
    /// # Errors
    /// If the cluster can't be read.
    pub async fn returned(&self, before: &[Goodbye]) -> Result<Vec<String>, UninstallError> {
        let freed = |service: &Service| {
            before.iter().any(|goodbye| {
                goodbye.uid == uid(&service.metadata) && !matches!(goodbye.fate, Fate::Stays(_))
            })
        };
        let back = self.services().await?.into_iter().filter(freed);
        Ok(back.map(|service| label(&service.metadata)).collect())
    }

    /// Every Service with something of ours.
    async fn services(&self) -> Result<Vec<Service>, SweepError> {
        let services = list::<ServiceObject>(&self.client).await?.into_iter().map(|it| it.object);
        let ours = services
            .filter(|service| status::is_ours(&service.metadata) || status::is_marked(service));
        Ok(ours.collect())
    }

    async fn survey(&self) -> Result<Context, SweepError> {
        let cx = Context::new(Arc::new(SystemClock));
        for driver in &self.drivers {
            let answer = driver.survey(&cx).await;
            answer.map_err(|error| SweepError::Provider(driver.name(), error))?;
        }
        Ok(cx)
    }

    fn goodbye(&self, service: &Service, left: &BTreeMap<ServiceUid, String>) -> Goodbye {
        let uid = uid(&service.metadata);
        let kept = || Fate::Kept;
        let retained = || self.drivers.iter().any(|driver| driver.retained().contains(&uid));
        let fate = if self.keep {
            kept()
        } else if is_paused(service) {
            Fate::Stays(
                "it is paused; remove the annotation seaway.dev/pause, or use --keep".to_owned(),
            )
        } else if let Some(why) = left.get(&uid) {
            Fate::Stays(why.clone())
        } else if retained() {
            kept()
        } else if let Some(name) = status::provider(service).filter(|name| !self.knows(name)) {
            Fate::Stays(format!(
                "the provider {name} has made its load balancer, and the config does not name it; \
                 add it, or use --keep"
            ))
        } else {
            Fate::Freed
        };
        Goodbye { service: label(&service.metadata), fate, uid }
    }

    fn knows(&self, provider: &str) -> bool {
        self.in_process.iter().any(|name| name == provider)
            || self.drivers.iter().any(|driver| driver.name() == provider)
    }
}

/// The Services that nothing may be taken from.
fn held(services: &[Service]) -> BTreeSet<ServiceUid> {
    let paused = services.iter().filter(|service| is_paused(service));
    paused.map(|service| uid(&service.metadata)).collect()
}

/// The same, with those whose load balancers are marked to stay.
fn staying(driver: &SharedDriver, held: &BTreeSet<ServiceUid>) -> BTreeSet<ServiceUid> {
    driver.retained().into_iter().chain(held.iter().cloned()).collect()
}

/// An annotation that can't be read is no reason to take something away.
fn is_paused(service: &Service) -> bool {
    controls::paused(&service.metadata.annotations).unwrap_or(true)
}

fn why(provider: &str, report: &Report, uid: &ServiceUid) -> String {
    let own = report.members.get(uid).and_then(|member| member.error.as_ref());
    let error: Option<&ProviderError> = report.error.as_ref().or(own);
    let text = error.map_or_else(|| "it takes too long".to_owned(), ToString::to_string);
    format!("{provider} still has something for it: {text}")
}

/// The provider that made what a Service has, as its conditions tell.
pub fn maker(service: &Service) -> Option<&str> {
    status::provider(service)
}
