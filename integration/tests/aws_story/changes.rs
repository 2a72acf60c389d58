//! A Service is changed while it serves: its load balancer stays, and follows.

use seaway_integration::Controller;
use seaway_integration::mock_aws::{Balancer, Inventory};
use serde_json::{Value, json};

use crate::site::Site;
use crate::witness::{at, behind, node_ports};

/// A site with a Service that is served, and its load balancer.
async fn web(spec: Value) -> (Site, Controller, Balancer) {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", spec).await;
    site.converges("web").await;
    let balancer = site.balancer().await;
    (site, seaway, balancer)
}

impl Site {
    /// Changes the Service, waits until it is so, and returns what there is then.
    async fn changed(&self, spec: Value) -> (Inventory, Balancer) {
        self.aws.reset_counts();
        self.cluster.follows("web", json!({ "spec": spec })).await;
        (self.aws.inventory().await, self.balancer().await)
    }
}

#[tokio::test]
async fn ports_are_added_moved_and_removed() {
    let http = json!({ "name": "http", "port": 80, "nodePort": 31_180 });
    let (site, seaway, first) = web(json!({ "ports": [http] })).await;

    let https = json!({ "name": "https", "port": 443, "nodePort": 31_143 });
    let (now, balancer) = site.changed(json!({ "ports": [http, https] })).await;
    assert_eq!(balancer.arn, first.arn);
    assert_eq!(balancer.listeners.keys().collect::<Vec<_>>(), [&80, &443]);
    assert_eq!(balancer.listeners[&80], first.listeners[&80]);
    assert_eq!(behind(&now, &balancer, 443).unwrap().registered(), at(&[1, 2], 31_143));

    // Another NodePort: the target group stays, and what is in it is exchanged.
    let moved = json!({ "name": "https", "port": 443, "nodePort": 31_144 });
    let (now, balancer) = site.changed(json!({ "ports": [http, moved] })).await;
    assert_eq!(behind(&now, &balancer, 443).unwrap().registered(), at(&[1, 2], 31_144));
    let writes = site.writes();
    assert_eq!(writes.keys().collect::<Vec<_>>(), ["DeregisterTargets", "RegisterTargets"]);

    let (now, balancer) = site.changed(json!({ "ports": [moved] })).await;
    assert_eq!(balancer.listeners.keys().collect::<Vec<_>>(), [&443]);
    assert_eq!((balancer.arn, now.target_groups.len()), (first.arn, 1));
    seaway.stop().await;
}

#[tokio::test]
async fn source_ranges_decide_who_may_connect() {
    let (site, seaway, first) = web(json!({})).await;
    let sources = |now: &Inventory, balancer: &Balancer| -> Vec<String> {
        let groups = balancer.security_groups.iter().map(|id| &now.security_groups[id]);
        groups.flat_map(|group| &group.rules).map(|rule| rule.source.clone()).collect()
    };
    let now = site.aws.inventory().await;
    assert!(sources(&now, &first).contains(&"0.0.0.0/0".to_owned()));

    let only = |range: &str| json!({ "loadBalancerSourceRanges": [range] });
    for range in ["192.0.2.0/24", "198.51.100.0/24"] {
        let (now, balancer) = site.changed(only(range)).await;
        assert_eq!(sources(&now, &balancer), [range]);
        assert_eq!(balancer.arn, first.arn);
    }
    let (now, balancer) = site.changed(json!({ "loadBalancerSourceRanges": null })).await;
    assert_eq!(balancer.security_groups, first.security_groups);
    assert!(sources(&now, &balancer).contains(&"0.0.0.0/0".to_owned()));
    let made = now.security_groups.len() - site.before.security_groups.len();
    assert_eq!(made, 2, "that of the ranges is left: {:?}", now.security_groups);
    seaway.stop().await;
}

#[tokio::test]
async fn with_traffic_to_local_pods_only_each_node_is_asked_whether_it_has_one() {
    let (site, seaway, first) = web(json!({})).await;
    let (now, balancer) = site.changed(json!({ "externalTrafficPolicy": "Local" })).await;
    let service = site.cluster.service("web").await.unwrap();
    let port = service.spec.as_ref().unwrap().health_check_node_port.unwrap();
    let group = behind(&now, &balancer, 80).unwrap();
    assert_eq!(group.settings["HealthCheckPort"], port.to_string());
    assert_eq!(group.registered(), at(&[1, 2], node_ports(&service)[0]));
    assert_eq!(balancer.arn, first.arn);

    let (now, balancer) = site.changed(json!({ "externalTrafficPolicy": "Cluster" })).await;
    let group = behind(&now, &balancer, 80).unwrap();
    assert_eq!((group.settings["HealthCheckPort"].as_str(), balancer), ("10256", first));
    seaway.stop().await;
}
