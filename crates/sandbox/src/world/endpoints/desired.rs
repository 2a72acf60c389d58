use crate::world::cluster::{
    Key, MANAGED_BY, NodeView, PodView, PortTarget, PortView, Readiness, SERVICE_NAME, ServiceView,
};
use crate::world::node::ZONE;
use k8s_openapi::{
    api::{
        core::v1::ObjectReference,
        discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use std::{collections::BTreeMap, sync::Arc};

/// Who keeps these slices.
pub(super) const MANAGER: &str = "seaway-sandbox";
/// What a real cluster puts into one slice (`--max-endpoints-per-slice`).
const LARGEST: usize = 100;

/// The slices that a Service is to have: pods whose named ports differ go to slices of their own.
pub(super) fn slices(
    key: &Key,
    service: &ServiceView,
    pods: &[(Key, Arc<PodView>)],
    node: impl Fn(&str) -> Option<Arc<NodeView>>,
) -> BTreeMap<String, EndpointSlice> {
    let mut groups: BTreeMap<Vec<Option<u16>>, Vec<Endpoint>> = BTreeMap::new();
    for (pod_key, pod) in pods {
        let Some(endpoint) = endpoint(pod_key, pod, service, &node) else { continue };
        let numbers = service.ports.iter().map(|port| number(port, pod)).collect();
        groups.entry(numbers).or_default().push(endpoint);
    }
    if groups.is_empty() {
        // An empty slice tells "nobody" apart from "not looked at yet".
        groups.insert(Vec::new(), Vec::new());
    }
    let mut slices = BTreeMap::new();
    for (numbers, endpoints) in groups {
        let ports: Vec<_> = (service.ports.iter().zip(numbers))
            .filter_map(|(port, number)| {
                Some(EndpointPort {
                    name: Some(port.name.clone().unwrap_or_default()),
                    protocol: Some(port.protocol.as_str().to_owned()),
                    port: Some(i32::from(number?)),
                    app_protocol: None,
                })
            })
            .collect();
        let chunks = endpoints.len().div_ceil(LARGEST).max(1);
        for chunk in 0..chunks {
            let from = chunk * LARGEST;
            let to = endpoints.len().min(from + LARGEST);
            let name = match slices.len() {
                0 => format!("{}-ipv4", key.name),
                n => format!("{}-ipv4-{}", key.name, n + 1),
            };
            let slice = EndpointSlice {
                metadata: metadata(key, service, &name),
                address_type: "IPv4".to_owned(),
                ports: Some(ports.clone()),
                endpoints: Some(endpoints[from..to].to_vec()),
            };
            slices.insert(name, slice);
        }
    }
    slices
}

/// Whether the selector of a Service takes a pod.
pub(super) fn selects(service: &ServiceView, pod: &PodView) -> bool {
    service.selector.iter().all(|(label, value)| pod.labels.get(label) == Some(value))
}

fn metadata(key: &Key, service: &ServiceView, name: &str) -> ObjectMeta {
    let labels = [(SERVICE_NAME, &*key.name), (MANAGED_BY, MANAGER)]
        .map(|(label, value)| (label.to_owned(), value.to_owned()));
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(key.namespace.to_string()),
        labels: Some(labels.into()),
        owner_references: Some(vec![OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            name: key.name.to_string(),
            uid: service.uid.clone(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }]),
        ..ObjectMeta::default()
    }
}

fn endpoint(
    key: &Key,
    pod: &PodView,
    service: &ServiceView,
    node: impl Fn(&str) -> Option<Arc<NodeView>>,
) -> Option<Endpoint> {
    let ip = pod.ip.filter(|_| !pod.finished)?;
    let host = pod.node.as_deref();
    let terminating = pod.deleting.is_some();
    let serving = pod.ready == Readiness::True || service.publish_not_ready;
    Some(Endpoint {
        addresses: vec![ip.to_string()],
        conditions: Some(EndpointConditions {
            ready: Some(serving && (!terminating || service.publish_not_ready)),
            serving: Some(serving),
            terminating: Some(terminating),
        }),
        node_name: host.map(str::to_owned),
        zone: host.and_then(node).and_then(|n| n.labels.get(ZONE).cloned()),
        target_ref: Some(ObjectReference {
            kind: Some("Pod".to_owned()),
            name: Some(key.name.to_string()),
            namespace: Some(key.namespace.to_string()),
            uid: Some(pod.uid.clone()),
            ..ObjectReference::default()
        }),
        ..Endpoint::default()
    })
}

/// The number of a port on this pod; a name that the pod doesn't have gives none.
fn number(port: &PortView, pod: &PodView) -> Option<u16> {
    match &port.target {
        PortTarget::Number(number) => Some(*number),
        PortTarget::Name(name) => (pod.containers.iter())
            .flat_map(|c| &c.ports)
            .find(|p| p.name.as_ref() == Some(name) && p.protocol == port.protocol)
            .map(|p| p.port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::{Node, Pod, Service};
    use serde_json::{Value, json};

    fn service(port: &Value) -> ServiceView {
        let service: Service = serde_json::from_value(json!({
            "metadata": { "name": "web", "namespace": "shop", "uid": "u" },
            "spec": { "selector": { "app": "web" }, "ports": [port] },
        }))
        .unwrap();
        ServiceView::from(&service)
    }

    fn pod(name: &str, number: u16, ready: bool, deleted: bool) -> (Key, Arc<PodView>) {
        let mut pod = json!({
            "metadata": { "name": name, "namespace": "shop", "labels": { "app": "web" } },
            "spec": { "nodeName": "node-1", "containers": [{
                "name": "c", "ports": [{ "name": "http", "containerPort": number }],
            }] },
            "status": {
                "podIP": format!("127.16.16.{}", number % 100),
                "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" } }],
            },
        });
        if deleted {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        let pod: Pod = serde_json::from_value(pod).unwrap();
        (Key::of(&pod), Arc::new(PodView::from(&pod)))
    }

    fn made(service: &ServiceView, pods: &[(Key, Arc<PodView>)]) -> Vec<Value> {
        let key = Key { namespace: "shop".into(), name: "web".into() };
        let zone = |_: &str| {
            let mut node = Node::default();
            node.metadata.labels = Some([(ZONE.to_owned(), "b".to_owned())].into());
            Some(Arc::new(NodeView::from(&node)))
        };
        let slices = slices(&key, service, pods, zone);
        slices.values().map(|s| serde_json::to_value(s).unwrap()).collect()
    }

    #[test]
    fn the_conditions_of_an_endpoint_are_those_of_its_pod() {
        let web = service(&json!({ "port": 80, "targetPort": 8080 }));
        let pods = [pod("a", 1, true, false), pod("b", 2, false, false), pod("c", 3, true, true)];
        let slices = made(&web, &pods);
        assert_eq!(slices.len(), 1);
        assert_eq!(slices[0]["ports"][0]["port"], 8080);
        let conditions: Vec<_> = (slices[0]["endpoints"].as_array().unwrap().iter())
            .map(|e| e["conditions"].clone())
            .collect();
        let is = |r: bool, s: bool, t: bool| json!({ "ready": r, "serving": s, "terminating": t });
        assert_eq!(
            conditions,
            [is(true, true, false), is(false, false, false), is(false, true, true)]
        );
        assert_eq!(slices[0]["endpoints"][0]["zone"], "b");
    }

    #[test]
    fn pods_that_name_different_ports_get_slices_of_their_own() {
        let web = service(&json!({ "port": 80, "targetPort": "http" }));
        let slices = made(&web, &[pod("a", 8001, true, false), pod("b", 8002, true, false)]);
        let ports: Vec<_> = slices.iter().map(|s| s["ports"][0]["port"].clone()).collect();
        assert_eq!(ports, [json!(8001), json!(8002)]);
        assert_eq!(slices[1]["metadata"]["name"], "web-ipv4-2");
    }

    #[test]
    fn a_service_without_pods_has_an_empty_slice() {
        let web = service(&json!({ "port": 80 }));
        let slices = made(&web, &[]);
        assert_eq!(slices.len(), 1);
        assert_eq!(slices[0]["endpoints"], json!([]));
    }
}
