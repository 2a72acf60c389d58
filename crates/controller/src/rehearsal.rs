use std::collections::BTreeMap;
use std::sync::Arc;

use seaway_core::{Clock, Context, Key, ProviderError, Report, ServiceUid, SharedDriver};
use seaway_intent::object::Service;
use seaway_intent::{Choice, Selection, controls};
use serde::{Deserialize, Serialize};

use crate::claims;
use crate::cluster::Cluster;
use crate::fetched::Fetched;
use crate::object::Seen;
use crate::queue::QueueKey;
use crate::roster::{Roster, Stance};
use crate::watch::Change;

/// What would be done at one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// The provider.
    pub provider: String,
    /// Which of its load balancers.
    pub key: Key,
    /// The names of the Services concerned.
    pub services: BTreeMap<ServiceUid, String>,
    /// The steps, and what would stand in the way.
    pub report: Report,
}

/// What would be done, and what not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// What would be done, key by key.
    pub outlines: Vec<Outline>,
    /// The Services that would be refused, by name.
    pub refused: Vec<(String, ProviderError)>,
    /// The Services of type `LoadBalancer` that would be left alone, by name, and why.
    pub left_alone: Vec<(String, String)>,
    /// The Services with annotations that nobody reads, by name, and which those are.
    #[serde(default)]
    pub unread: Vec<(String, String)>,
}

/// What would be done for `fetched`. Providers are read; nothing is written anywhere.
///
/// # Errors
/// If a provider can't be read.
pub async fn outline(
    drivers: BTreeMap<&'static str, SharedDriver>,
    selection: Selection,
    fetched: Fetched,
    clock: Arc<dyn Clock>,
) -> Result<Rehearsal, ProviderError> {
    let cx = Context::new(clock);
    let claims = claims::made(&selection, &fetched.services, &drivers);
    for (name, driver) in &drivers {
        driver.claim(&claims[name]);
        driver.survey(&cx).await?;
    }
    Ok(rehearse(drivers, selection, fetched, &cx).await)
}

/// The same with drivers that a controller is using. They know what they hold: nothing is claimed, and
/// nothing surveyed, because a survey tells of a change only once, and the controller must hear of it.
pub async fn outline_live(
    drivers: BTreeMap<&'static str, SharedDriver>,
    selection: Selection,
    fetched: Fetched,
    clock: Arc<dyn Clock>,
) -> Rehearsal {
    rehearse(drivers, selection, fetched, &Context::new(clock)).await
}

async fn rehearse(
    drivers: BTreeMap<&'static str, SharedDriver>,
    selection: Selection,
    fetched: Fetched,
    cx: &Context,
) -> Rehearsal {
    let mut cluster = Cluster::default();
    cluster.fold_nodes(Change::Restarted(fetched.nodes));
    cluster.fold_slices(Change::Restarted(fetched.slices));
    let left_alone = left_alone(&selection, &fetched.services);
    let mut roster = Roster::new(drivers.clone(), selection, Stance::Rehearses);
    for name in drivers.keys() {
        roster.hold(name);
    }
    roster.restart(fetched.services, &cluster);
    let mut outlines = Vec::new();
    for (provider, driver) in &drivers {
        let keys = roster.keys().into_iter().filter(|key| key.provider == *provider);
        let goals: Vec<_> = keys
            .map(|key| {
                let (goal, _) = roster.goal(&key, cx.now(), cluster.targets());
                (key.key, goal)
            })
            .collect();
        let reports = driver.rehearse(cx, &goals).await;
        for ((key, _), report) in goals.into_iter().zip(reports) {
            let services = names(&roster, report.members.keys());
            outlines.push(Outline { provider: (*provider).to_owned(), key, services, report });
        }
    }
    let refusals = roster.refusals();
    let refused =
        refusals.map(|(service, error)| (crate::write::label(&service.metadata), error.clone()));
    let unread = roster.unread();
    let unread =
        unread.map(|(service, keys)| (crate::write::label(&service.metadata), keys.join(", ")));
    Rehearsal { outlines, refused: refused.collect(), left_alone, unread: unread.collect() }
}

/// The Services that ask for a load balancer, and not for one of ours.
fn left_alone(selection: &Selection, services: &[Seen<Service>]) -> Vec<(String, String)> {
    let asking = services.iter().map(|seen| &seen.object);
    let asking = asking.filter(|it| it.spec.kind == "LoadBalancer" && !it.metadata.deleting);
    let left = asking.filter_map(|service| {
        let why = match (selection.choose(service), &service.spec.load_balancer_class) {
            (Choice::Served(_), _) => match controls::paused(&service.metadata.annotations) {
                Ok(true) => "it is paused (seaway.dev/pause)".to_owned(),
                Ok(false) | Err(_) => return None,
            },
            (Choice::Elsewhere(name), _) => {
                format!("its class asks for the provider {name}, which is not served here")
            }
            (Choice::Unknown(_), _) => return None,
            (Choice::Nobody, Some(class)) => {
                format!("its class {class} is not one of ours")
            }
            (Choice::Nobody, None) => {
                "it has no class, and there is no default-provider".to_owned()
            }
        };
        Some((crate::write::label(&service.metadata), why))
    });
    left.collect()
}

/// The names of Services, for people.
pub(crate) fn names<'a>(
    roster: &Roster,
    uids: impl Iterator<Item = &'a ServiceUid>,
) -> BTreeMap<ServiceUid, String> {
    uids.map(|uid| {
        let name = roster.service(uid).map(|service| crate::write::label(&service.metadata));
        (uid.clone(), name.unwrap_or_else(|| uid.to_string()))
    })
    .collect()
}

/// Logs what a pass over `key` would do.
pub(crate) fn log(key: &QueueKey, report: &Report) {
    for step in &report.steps {
        tracing::info!(provider = key.provider, key = %key.key, step = step.step, "would do");
    }
    if let Some(error) = &report.error {
        tracing::warn!(provider = key.provider, key = %key.key, %error, "would fail");
    }
    for (uid, member) in &report.members {
        if let Some(error) = &member.error {
            tracing::warn!(provider = key.provider, key = %key.key, %uid, %error, "would refuse");
        }
        for warning in &member.warnings {
            let (reason, message) = (&warning.reason, &warning.message);
            tracing::warn!(provider = key.provider, key = %key.key, %uid, %reason, %message, "would warn");
        }
    }
}
