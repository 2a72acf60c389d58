use std::collections::BTreeMap;

use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Api, Client};

/// Every object of a cluster, as it is, by kind, namespace and name.
pub(crate) type Snapshot = BTreeMap<String, DynamicObject>;

const KINDS: [(&str, &str); 9] = [
    ("", "Service"),
    ("", "Node"),
    ("", "Namespace"),
    ("", "ConfigMap"),
    ("", "Pod"),
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("coordination.k8s.io", "Lease"),
];

/// What a cluster has now, but for the leases by which its parts say all the time that they live.
pub(crate) async fn snapshot(client: &Client) -> Snapshot {
    let mut all = Snapshot::new();
    for (group, kind) in KINDS {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        for object in api.list(&ListParams::default()).await.unwrap().items {
            let namespace = object.metadata.namespace.clone().unwrap_or_default();
            let name = object.metadata.name.clone().unwrap();
            let is_heartbeat = kind == "Lease" && namespace.starts_with("kube-");
            if !is_heartbeat {
                all.insert(format!("{group}/{kind} {namespace}/{name}"), object);
            }
        }
    }
    all
}

/// Asserts that nothing came, went or changed.
pub(crate) fn assert_same(before: &Snapshot, after: &Snapshot) {
    let names = before.keys().chain(after.keys());
    let changed: Vec<_> = names.filter(|name| before.get(*name) != after.get(*name)).collect();
    assert!(changed.is_empty(), "changed: {changed:?}");
}
