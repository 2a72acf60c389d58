use serde_json::{Value, json};

use crate::render::{AWS, BOXES, CONFIG, GCE, OVERLAYS, Rendered, SYSTEMD, kustomize, template};

/// Every permission over the whole cluster, and what it is for.
fn cluster_wide() -> Value {
    json!([
        // The watch; and `get` for what is run by hand in the pod.
        { "apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"],
          "verbs": ["list", "watch"] },
        // Finalizer, conditions and address.
        { "apiGroups": [""], "resources": ["services/status"], "verbs": ["patch"] },
        // What is told to the owner of a Service, and that it has happened again.
        { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"] },
    ])
}

/// Those in the pod's own namespace: one Lease.
fn own_namespace() -> Value {
    json!([
        { "apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
          "resourceNames": ["seaway"], "verbs": ["get", "list", "update", "watch"] },
        { "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"] },
    ])
}

/// Checks that `subject` may do what is in the tables, and nothing else, and that the pods are its.
fn check(what: &str, rendered: &Rendered, namespace: &str, subject: &str) {
    allowed(what, rendered, namespace, subject);
    let workload = rendered.only("Deployment");
    assert_eq!(workload["metadata"]["namespace"], namespace, "{what}");
    assert_eq!(workload["spec"]["template"]["spec"]["serviceAccountName"], subject, "{what}");
}

fn allowed(what: &str, rendered: &Rendered, namespace: &str, subject: &str) {
    assert_eq!(rendered.only("ClusterRole")["rules"], cluster_wide(), "{what}");
    assert_eq!(rendered.only("Role")["rules"], own_namespace(), "{what}");
    assert_eq!(rendered.only("Role")["metadata"]["namespace"], namespace, "{what}");
    for (binding, kind) in [("ClusterRoleBinding", "ClusterRole"), ("RoleBinding", "Role")] {
        let binding = rendered.only(binding);
        assert_eq!(
            binding["roleRef"],
            json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "seaway" }),
            "{what}"
        );
        assert_eq!(
            binding["subjects"],
            json!([{ "kind": "ServiceAccount", "name": subject, "namespace": namespace }]),
            "{what}"
        );
    }
    assert_eq!(rendered.only("RoleBinding")["metadata"]["namespace"], namespace, "{what}");
}

#[test]
fn no_more_is_allowed_than_what_is_called() {
    for folder in [OVERLAYS[0], OVERLAYS[1], AWS, GCE, BOXES[0].folder, BOXES[1].folder] {
        check(folder, &kustomize(folder), "seaway-system", "seaway");
    }
    let manager = "cloud-controller-manager";
    check(manager, &kustomize(OVERLAYS[2]), "kube-system", manager);
    check("the chart", &template(&["--set-file", CONFIG]), "seaway-system", "seaway");
}

#[test]
fn a_box_outside_the_cluster_may_do_as_much_as_a_pod() {
    let rendered = kustomize(SYSTEMD);
    allowed(SYSTEMD, &rendered, "seaway-system", "seaway");
    let secret = rendered.only("Secret");
    assert_eq!(secret["type"], "kubernetes.io/service-account-token");
    let owner = &secret["metadata"]["annotations"]["kubernetes.io/service-account.name"];
    assert_eq!(*owner, rendered.only("ServiceAccount")["metadata"]["name"]);
    assert_eq!(rendered.only("ServiceAccount")["automountServiceAccountToken"], false);
}

#[test]
fn only_the_pod_gets_a_token() {
    let base = kustomize("manifests/base");
    assert_eq!(base.only("ServiceAccount")["automountServiceAccountToken"], false);
    let pod = &base.only("Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], true);
}
