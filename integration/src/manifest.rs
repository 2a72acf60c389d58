//! Services and Pods, as a user writes them.

use k8s_openapi::api::core::v1::{Pod, Service};
use serde_json::{Value, json};

/// A Service of type LoadBalancer in front of the pods with the label `app` of this value, port 80
/// to the pods' 8080; `spec` says what else, or what instead.
pub fn service(name: &str, app: &str, spec: Value) -> Service {
    let mut manifest = json!({
        "metadata": { "name": name },
        "spec": {
            "type": "LoadBalancer",
            "selector": { "app": app },
            "ports": [{ "port": 80, "targetPort": 8080 }],
        },
    });
    if let Value::Object(fields) = spec {
        for (field, value) in fields {
            manifest["spec"][field] = value;
        }
    }
    serde_json::from_value(manifest).unwrap()
}

/// The same Service with these annotations.
pub fn annotated(mut service: Service, notes: &[(&str, &str)]) -> Service {
    let notes = notes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    service.metadata.annotations = Some(notes.collect());
    service
}

/// A pod that answers on 8080, HTTP and datagrams alike; on `node`, or wherever there is room.
pub fn pod(name: &str, app: &str, node: Option<&str>) -> Pod {
    serde_json::from_value(json!({
        "metadata": { "name": name, "labels": { "app": app } },
        "spec": {
            "nodeName": node,
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "echo",
                "image": "echo:1",
                "ports": [
                    { "containerPort": 8080, "protocol": "TCP" },
                    { "containerPort": 8080, "protocol": "UDP" },
                ],
            }],
        },
    }))
    .unwrap()
}
