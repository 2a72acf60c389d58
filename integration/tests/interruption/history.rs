use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Service;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, ResourceExt};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

/// What a watch tells of the Services, and what their statuses should never have shown.
pub(crate) struct History {
    state: Arc<Mutex<State>>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    services: BTreeMap<String, Value>,
    /// What each Service of type `LoadBalancer` showed last.
    shown: BTreeMap<String, Vec<String>>,
    moves: Vec<String>,
    withdrawn: Vec<String>,
}

impl History {
    /// Watches from now on.
    pub(crate) fn begin(api: Api<Service>) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let told = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut events = pin!(watcher(api, watcher::Config::default()));
            while let Some(event) = events.next().await {
                let mut state = told.lock().unwrap();
                match event.unwrap() {
                    Event::Apply(service) | Event::InitApply(service) => state.apply(&service),
                    Event::Delete(service) => state.forget(&service.name_any()),
                    Event::Init | Event::InitDone => {}
                }
            }
        });
        Self { state, _task: AbortOnDropHandle::new(task) }
    }

    /// The Service as it was seen last.
    pub(crate) fn service(&self, name: &str) -> Option<Value> {
        self.state.lock().unwrap().services.get(name).cloned()
    }

    /// Every time that an address which a status showed was replaced by another.
    pub(crate) fn moves(&self) -> Vec<String> {
        self.state.lock().unwrap().moves.clone()
    }

    /// Every time that a status showed an address no more, of a Service that is still wanted.
    pub(crate) fn withdrawn(&self) -> Vec<String> {
        self.state.lock().unwrap().withdrawn.clone()
    }
}

impl State {
    fn apply(&mut self, service: &Service) {
        let (name, service) = (service.name_any(), serde_json::to_value(service).unwrap());
        let now = ingress(&service);
        if service["spec"]["type"] != "LoadBalancer"
            || !service["metadata"]["deletionTimestamp"].is_null()
        {
            self.shown.remove(&name);
        } else if now.is_empty() {
            if let Some(old) = self.shown.get(&name) {
                self.withdrawn.push(format!("{name} showed {old:?}, and then nothing"));
            }
        } else if let Some(old) = self.shown.insert(name.clone(), now.clone())
            && old != now
        {
            self.moves.push(format!("{name} showed {old:?}, and then {now:?}"));
        }
        self.services.insert(name, service);
    }

    fn forget(&mut self, name: &str) {
        self.services.remove(name);
        self.shown.remove(name);
    }
}

/// Where a status says that clients find the Service.
pub(crate) fn ingress(service: &Value) -> Vec<String> {
    let all = service["status"]["loadBalancer"]["ingress"].as_array();
    let place = |entry: &Value| {
        let place = entry["ip"].as_str().or_else(|| entry["hostname"].as_str());
        place.unwrap_or_default().to_owned()
    };
    all.into_iter().flatten().map(place).collect()
}
