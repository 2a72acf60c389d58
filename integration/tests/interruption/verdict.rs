use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use kube::api::ListParams;
use seaway_controller::{ACCEPTED, FINALIZER, PROVISIONED, SERVING};
use seaway_core::{LbSpec, Moment, ServiceUid};
use seaway_intent::{Around, Service};
use seaway_testkit::{Bench, Served, Thing};
use serde_json::Value;

use crate::history::ingress;
use crate::site::{Site, Wish};

/// How many things of ours there are, by whose they are and what they are.
pub(crate) type Roles = BTreeMap<(String, String), usize>;

impl<B: Bench> Site<B> {
    /// Whether the Services say that all is as it should be.
    pub(crate) fn told(&self) -> Result<(), String> {
        for (name, wish) in &self.wishes {
            let service = self.history.service(name);
            let Some(service) = service else {
                match wish {
                    Wish::Deleted => continue,
                    Wish::Served(_) | Wish::Shut => return Err(format!("{name} is not there")),
                }
            };
            match wish {
                Wish::Deleted => return Err(format!("{name} is still there: {}", brief(&service))),
                Wish::Shut if is_marked(&service) => {
                    return Err(format!("{name} is not let go: {}", brief(&service)));
                }
                Wish::Served(_) if !self.is_served(&service) => {
                    return Err(format!("{name} is not served: {}", brief(&service)));
                }
                Wish::Shut | Wish::Served(_) => {}
            }
        }
        Ok(())
    }

    /// Whether the world has what the Services say, and nothing else.
    pub(crate) async fn verify(&self) -> Result<(), String> {
        self.hurry.catch_up();
        let mut served = BTreeSet::new();
        for (name, wish) in &self.wishes {
            if let Wish::Served(spec) = wish {
                served.insert(&self.uids[name]);
                self.check_served(name, spec).await.map_err(|why| format!("{name}: {why}"))?;
            }
        }
        for thing in self.ours().await {
            let owner = thing.mark.as_ref().and_then(|mark| mark.service.as_ref());
            if owner.map_or(served.is_empty(), |uid| !served.contains(uid)) {
                return Err(format!("orphan: {thing}"));
            }
        }
        let foreign = self.foreign_things().await;
        if foreign != self.foreign {
            return Err(format!("foreign things were {:?} and are {foreign:?}", self.foreign));
        }
        Ok(())
    }

    async fn check_served(&self, name: &str, spec: &LbSpec) -> Result<(), String> {
        let Some(served) = self.bench.served(&self.uids[name]).await else {
            return Err("nothing is there for its clients".to_owned());
        };
        let nodes: Vec<_> = self.nodes.iter().collect();
        let target = |node: &_, port: &_| self.bench.target(&self.capabilities, node, port);
        served.check(&Served::wanted(spec, &nodes, target), &self.capabilities)?;
        let at: BTreeSet<_> = served.addresses.iter().map(ToString::to_string).collect();
        let service = self.history.service(name).unwrap_or_default();
        let shown: BTreeSet<_> = ingress(&service).into_iter().collect();
        if at != shown {
            return Err(format!("the status shows {shown:?}, and it is served at {at:?}"));
        }
        Ok(())
    }

    /// What must hold at any moment: nothing of ours is there without our finalizer on the Service
    /// that it is for, or, if it is for all, on any.
    pub(crate) async fn check_finalizers(&self) -> Result<(), String> {
        let services = self.services().list(&ListParams::default()).await.unwrap();
        let held: BTreeSet<ServiceUid> = services
            .iter()
            .filter(|service| service.finalizers().iter().any(|name| name == FINALIZER))
            .map(|service| service.uid().unwrap().as_str().into())
            .collect();
        self.hurry.catch_up();
        for thing in self.ours().await {
            let owner = thing.mark.as_ref().and_then(|mark| mark.service.as_ref());
            if owner.map_or(held.is_empty(), |uid| !held.contains(uid)) {
                return Err(format!("{thing} is there, and no finalizer"));
            }
        }
        Ok(())
    }

    /// Everything of ours that there is.
    pub(crate) async fn roles(&self) -> Roles {
        self.hurry.catch_up();
        let mut roles = Roles::new();
        for thing in self.ours().await {
            let owner = thing.mark.and_then(|mark| mark.service);
            // The API server makes another uid each time.
            let name = owner.map(|owner| self.uids.iter().find(|(_, uid)| **uid == owner));
            let name = name.map_or("all", |known| known.map_or("nobody", |(name, _)| name));
            *roles.entry((name.to_owned(), thing.role)).or_default() += 1;
        }
        roles
    }

    pub(crate) fn has_finalizer(&self, name: &str) -> bool {
        self.history.service(name).is_some_and(|service| finalizers(&service).contains(&FINALIZER))
    }

    /// Whether a Service says that it is served, as it is now and not as it was before.
    fn is_served(&self, service: &Value) -> bool {
        let holds = |kind| condition(service, kind).is_some_and(|it| it["status"] == "True");
        let message = condition(service, PROVISIONED).and_then(|it| it["message"].as_str());
        service["metadata"]["deletionTimestamp"].is_null()
            && finalizers(service).contains(&FINALIZER)
            && !ingress(service).is_empty()
            && [ACCEPTED, PROVISIONED, SERVING].into_iter().all(holds)
            && message.is_some_and(|text| text.ends_with(&self.digest(service)))
    }

    fn digest(&self, service: &Value) -> String {
        let created: Time =
            serde_json::from_value(service["metadata"]["creationTimestamp"].clone()).unwrap();
        let mut service: Service = serde_json::from_value(service.clone()).unwrap();
        let created = u64::try_from(created.0.as_millisecond()).unwrap();
        service.metadata.created = Moment::from_millis(created);
        let (keys, labels) = (&*self.capabilities.settings, &BTreeMap::new());
        let spec = seaway_intent::build(&service, Around { slices: None, keys, labels }).unwrap();
        spec.digest().to_string()
    }

    async fn ours(&self) -> Vec<Thing> {
        let mut things = self.bench.inventory().await;
        things.retain(Thing::is_ours);
        things
    }

    /// What there is in the world that is not ours.
    pub(crate) async fn foreign_things(&self) -> Vec<Thing> {
        let mut things = self.bench.inventory().await;
        things.retain(|thing| !thing.is_ours());
        things.sort();
        things
    }
}

fn is_marked(service: &Value) -> bool {
    let any =
        [ACCEPTED, PROVISIONED, SERVING].iter().any(|kind| condition(service, kind).is_some());
    any || finalizers(service).contains(&FINALIZER) || !ingress(service).is_empty()
}

fn finalizers(service: &Value) -> Vec<&str> {
    let all = service["metadata"]["finalizers"].as_array();
    all.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn condition<'a>(service: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut all = service["status"]["conditions"].as_array()?.iter();
    all.find(|condition| condition["type"] == kind)
}

/// What is said of a Service when a test fails.
fn brief(service: &Value) -> String {
    let (metadata, status) = (&service["metadata"], &service["status"]);
    format!(
        "deleted {}, finalizers {}, status {status}",
        metadata["deletionTimestamp"], metadata["finalizers"]
    )
}
