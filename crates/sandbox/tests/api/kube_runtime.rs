//! The client that the controller uses.

use crate::client::{Sandbox, config_map};
use futures::TryStreamExt;
use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{ConfigMap, Service},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    runtime::watcher::{self, Event},
};
use serde_json::json;
use std::pin::pin;

async fn names_of(sandbox: &Sandbox, config: watcher::Config) -> Vec<String> {
    let maps = Api::<ConfigMap>::default_namespaced(sandbox.client.clone());
    let mut watch = pin!(watcher::watcher(maps.clone(), config));
    let mut names = Vec::new();
    let mut begun = false;
    while let Some(event) = watch.try_next().await.unwrap() {
        match event {
            Event::InitApply(map) => names.push(map.metadata.name.unwrap()),
            Event::InitDone => {
                begun = true;
                let late: ConfigMap = serde_json::from_value(config_map("late")).unwrap();
                maps.create(&PostParams::default(), &late).await.unwrap();
            }
            Event::Apply(map) if begun => {
                names.push(map.metadata.name.unwrap());
                break;
            }
            Event::Init | Event::Apply(_) | Event::Delete(_) => {}
        }
    }
    names
}

#[tokio::test]
async fn watchers_see_all_with_and_without_streaming_lists() {
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let sandbox = Sandbox::start().await;
        for name in ["a", "b"] {
            sandbox.post(crate::client::CONFIG_MAPS, config_map(name)).await;
        }
        assert_eq!(names_of(&sandbox, config).await, ["a", "b", "late"]);
    }
}

#[tokio::test]
async fn a_typed_client_does_what_a_controller_does() {
    let sandbox = Sandbox::start().await;
    let services = Api::<Service>::default_namespaced(sandbox.client.clone());
    let service = crate::client::service("a", "LoadBalancer");
    let service: Service = serde_json::from_value(service).unwrap();
    services.create(&PostParams::default(), &service).await.unwrap();
    let how = PatchParams::default();
    let finalizer = json!({ "metadata": { "finalizers": ["seaway.dev/load-balancer"] } });
    services.patch("a", &how, &Patch::Merge(finalizer)).await.unwrap();
    let ingress = json!({ "ingress": [{ "ip": "192.0.2.1", "ipMode": "Proxy" }] });
    let status = json!({ "status": { "loadBalancer": ingress, "conditions": [{
        "type": "seaway.dev/Applied", "status": "True", "reason": "Applied", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }] } });
    let patched = services.patch_status("a", &how, &Patch::Strategic(status)).await.unwrap();
    let status = patched.status.unwrap();
    assert_eq!(status.conditions.unwrap()[0].type_, "seaway.dev/Applied");
    assert_eq!(status.load_balancer.unwrap().ingress.unwrap()[0].ip_mode.as_deref(), Some("Proxy"));
    let deleted = services.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(deleted.left().unwrap().metadata.deletion_timestamp.is_some());
    let free = json!({ "metadata": { "finalizers": null } });
    services.patch("a", &how, &Patch::Merge(free)).await.unwrap();
    assert!(services.get_opt("a").await.unwrap().is_none());
    assert_eq!(services.list(&ListParams::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_lease_is_taken_by_one_of_two() {
    let sandbox = Sandbox::start().await;
    let leases = Api::<Lease>::default_namespaced(sandbox.client.clone());
    let lease = json!({ "metadata": { "name": "seaway" }, "spec": {
        "holderIdentity": "a", "leaseDurationSeconds": 15,
        "renewTime": "2026-01-01T00:00:00.000000Z",
    } });
    let lease: Lease = serde_json::from_value(lease).unwrap();
    let made = leases.create(&PostParams::default(), &lease).await.unwrap();
    let held = |by: &str| {
        let mut lease = made.clone();
        lease.spec.as_mut().unwrap().holder_identity = Some(by.to_owned());
        lease
    };
    leases.replace("seaway", &PostParams::default(), &held("b")).await.unwrap();
    let late = leases.replace("seaway", &PostParams::default(), &held("c")).await.unwrap_err();
    assert!(matches!(late, kube::Error::Api(status) if status.code == 409));
    // A Lease is never written blindly.
    let blind = leases.replace("seaway", &PostParams::default(), &lease).await.unwrap_err();
    assert!(matches!(blind, kube::Error::Api(status) if status.code == 422));
}
