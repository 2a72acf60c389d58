//! IPv4 and IPv6 on one Service.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::condition;
use serde_json::{Value, json};

use crate::site::Site;
use crate::witness::shown;

fn web(ips: &[IpAddr]) -> BTreeSet<(IpAddr, String)> {
    ips.iter().map(|ip| (*ip, "tcp:80".to_owned())).collect()
}

#[tokio::test]
async fn a_dual_stack_service_has_an_address_of_each_and_can_lose_one_again() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    let dual = json!({ "ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"] });
    site.create("web", dual).await;
    let both = site.converges("web").await;
    assert!(both.len() == 2 && both[0].is_ipv4() && both[1].is_ipv6(), "{both:?}");
    assert_eq!(site.open("web"), web(&both));
    let service = site.cluster.service("web").await.unwrap();
    assert!(shown(&service).iter().all(|(_, mode)| mode == "VIP"));

    // A family without a source range is closed, and the user is told.
    let ranges = json!({ "loadBalancerSourceRanges": ["192.0.2.0/24"] });
    site.follows("web", ranges).await;
    assert_eq!(site.open("web"), web(&both[..1]));
    site.cluster.warns("web", &["IPv6", "nobody can connect"]).await;
    let ranges = json!({ "loadBalancerSourceRanges": Value::Null });
    site.follows("web", ranges).await;
    assert_eq!(site.open("web"), web(&both));

    let four = site.rules("web");
    let single = json!({ "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"] });
    assert_eq!(site.follows("web", single).await, both[..1]);
    assert_eq!(site.open("web"), web(&both[..1]));
    assert!(site.rules("web").keys().all(|id| four.contains_key(id)), "the rule of IPv4 stays");

    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    site.close(seaway).await;
}

#[tokio::test]
async fn a_subnetwork_without_ipv6_serves_the_other_family_and_says_so() {
    let site = Site::new(1).await;
    let seaway = site.seaway().await;
    let subnet = ("networking.gke.io/load-balancer-subnet", "second");
    let dual = json!({ "ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"] });
    site.create_with("web", &[subnet], dual).await;
    site.cluster.warns("web", &["IPv6", "second"]).await;
    let shown = site.cluster.address("web").await;
    assert!(shown.is_ipv4());
    let service = site.cluster.service("web").await.unwrap();
    assert_eq!(condition(&service, "seaway.dev/Accepted").unwrap().status, "True");
    site.close(seaway).await;
}
