//! A Service gets its load balancer.

use seaway_integration::condition;
use serde_json::json;

use crate::site::{CLUSTER, Site};
use crate::witness::{at, behind, node_ports};

#[tokio::test]
async fn a_service_gets_a_load_balancer_with_a_listener_and_a_target_group_for_each_port() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    let ports = json!([
        { "name": "http", "port": 80, "targetPort": 8080 },
        { "name": "https", "port": 443, "targetPort": 8443 },
        { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 8080 },
    ]);
    let service = site.create("web", json!({ "ports": ports })).await;
    let hostname = site.converges("web").await;

    let now = site.aws.inventory().await;
    let balancer = site.balancer().await;
    assert_eq!((balancer.dns.as_str(), balancer.scheme.as_str()), (hostname.as_str(), "internal"));
    assert_eq!(balancer.state, "active");
    assert_eq!(balancer.subnets, site.seed.private.iter().map(|it| it.id.clone()).collect());
    assert_eq!(now.target_groups.len(), 3);
    let expected = [(80, "TCP"), (443, "TCP"), (53, "UDP")];
    for ((port, protocol), node_port) in expected.into_iter().zip(node_ports(&service)) {
        let group = behind(&now, &balancer, port).unwrap();
        assert_eq!(balancer.listeners[&port].protocol, protocol);
        assert_eq!(group.settings["Protocol"], protocol);
        assert_eq!(group.registered(), at(&[1, 2, 3], node_port));
        assert!(group.targets.values().all(|state| state == "healthy"), "{:?}", group.targets);
    }
    let uid = service.metadata.uid.unwrap();
    let listeners = balancer.listeners.values().map(|it| &it.tags);
    let groups = now.target_groups.values().map(|it| &it.tags);
    for tags in [&balancer.tags].into_iter().chain(listeners).chain(groups) {
        assert_eq!(tags["seaway.dev/cluster"], CLUSTER);
        assert_eq!(tags["seaway.dev/service"], "default/web");
        assert_eq!(tags["seaway.dev/service-uid"], uid);
    }
    // The nodes let the load balancers in, once for all of them.
    let nodes = &now.security_groups[&site.seed.node_group];
    assert!(nodes.rules.iter().any(|rule| (rule.from, rule.to) == (30_000, 32_767)), "{nodes:?}");
    assert!(nodes.rules.iter().all(|rule| balancer.security_groups.contains(&rule.source)));

    let event = site.cluster.tells("web", "EnsuredLoadBalancer").await;
    assert!(event.message.unwrap().contains(&hostname));
    let service = site.cluster.service("web").await.unwrap();
    let accepted = condition(&service, "seaway.dev/Accepted").unwrap();
    assert!(accepted.status == "True" && accepted.message.contains("aws"), "{accepted:?}");
    seaway.stop().await;
}
