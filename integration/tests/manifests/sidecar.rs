use serde_json::{Value, json};

use crate::render::{Rendered, kustomize, seaway};

/// The fields of Seaway's container that are the same, wherever it runs.
fn shared(container: &Value) -> Value {
    let mut fields = container.clone();
    // The pod of a manager is its own: so are its ports, addresses and users.
    for own in ["args", "env", "ports", "securityContext", "volumeMounts"] {
        fields[own].take();
    }
    for probe in ["livenessProbe", "readinessProbe"] {
        fields[probe]["httpGet"]["port"].take();
    }
    fields
}

/// Checks that Seaway is beside the manager, which no longer serves load balancers; returns the
/// manager's container.
fn check(rendered: &Rendered, kind: &str) -> Value {
    let workload = rendered.only(kind);
    let base = kustomize("manifests/base");
    let (sidecar, alone) = (seaway(workload), seaway(base.only("Deployment")));
    assert_eq!(shared(sidecar), shared(alone));

    let address = |args: &Value| {
        let args = args.as_array().unwrap().iter();
        args.filter(|arg| !arg.as_str().unwrap().starts_with("--metrics-address="))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(address(&sidecar["args"]), address(&alone["args"]));

    let pod = &workload["spec"]["template"]["spec"];
    let config = rendered.only("ConfigMap")["metadata"]["name"].clone();
    assert_eq!(sidecar["volumeMounts"][0]["name"], "seaway-config");
    let volumes = pod["volumes"].as_array().unwrap();
    let volume = volumes.iter().find(|volume| volume["name"] == "seaway-config").unwrap();
    assert_eq!(volume["configMap"]["name"], config);

    let containers = pod["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 2);
    containers.iter().find(|container| container["name"] != "seaway").unwrap().clone()
}

#[test]
fn a_manager_that_is_a_deployment_gets_it() {
    let rendered = kustomize("manifests/cloud-controller-manager");
    let manager = check(&rendered, "Deployment");
    let args = json!([
        "--cloud-provider=example",
        "--leader-elect=true",
        "--use-service-account-credentials",
        "--controllers=*,-service-lb-controller"
    ]);
    assert_eq!(manager["args"], args);
}

#[test]
fn a_manager_that_is_a_daemon_set_gets_it() {
    let rendered = kustomize("integration/tests/manifests/data/daemonset");
    let manager = check(&rendered, "DaemonSet");
    let args = ["--cloud-provider=example", "--controllers=*,-service-lb-controller"];
    assert_eq!(manager["args"], json!(args));
    // What the manager mounts is still there.
    let volumes = &rendered.only("DaemonSet")["spec"]["template"]["spec"]["volumes"];
    assert!(volumes.to_string().contains("cloud-config"), "{volumes}");
}
