//! A Service gets its load balancer.

use std::collections::{BTreeMap, BTreeSet};

use seaway_integration::condition;
use seaway_integration::google::{CLUSTER, ZONES};
use serde_json::json;

use crate::site::Site;
use crate::witness::{last, mark, shown, text, texts};

#[tokio::test]
async fn a_service_of_both_protocols_gets_one_address_and_the_nodes_of_three_zones() {
    let site = Site::new(4).await;
    let seaway = site.seaway().await;
    let ports = json!([
        { "name": "http", "port": 80, "targetPort": 8080 },
        { "name": "https", "port": 443, "targetPort": 8443 },
        { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 8080 },
    ]);
    let service = site.create("web", json!({ "ports": ports })).await;
    let addresses = site.converges("web").await;
    let [ip] = addresses[..] else { panic!("{addresses:?}") };

    // The ports are those of the Service: no NodePort has a part in it.
    let open = ["tcp:80", "tcp:443", "udp:53"].map(|port| (ip, port.to_owned()));
    assert_eq!(site.open("web"), BTreeSet::from(open));
    let rules = site.rules("web");
    assert_eq!(rules.len(), 2, "one for each protocol: {rules:?}");
    let expected = [(0, vec!["node-1", "node-4"]), (1, vec!["node-2"]), (2, vec!["node-3"])];
    let expected = expected.map(|(zone, nodes)| {
        (ZONES[zone].to_owned(), nodes.into_iter().map(str::to_owned).collect())
    });
    assert_eq!(site.groups(), BTreeMap::from(expected));
    let services = site.things("backendServices", "web");
    assert_eq!(services.len(), 2, "{services:?}");
    for service in services {
        let groups = service["backends"].as_array().unwrap().iter();
        let zones = groups.map(|it| text(it, "group").split('/').rev().nth(2).unwrap());
        assert_eq!(zones.collect::<BTreeSet<_>>(), BTreeSet::from(ZONES));
        let drain = service["connectionDraining"]["drainingTimeoutSec"].as_u64().unwrap_or(0);
        assert_eq!(drain, if service["protocol"] == "TCP" { 30 } else { 0 }, "{service}");
    }

    // Everything says whose it is; the rest is somebody else's, and as it was.
    let uid = service.metadata.uid.unwrap();
    for kind in ["backendServices", "firewalls", "forwardingRules"] {
        for thing in site.things(kind, "web") {
            assert!(text(&thing, "description").contains(&uid), "{thing}");
        }
    }
    for (name, thing) in crate::witness::inventory(&site.gce) {
        let ours = mark(&thing).is_some_and(|(cluster, _)| cluster == CLUSTER);
        assert!(ours || site.before.get(&name) == Some(&thing), "{thing}");
        assert!(!ours || last(&name).starts_with("sw-"), "{name}");
    }

    let event = site.cluster.tells("web", "EnsuredLoadBalancer").await;
    assert!(event.message.unwrap().contains(&ip.to_string()));
    let service = site.cluster.service("web").await.unwrap();
    assert_eq!(shown(&service), [(ip.to_string(), "VIP".to_owned())]);
    let accepted = condition(&service, "seaway.dev/Accepted").unwrap();
    assert!(accepted.status == "True" && accepted.message.contains("gce"), "{accepted:?}");
    site.close(seaway).await;
}

#[tokio::test]
async fn a_second_one_costs_three_writes_and_a_read() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    site.create("first", json!({})).await;
    site.converges("first").await;
    site.gce.reset_counts();
    site.create("web", json!({})).await;
    site.converges("web").await;
    let mut counts = site.gce.counts();
    counts.retain(|method, _| !method.contains("Operations."));
    let expected = [
        "compute.firewalls.insert",
        "compute.forwardingRules.get",
        "compute.forwardingRules.insert",
        "compute.regionBackendServices.insert",
    ];
    assert_eq!(counts, BTreeMap::from(expected.map(|method| (method.to_owned(), 1))));
    let firewall = site.things("firewalls", "web").remove(0);
    assert_eq!(texts(&firewall["sourceRanges"]), ["0.0.0.0/0"]);
    site.close(seaway).await;
}
