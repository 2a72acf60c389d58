//! Pods.

use super::{Checked, default, found};
use crate::{invalid::Cause, meta, names};
use serde_json::{Value, json};

pub(crate) fn create(object: &mut Value) -> Checked {
    object["status"] = json!({ "phase": "Pending", "qosClass": "BestEffort" });
    fill(object);
    let mut causes = Vec::new();
    if object["spec"]["containers"].as_array().is_none_or(Vec::is_empty) {
        causes.push(Cause::required("spec.containers", ""));
    }
    for list in ["initContainers", "containers"] {
        let containers = object["spec"][list].as_array().into_iter().flatten();
        for (i, container) in containers.enumerate() {
            let at = format!("spec.{list}[{i}]");
            let name = meta::text(container, &["name"]);
            if name.is_empty() {
                causes.push(Cause::required(format!("{at}.name"), ""));
            } else if let Err(why) = names::dns_label(name) {
                causes.push(Cause::invalid(format!("{at}.name"), name, &why));
            }
            if meta::text(container, &["image"]).is_empty() {
                causes.push(Cause::required(format!("{at}.image"), ""));
            }
        }
    }
    found(causes)
}

/// A Pod's spec is fixed but for images, the deadline, the grace and new tolerations.
pub(crate) fn update(object: &mut Value, old: &Value) -> Checked {
    fill(object);
    let mut allowed = old["spec"].clone();
    for field in ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"] {
        meta::set_top(&mut allowed, field, object["spec"][field].clone());
    }
    for list in ["initContainers", "containers"] {
        let images = object["spec"][list].as_array().cloned().unwrap_or_default();
        for (container, now) in allowed[list].as_array_mut().into_iter().flatten().zip(images) {
            meta::set_top(container, "image", now["image"].clone());
        }
    }
    meta::prune(&mut allowed);
    if allowed == object["spec"] {
        return Ok(());
    }
    let why = "pod updates may not change fields other than \
               `spec.containers[*].image`,`spec.initContainers[*].image`,\
               `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
               tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it \
               was previously negative)";
    Err(vec![Cause::forbidden("spec", why)])
}

fn fill(object: &mut Value) {
    default(object, "spec", json!({}));
    let spec = &mut object["spec"];
    for (field, value) in [
        ("dnsPolicy", json!("ClusterFirst")),
        ("enableServiceLinks", json!(true)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("priority", json!(0)),
        ("restartPolicy", json!("Always")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("serviceAccount", json!("default")),
        ("serviceAccountName", json!("default")),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        default(spec, field, value);
    }
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let image = meta::text(container, &["image"]);
            let tagged = image.rsplit('/').next().is_some_and(|last| last.contains(':'));
            let policy =
                if !tagged || image.ends_with(":latest") { "Always" } else { "IfNotPresent" };
            default(container, "imagePullPolicy", policy);
            default(container, "resources", json!({}));
            default(container, "terminationMessagePath", "/dev/termination-log");
            default(container, "terminationMessagePolicy", "File");
            for port in
                container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten()
            {
                default(port, "protocol", "TCP");
            }
        }
    }
}
