use serde_json::Value;

use crate::render::{
    AWS, AWS_CONFIG, CONFIG, EXAMPLES, GCE, GCE_CONFIG, Rendered, kustomize, template,
};

/// What only Helm adds.
const LABELS: [&str; 4] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
];

/// Where kustomize puts a hash of the config into its name, and Helm into an annotation.
const HASHED: &str = "seaway-config";
const ANNOTATION: &str = "seaway.dev/config";

/// Takes away what differs on purpose. All else is to be the same.
fn normal(rendered: Rendered) -> Vec<Value> {
    // Helm leaves the namespace to the user, by its own convention.
    let objects = rendered.into_objects().filter(|object| object["kind"] != "Namespace");
    objects
        .map(|mut object| {
            even(&mut object);
            object
        })
        .collect()
}

fn even(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !LABELS.contains(&name.as_str()) && name != ANNOTATION);
            fields.values_mut().for_each(even);
        }
        Value::Array(items) => items.iter_mut().for_each(even),
        Value::String(text) => {
            let hash = text.strip_prefix(HASHED).and_then(|rest| rest.strip_prefix('-'));
            if hash.is_some_and(|hash| hash.len() == 10) {
                HASHED.clone_into(text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Checks that the two say the same, object by object.
fn check(folder: &str, values: &[&str], differs: impl Fn(&mut Value)) {
    let mut overlay = normal(kustomize(folder));
    let mut chart = normal(template(&[&["--set-file", CONFIG], values].concat()));
    for objects in [&mut overlay, &mut chart] {
        objects.iter_mut().for_each(&differs);
    }
    let names = |objects: &[Value]| -> Vec<String> {
        let name = |object: &Value| format!("{} {}", object["kind"], object["metadata"]["name"]);
        objects.iter().map(name).collect()
    };
    assert_eq!(names(&overlay), names(&chart), "{folder}");
    for (ours, charted) in overlay.iter().zip(&chart) {
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
        assert_eq!(pretty(ours), pretty(charted), "{folder} and the chart with {values:?}");
    }
}

/// The base names no provider, and the chart insists on one.
fn but_for_the_config(object: &mut Value) {
    if object["kind"] == "ConfigMap" {
        let text = &mut object["data"]["seaway.toml"];
        assert!(text.take().is_string());
    }
}

#[test]
fn the_chart_is_the_base() {
    check("manifests/base", &[], but_for_the_config);
}

#[test]
fn the_chart_with_embedded_is_the_overlay_config_and_all() {
    check("manifests/embedded", &["--set", "embedded.enabled=true"], |_| {});
}

#[test]
fn the_chart_with_the_config_of_a_cloud_is_the_overlay() {
    check(AWS, &["--set-file", AWS_CONFIG], |_| {});
    check(GCE, &["--set-file", GCE_CONFIG], |_| {});
}

#[test]
fn the_chart_with_a_service_monitor_is_the_component() {
    check(EXAMPLES[0], &["--set", "serviceMonitor.enabled=true"], but_for_the_config);
}
