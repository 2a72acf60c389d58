//! The levels of pod security: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>.

use serde_json::{Value, json};

use crate::render::{AWS, BOXES, GCE, OVERLAYS, container, kustomize, seaway};

const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// What a container has, or else its pod.
fn setting<'a>(pod: &'a Value, container: &'a Value, name: &str) -> &'a Value {
    let own = &container["securityContext"][name];
    if own.is_null() { &pod["securityContext"][name] } else { own }
}

/// The fields of a pod by which it is not at the level `restricted`.
fn breaches(pod: &Value) -> Vec<&'static str> {
    let mut found = Vec::new();
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod[name] == true {
            found.push(name);
        }
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for volume in list(&pod["volumes"]) {
        let kinds = volume.as_object().unwrap().keys().filter(|key| *key != "name");
        if !kinds.into_iter().all(|kind| VOLUMES.contains(&kind.as_str())) {
            found.push("volumes");
        }
    }
    for name in ["sysctls", "seLinuxOptions", "windowsOptions", "appArmorProfile"] {
        if !pod["securityContext"][name].is_null() {
            found.push(name);
        }
    }
    assert_eq!(pod["initContainers"], Value::Null);
    for container in list(&pod["containers"]) {
        let own = &container["securityContext"];
        let user = setting(pod, &container, "runAsUser");
        let profile = &setting(pod, &container, "seccompProfile")["type"];
        let added = list(&own["capabilities"]["add"]);
        let ports = list(&container["ports"]);
        let hooks = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"];
        for (name, fine) in [
            ("privileged", own["privileged"] != true),
            ("allowPrivilegeEscalation", own["allowPrivilegeEscalation"] == false),
            ("runAsNonRoot", *setting(pod, &container, "runAsNonRoot") == true),
            ("runAsUser", user.as_u64().is_some_and(|user| user > 0)),
            ("seccompProfile", *profile == "RuntimeDefault"),
            ("capabilities.drop", own["capabilities"]["drop"] == json!(["ALL"])),
            ("capabilities.add", added.iter().all(|added| added == "NET_BIND_SERVICE")),
            ("procMount", own["procMount"].is_null()),
            ("hostPort", ports.iter().all(|port| port["hostPort"].is_null())),
            // Since 1.34.
            ("host", hooks.iter().all(|hook| container[*hook]["httpGet"]["host"].is_null())),
        ] {
            if !fine {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn the_base_is_restricted_and_so_is_its_namespace_and_clouds_take_no_more() {
    for folder in ["manifests/base", AWS, GCE] {
        let rendered = kustomize(folder);
        let deployment = rendered.only("Deployment");
        assert!(breaches(&deployment["spec"]["template"]["spec"]).is_empty(), "{folder}");
        assert!(seaway(deployment)["securityContext"]["capabilities"]["add"].is_null());
        let labels = &rendered.only("Namespace")["metadata"]["labels"];
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted", "{folder}");
        assert_eq!(labels["pod-security.kubernetes.io/warn"], "restricted", "{folder}");
    }
}

#[test]
fn the_overlay_embedded_breaks_what_its_comments_say_and_no_more() {
    let embedded = kustomize("manifests/embedded");
    let deployment = embedded.only("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(breaches(pod), ["hostNetwork", "runAsNonRoot", "runAsUser"]);
    let capabilities = &seaway(deployment)["securityContext"]["capabilities"];
    assert_eq!(*capabilities, json!({ "add": ["NET_BIND_SERVICE"], "drop": ["ALL"] }));
    let labels = &embedded.only("Namespace")["metadata"]["labels"];
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "privileged");
}

#[test]
fn the_overlays_with_a_daemon_break_what_their_comments_say_and_no_more() {
    let user = ["runAsNonRoot", "runAsUser"];
    // Seaway has it too: what it can't try it would find out when the daemon has lost its listeners.
    let own = json!(["NET_BIND_SERVICE"]);
    for (pod, extra, daemons) in [
        (&BOXES[0], &[][..], own.clone()),
        (&BOXES[1], &["capabilities.add"], json!(["NET_BIND_SERVICE", "SETGID", "SETUID"])),
    ] {
        let rendered = kustomize(pod.folder);
        let deployment = rendered.only("Deployment");
        let found = breaches(&deployment["spec"]["template"]["spec"]);
        assert_eq!(found, [&["hostNetwork"], &user[..], &user[..], extra].concat());
        for (name, added) in [("seaway", own.clone()), (pod.daemon, daemons)] {
            let context = &container(deployment, name)["securityContext"];
            assert_eq!(context["capabilities"]["add"], added, "{name}");
            assert_eq!(context["readOnlyRootFilesystem"], true, "{name}");
        }
        let labels = &rendered.only("Namespace")["metadata"]["labels"];
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], "privileged");
    }
}

#[test]
fn the_sidecar_is_restricted_whatever_its_pod_is() {
    let rendered = kustomize("manifests/cloud-controller-manager");
    let container = seaway(rendered.only("Deployment"));
    assert!(breaches(&json!({ "containers": [container] })).is_empty());
}

#[test]
fn nothing_is_written_to_disk_and_memory_is_bounded() {
    for folder in OVERLAYS {
        let rendered = kustomize(folder);
        let container = seaway(rendered.only("Deployment"));
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{folder}");
        for mount in container["volumeMounts"].as_array().unwrap() {
            // That is the daemon's, too, and no disk of the box's.
            assert!(mount["readOnly"] == true || mount["name"] == "folder", "{folder}");
        }
        for field in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
            assert!(container["resources"].pointer(field).is_some(), "{folder}: {field}");
        }
        for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
            assert_eq!(container[probe]["httpGet"]["path"], path, "{folder}");
        }
    }
}

#[test]
fn two_processes_never_listen_on_the_addresses_of_a_box() {
    let rendered = kustomize("manifests/embedded");
    let spec = &rendered.only("Deployment")["spec"];
    assert_eq!((&spec["replicas"], &spec["strategy"]), (&json!(1), &json!({ "type": "Recreate" })));
    assert_eq!(spec["template"]["spec"]["nodeSelector"], json!({ "seaway.dev/box": "true" }));
    for pod in BOXES {
        let rendered = kustomize(pod.folder);
        let spec = &rendered.only("Deployment")["spec"];
        let update = json!({ "maxSurge": 0, "maxUnavailable": 1 });
        assert_eq!(spec["strategy"], json!({ "rollingUpdate": update }), "{}", pod.folder);
        assert_eq!(spec["template"]["spec"]["nodeSelector"], json!({ "seaway.dev/box": "true" }));
        // On the host network a port of a container is one of the host's: the second pod goes
        // elsewhere.
        assert_eq!(seaway(rendered.only("Deployment"))["ports"][0]["containerPort"], 8383);
    }
}
