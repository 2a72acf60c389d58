//! What users should know of Services that are served all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::ListParams;
use seaway_controller::{Options, PROVISIONED};
use seaway_core::{
    Address, BalancerKey, Capabilities, Context, Goal, Key, LbSpec, Plan, Planned, Provider,
    ProviderError, Readiness, ServiceUid, SettingKey, Step, Warning, drive,
};
use serde_json::json;

use crate::lab::Lab;

/// An annotation that is served, and warned of.
const COLOUR: &str = "example.com/colour";

/// A provider that makes load balancers of any colour, and warns of all but white.
#[derive(Debug, Default)]
struct Painter(Arc<Mutex<BTreeSet<ServiceUid>>>);

/// Whose load balancer is made or taken down.
#[derive(Clone, Debug, PartialEq)]
enum Paint {
    Put(ServiceUid),
    Wash(ServiceUid),
}

impl Step for Paint {}

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(uid) => write!(f, "put {uid}"),
            Self::Wash(uid) => write!(f, "wash {uid}"),
        }
    }
}

impl Provider for Painter {
    type Observed = BTreeSet<ServiceUid>;
    type Step = Paint;
    type Fact = Paint;

    const NAME: &'static str = "painter";

    fn capabilities(&self) -> Capabilities {
        let colour = SettingKey { key: COLOUR.to_owned(), doc: "any".to_owned() };
        Capabilities { settings: vec![colour], ..Capabilities::default() }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    async fn survey(
        &self,
        _: &Context,
    ) -> Result<BTreeMap<Key, BTreeSet<ServiceUid>>, ProviderError> {
        let made = self.0.lock().unwrap().clone();
        Ok(made.into_iter().map(|uid| (Key::own(uid.clone()), [uid].into())).collect())
    }

    fn plan(
        &self,
        _: &BalancerKey,
        goal: &Goal,
        seen: &BTreeSet<ServiceUid>,
        _: &BTreeSet<ServiceUid>,
    ) -> Plan<Paint> {
        let mut plan = Plan::default();
        for (uid, spec) in goal.present() {
            if !seen.contains(uid) {
                plan.stage(vec![Planned::of(uid.clone(), Paint::Put(uid.clone()))]);
            }
            if let Some(colour) = spec.settings.get(COLOUR).filter(|colour| *colour != "white") {
                let text = format!("{COLOUR}: {colour:?} fades; use white");
                plan.warn(uid, Warning::new("ColourFades", text));
            }
        }
        for uid in seen.iter().filter(|uid| !goal.members.contains_key(*uid)) {
            plan.stage(vec![Planned::of(uid.clone(), Paint::Wash(uid.clone()))]);
        }
        plan
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Paint,
        _: &BTreeSet<ServiceUid>,
        _: &BTreeSet<ServiceUid>,
    ) -> Result<Paint, ProviderError> {
        self.learn(&mut self.0.lock().unwrap(), step.clone());
        Ok(step.clone())
    }

    fn learn(&self, seen: &mut BTreeSet<ServiceUid>, fact: Paint) {
        match fact {
            Paint::Put(uid) => drop(seen.insert(uid)),
            Paint::Wash(uid) => drop(seen.remove(&uid)),
        }
    }

    fn foresee(&self, step: &Paint, _: &BTreeSet<ServiceUid>, _: &BTreeSet<ServiceUid>) -> Paint {
        step.clone()
    }

    fn holds(&self, seen: &BTreeSet<ServiceUid>) -> BTreeSet<ServiceUid> {
        seen.clone()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &BTreeSet<ServiceUid>) -> Readiness {
        if seen.contains(uid) {
            Readiness::Ready(vec![Address::Hostname("painter.example".to_owned())])
        } else {
            Readiness::Gone
        }
    }
}

/// Each warning that was told of a Service, and how often.
async fn warnings(lab: &Lab, name: &str) -> BTreeMap<String, i32> {
    let api: Api<Event> = Api::default_namespaced(lab.client());
    let all = api.list(&ListParams::default()).await.unwrap().items.into_iter();
    let told = all.filter(|event| {
        event.involved_object.name.as_deref() == Some(name)
            && event.reason.as_deref() == Some("ColourFades")
            && event.type_.as_deref() == Some("Warning")
    });
    told.map(|event| (event.message.unwrap_or_default(), event.count.unwrap_or(1))).collect()
}

#[tokio::test]
async fn a_warning_is_told_when_it_appears_and_not_with_each_pass() {
    let lab = Lab::start().await;
    let run = lab.run(vec![drive(Painter::default())], Options::default()).await;
    let passes = || {
        let text = run.metrics.encode();
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix("service_controller_loadbalancer_sync_total "));
        line.and_then(|count| count.parse::<usize>().ok()).unwrap_or_default()
    };
    let expect = async |expected: &[(&str, i32)]| {
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(colour, count)| (format!("{COLOUR}: {colour:?} fades; use white"), *count))
            .collect();
        let told = async || (warnings(&lab, "web").await == expected).then_some(());
        lab.until(&format!("{expected:?}"), told).await;
    };
    let paint = async |colour: Option<&str>| {
        let before = passes();
        lab.annotate("web", COLOUR, colour).await;
        lab.until("a pass", async || (passes() > before).then_some(())).await;
    };
    lab.put("web", &json!({ "metadata": { "annotations": { COLOUR: "red" } } })).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    expect(&[("red", 1)]).await;
    // Another pass finds the same.
    let before = passes();
    lab.put_node(3, &json!({})).await;
    lab.until("a pass", async || (passes() > before).then_some(())).await;
    paint(Some("blue")).await;
    expect(&[("red", 1), ("blue", 1)]).await;
    paint(None).await;
    paint(Some("red")).await;
    expect(&[("red", 2), ("blue", 1)]).await;
    run.stop().await;
}
