//! Which changes of the nodes reach the load balancers, and what they cost.

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::PostParams;
use seaway_controller::PROVISIONED;
use serde_json::{Value, json};

use crate::lab::{Lab, Run};
use crate::rush::Rush;

const EXCLUDE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// So many Services served by the cloud, and beside them two that are none of our business.
pub(crate) async fn served(lab: &Lab, rush: &Rush, count: usize) -> Run {
    let run = rush.run(lab).await;
    lab.put("plain", &json!({ "spec": { "type": "NodePort" } })).await;
    lab.put("theirs", &json!({ "spec": { "loadBalancerClass": "example.com/other" } })).await;
    for number in 0..count {
        lab.put(&format!("web-{number}"), &json!({})).await;
    }
    for number in 0..count {
        lab.says(&format!("web-{number}"), PROVISIONED, "True Converged").await;
    }
    rush.rest(lab).await;
    run
}

/// Makes a node that has no address.
async fn put_bare_node(lab: &Lab, name: &str, spec: &Value) {
    let node = json!({ "metadata": { "name": name }, "spec": spec });
    let node: Node = serde_json::from_value(node).unwrap();
    Api::all(lab.client()).create(&PostParams::default(), &node).await.unwrap();
}

pub(crate) fn label(value: &Value) -> Value {
    json!({ "metadata": { "labels": { EXCLUDE: value } } })
}

#[tokio::test]
async fn a_change_of_the_nodes_is_one_update_of_each_load_balancer() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 3).await;
    let writes = rush.script.writes();
    lab.patch_node("node-2", label(&json!("true"))).await;
    rush.leads_to(&lab, &["node-1"]).await;
    rush.rest(&lab).await;
    assert_eq!(rush.script.writes() - writes, 3, "one call for each of ours");
    lab.patch_node("node-2", label(&json!("false"))).await;
    rush.leads_to(&lab, &["node-1", "node-2"]).await;
    run.stop().await;
}

#[tokio::test]
async fn labels_deletions_and_machines_change_the_set() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 1).await;
    lab.put_node(3, &json!({})).await;
    rush.leads_to(&lab, &["node-1", "node-2", "node-3"]).await;
    // Another machine by the same name: an id that is there never changes in place.
    lab.delete_node("node-1").await;
    put_bare_node(&lab, "node-1", &json!({ "providerID": "toy:///other-1" })).await;
    rush.leads_to(&lab, &["node-2", "node-3", "other-1"]).await;
    // A node that is being deleted is out, though a finalizer keeps its object.
    lab.patch_node("node-3", json!({ "metadata": { "finalizers": ["example.com/hold"] } })).await;
    lab.delete_node("node-3").await;
    rush.leads_to(&lab, &["node-2", "other-1"]).await;
    lab.delete_node("node-1").await;
    lab.patch_node("node-2", label(&json!(""))).await;
    lab.told("web-0", "UnAvailableLoadBalancer", "There are no available nodes").await;
    run.stop().await;
}

#[tokio::test]
async fn what_changes_no_target_costs_no_call_and_no_write() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 1).await;
    let writes = rush.script.writes();
    let ready = |ready: &str| {
        json!({ "status": { "conditions": [{ "type": "Ready", "status": ready },
            { "type": "NetworkUnavailable", "status": "True" }] } })
    };
    let taint = |key: &str, effect: &str| json!({ "spec": { "taints": [{ "key": key, "effect": effect }] } });
    for patch in [
        json!({ "metadata": { "labels": { "a": "b" } } }),
        json!({ "metadata": { "labels": { "node-role.kubernetes.io/control-plane": "" } } }),
        json!({ "metadata": { "annotations": { "a": "b" } } }),
        json!({ "spec": { "unschedulable": true } }),
        taint("example.com/busy", "NoSchedule"),
        taint("node.cloudprovider.kubernetes.io/shutdown", "NoSchedule"),
        taint("karpenter.sh/disrupted", "NoSchedule"),
        label(&json!("false")),
    ] {
        lab.patch_node("node-1", patch).await;
    }
    for status in ["False", "Unknown", "True"] {
        lab.patch_node_status("node-1", ready(status)).await;
    }
    lab.patch_node_status("node-2", ready("False")).await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!((rush.passes.take(), rush.script.writes()), (Vec::new(), writes));
    assert_eq!(lab.writes(), [""; 0]);
    run.stop().await;
    // They are kept by a controller that finds them so, too.
    let run = rush.run(&lab).await;
    rush.rest(&lab).await;
    rush.leads_to(&lab, &["node-1", "node-2"]).await;
    assert_eq!(rush.script.writes(), writes);
    run.stop().await;
}

#[tokio::test]
async fn a_node_that_lacks_something_holds_nobody_up() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = lab.run(vec![rush.cloud(), rush.boxed(&["198.18.0.1"])], crate::rush::calm()).await;
    // As the kubelet registers it: the cloud names the machine later.
    put_bare_node(&lab, "node-3", &json!({})).await;
    lab.put("web", &json!({})).await;
    lab.put("boxed", &json!({ "spec": { "loadBalancerClass": "seaway.dev/one-file" } })).await;
    for name in ["web", "boxed"] {
        lab.says(name, PROVISIONED, "True Converged").await;
    }
    rush.leads_to(&lab, &["node-1", "node-2"]).await;
    let fronts = || {
        let running = rush.daemon.state().running.unwrap_or_default();
        let fronts = running.into_values().next().unwrap().fronts;
        fronts.into_iter().flat_map(|(_, _, targets)| targets).collect::<Vec<_>>()
    };
    assert_eq!(fronts().len(), 2);
    lab.patch_node("node-3", json!({ "spec": { "providerID": "toy:///node-3" } })).await;
    rush.leads_to(&lab, &["node-1", "node-2", "node-3"]).await;
    let address =
        |ip: &str| json!({ "status": { "addresses": [{ "type": "InternalIP", "address": ip }] } });
    for ip in ["192.0.2.3", "192.0.2.33"] {
        lab.patch_node_status("node-3", address(ip)).await;
        lab.until(&format!("the box knows {ip}"), async || {
            let start = format!("{ip}:");
            fronts().iter().any(|target| target.starts_with(&start)).then_some(())
        })
        .await;
    }
    assert_eq!(fronts().len(), 3, "an address that changed is followed, and the old one forgotten");
    run.stop().await;
}

#[tokio::test]
async fn without_services_nodes_cost_nothing() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 0).await;
    lab.put_node(3, &json!({})).await;
    lab.patch_node("node-2", label(&json!(""))).await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!((rush.passes.take(), rush.script.writes()), (Vec::new(), 0));
    assert_eq!(lab.writes(), [""; 0]);
    run.stop().await;
}
