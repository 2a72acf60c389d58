//! Where a load balancer can be reached from.

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{SLOW, addresses, until_within};
use serde_json::json;

use crate::site::Site;
use crate::witness::{shown, text};

const TYPE: (&str, &str) = ("networking.gke.io/load-balancer-type", "Internal");

#[tokio::test]
async fn an_internal_one_has_an_address_of_the_subnetwork_for_all_of_its_rules() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    let ports = json!([
        { "name": "web", "port": 80, "targetPort": 8080 },
        { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 8080 },
    ]);
    site.create_with("web", &[TYPE], json!({ "ports": ports })).await;
    let ip = site.converges("web").await[0];
    assert!(ip.to_string().starts_with("10.0."), "{ip} is not of the subnetwork default");
    let service = site.cluster.service("web").await.unwrap();
    assert_eq!(shown(&service), [(ip.to_string(), "VIP".to_owned())]);
    let rules = site.things("forwardingRules", "web");
    assert_eq!(rules.len(), 2, "{rules:?}");
    for rule in rules {
        assert_eq!(text(&rule, "loadBalancingScheme"), "INTERNAL");
        assert_eq!(text(&rule, "IPAddress"), ip.to_string());
    }
    let reserved = site.things("addresses", "web");
    assert_eq!(reserved.len(), 1, "{reserved:?}");
    assert_eq!(text(&reserved[0], "purpose"), "SHARED_LOADBALANCER_VIP");

    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    site.close(seaway).await;
}

#[tokio::test]
async fn one_that_becomes_internal_moves_to_another_address_and_leaves_nothing_behind() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    let old = site.converges("web").await;
    let notes = json!({ "metadata": { "annotations": { TYPE.0: TYPE.1 } } });
    site.cluster.patch("web", notes).await;
    let new = until_within(SLOW, "the status shows another address", async || {
        let shown = addresses(&site.cluster.service("web").await?);
        (shown.len() == 1 && shown != old).then_some(shown)
    })
    .await;
    assert!(new[0].to_string().starts_with("10.0."), "{new:?}");
    site.shows("the old one is gone", || {
        let rules = site.things("forwardingRules", "web");
        rules.len() == 1
            && text(&rules[0], "IPAddress") == new[0].to_string()
            && site.things("backendServices", "web").len() == 1
            && site.things("firewalls", "web").len() == 1
    })
    .await;
    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    site.close(seaway).await;
}
