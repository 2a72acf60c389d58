//! What a Service asks for, and what it costs: the behaviour that the tests of the upstream service
//! controller pin down.

use serde_json::{Value, json};

use crate::lab::{Lab, Run};
use crate::rush::{Rush, calm};

const CLASS: &str = "example.com/other";

/// A Service that is served by the cloud, and nothing is going on any more.
async fn served(lab: &Lab, rush: &Rush, name: &str, patch: &Value) -> Run {
    let run = rush.run(lab).await;
    lab.put(name, patch).await;
    lab.says(name, seaway_controller::PROVISIONED, "True Converged").await;
    rush.rest(lab).await;
    run
}

fn external(kind: &str) -> Value {
    json!({ "spec": { "type": kind, "ports": [{ "port": 80 }], "externalName": "example.com" } })
}

#[tokio::test]
async fn what_wants_no_load_balancer_of_ours_costs_no_call_and_no_write() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    lab.put("cluster", &json!({ "spec": { "type": "ClusterIP" } })).await;
    lab.put("node", &json!({ "spec": { "type": "NodePort" } })).await;
    lab.put("name", &external("ExternalName")).await;
    lab.put("theirs", &json!({ "spec": { "loadBalancerClass": CLASS } })).await;
    // The conformance suite writes statuses by hand, and nobody is to fight it.
    for name in ["cluster", "theirs"] {
        let condition = json!({ "type": "StatusPatch", "status": "True", "reason": "Test",
            "message": "by hand", "lastTransitionTime": "2026-01-02T03:04:05Z" });
        lab.patch_status(name, json!({ "status": { "conditions": [condition] } })).await;
    }
    let by_hand = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.1" }] } } });
    lab.patch_status("theirs", by_hand).await;
    lab.annotate("theirs", "patched", Some("true")).await;
    lab.put_node(3, &json!({})).await;
    lab.delete("node").await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(lab.writes(), [""; 0]);
    assert_eq!((rush.passes.take(), rush.script.writes()), (Vec::new(), 0));
    assert_eq!(lab.shown("theirs").await, ["203.0.113.1"]);
    run.stop().await;
}

#[tokio::test]
async fn a_finalizer_that_is_there_already_is_not_written_again() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    let finalizers = json!([seaway_controller::FINALIZER, "example.com/hold"]);
    lab.put("web", &json!({ "metadata": { "finalizers": finalizers } })).await;
    lab.says("web", seaway_controller::PROVISIONED, "True Converged").await;
    assert_eq!(lab.get("web").await.unwrap()["metadata"]["finalizers"], finalizers);
    lab.told("web", "EnsuredLoadBalancer", "Ensured load balancer: ").await;
    let patches = lab.writes().into_iter().filter(|write| write.starts_with("PATCH")).count();
    assert!(patches <= 2, "that it is being made, and that it is there; {patches}");
    run.stop().await;
}

#[tokio::test]
async fn a_deleted_service_that_others_hold_gets_no_finalizer_of_ours() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let held = json!({ "metadata": { "finalizers": ["example.com/hold"] } });
    let run = served(&lab, &rush, "web", &held).await;
    lab.delete("web").await;
    lab.until("only theirs is left", async || {
        let finalizers = lab.get("web").await?["metadata"]["finalizers"].clone();
        (finalizers == json!(["example.com/hold"])).then_some(())
    })
    .await;
    assert!(rush.cloud.inventory().balancers.is_empty());
    lab.put("dead", &held).await;
    lab.delete("dead").await;
    rush.rest(&lab).await;
    for name in ["web", "dead"] {
        lab.annotate(name, "example.com/touched", Some("yes")).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(lab.writes(), [""; 0]);
    assert_eq!(rush.passes.take(), []);
    for name in ["web", "dead"] {
        assert_eq!(lab.events(name, "SyncLoadBalancerFailed").await, [""; 0]);
        lab.patch(name, json!({ "metadata": { "finalizers": null } })).await;
        lab.until("it is gone", async || lab.get(name).await.is_none().then_some(())).await;
    }
    run.stop().await;
}

#[tokio::test]
async fn what_does_not_concern_the_load_balancer_costs_nothing() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let ports = json!([{ "name": "a", "port": 80 }, { "name": "b", "port": 81 }]);
    let run = served(&lab, &rush, "web", &json!({ "spec": { "ports": ports } })).await;
    let mut ports = lab.get("web").await.unwrap()["spec"]["ports"].clone();
    ports.as_array_mut().unwrap().reverse();
    let condition = json!({ "type": "example.com/Theirs", "status": "True", "reason": "Test",
        "message": "", "lastTransitionTime": "2026-01-02T03:04:05Z" });
    for patch in [
        json!({ "metadata": { "labels": { "a": "b" } } }),
        json!({ "metadata": { "annotations": { "example.com/a": "b" } } }),
        json!({ "metadata": { "annotations": { "example.com/a": null } } }),
        json!({ "metadata": { "finalizers": [seaway_controller::FINALIZER, "example.com/hold"] } }),
        json!({ "spec": { "selector": { "app": "other" } } }),
        json!({ "spec": { "internalTrafficPolicy": "Local" } }),
        json!({ "spec": { "publishNotReadyAddresses": true } }),
        json!({ "spec": { "externalIPs": ["203.0.113.5"] } }),
        json!({ "spec": { "allocateLoadBalancerNodePorts": false } }),
        json!({ "spec": { "ports": ports } }),
    ] {
        lab.patch("web", patch).await;
    }
    ports[0]["targetPort"] = json!("http");
    lab.patch("web", json!({ "spec": { "ports": ports } })).await;
    let mut conditions = lab.get("web").await.unwrap()["status"]["conditions"].clone();
    conditions.as_array_mut().unwrap().push(condition);
    lab.patch_status("web", json!({ "status": { "conditions": conditions } })).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(lab.writes(), [""; 0]);
    assert_eq!(rush.passes.take(), []);
    run.stop().await;
}

#[tokio::test]
async fn a_change_that_the_provider_need_not_act_on_is_told_as_the_update_that_it_is() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, "web", &json!({})).await;
    let (calls, at) = (rush.script.writes(), lab.shown("web").await);
    let mut ports = lab.get("web").await.unwrap()["spec"]["ports"].clone();
    ports[0]["appProtocol"] = json!("kubernetes.io/h2c");
    lab.patch("web", json!({ "spec": { "ports": ports } })).await;
    lab.told("web", "UpdatedLoadBalancer", "Updated load balancer with new spec").await;
    assert_eq!(lab.events("web", "RestoredStatus").await, [""; 0], "nobody else changed anything");
    assert_eq!((rush.script.writes(), lab.shown("web").await), (calls, at));
    run.stop().await;
}

#[tokio::test]
async fn a_port_of_several_that_loses_its_node_port_costs_the_service_nothing_it_has() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let ports = json!([{ "name": "a", "port": 80 }, { "name": "b", "port": 81 }]);
    let run = served(&lab, &rush, "web", &json!({ "spec": { "ports": ports } })).await;
    let (at, before) = (lab.shown("web").await, rush.cloud.inventory());
    let mut some = lab.get("web").await.unwrap()["spec"]["ports"].clone();
    some[1]["nodePort"] = json!(0);
    let spec = json!({ "allocateLoadBalancerNodePorts": false, "ports": some });
    lab.patch("web", json!({ "spec": spec })).await;
    let message = lab.says("web", seaway_controller::ACCEPTED, "False InvalidSpec").await;
    assert!(message.contains("port 81/TCP has no nodePort"), "{message}");
    rush.rest(&lab).await;
    assert_eq!((lab.shown("web").await, rush.cloud.inventory()), (at.clone(), before));
    lab.patch("web", json!({ "spec": { "allocateLoadBalancerNodePorts": true } })).await;
    lab.says("web", seaway_controller::PROVISIONED, "True Converged").await;
    assert_eq!(lab.shown("web").await, at);
    run.stop().await;
}

#[tokio::test]
async fn a_status_with_the_wrong_mode_is_put_right_and_an_equal_one_left_alone() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = lab.run(vec![rush.boxed(&["198.18.0.1"])], calm()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", seaway_controller::PROVISIONED, "True Converged").await;
    rush.rest(&lab).await;
    let written = |mode: &str| {
        let ingress = json!([{ "ip": "198.18.0.1", "ipMode": mode }]);
        json!({ "status": { "loadBalancer": { "ingress": ingress } } })
    };
    lab.patch_status("web", written("Proxy")).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(lab.writes(), [""; 0], "it says so already");
    lab.patch_status("web", written("VIP")).await;
    lab.until("the mode is right again", async || {
        let ingress = lab.get("web").await?["status"]["loadBalancer"]["ingress"][0].clone();
        (ingress["ipMode"] == "Proxy").then_some(())
    })
    .await;
    run.stop().await;
}

#[tokio::test]
async fn an_address_that_is_asked_for_later_is_moved_to() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = lab.run(vec![rush.boxed(&["198.18.0.1", "198.18.0.2"])], calm()).await;
    lab.put("web", &json!({})).await;
    assert_eq!(lab.address("web").await, "198.18.0.1");
    lab.patch("web", json!({ "spec": { "loadBalancerIP": "198.18.0.2" } })).await;
    lab.until("it is there", async || (lab.shown("web").await == ["198.18.0.2"]).then_some(()))
        .await;
    lab.patch("web", json!({ "spec": { "loadBalancerIP": "198.18.0.9" } })).await;
    let message = lab.says("web", seaway_controller::PROVISIONED, "False Conflict").await;
    assert!(message.contains("198.18.0.9 is not free"), "{message}");
    assert_eq!(lab.shown("web").await, ["198.18.0.2"], "never another one instead");
    run.stop().await;
}
