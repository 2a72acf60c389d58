//! What can't be changed in place: it is made beside the old, and the old goes once clients know.

use seaway_core::{Address, Family};
use seaway_testkit::rig::{pass, trouble, warnings};
use seaway_testkit::spec;
use serde_json::json;

use crate::scene::{calls, names, settled, things};

const TYPE: &str = "networking.gke.io/load-balancer-type";
const TIER: &str = "cloud.google.com/network-tier";
const NAMED: &str = "networking.gke.io/load-balancer-ip-addresses";

#[tokio::test]
async fn an_internal_one_has_an_address_that_rules_can_share() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).udp(53).setting(TYPE, "Internal"));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let address = &things(&rig, "addresses", "a")[0];
    assert_eq!(address["purpose"], "SHARED_LOADBALANCER_VIP");
    assert_eq!(things(&rig, "forwardingRules", "a").len(), 2);
    assert!(address["address"].as_str().unwrap().starts_with("10.0."), "{address}");
}

#[tokio::test]
async fn another_scheme_is_made_before_the_old_one_goes() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let before = rig.published("a");
    rig.put(spec("a").port(80).setting(TYPE, "Internal"));
    // The status still shows the old address.
    pass(&mut rig, "a").await;
    assert_eq!(things(&rig, "forwardingRules", "a").len(), 2);
    rig.converge().await.unwrap();
    assert_eq!(std::mem::take(&mut rig.moves), 1);
    rig.verify().await.unwrap();
    assert_ne!(rig.published("a"), before);
    for kind in ["forwardingRules", "backendServices", "firewalls", "addresses"] {
        assert_eq!(names(&rig, kind, "a").len(), 1, "{kind}");
    }
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(std::mem::take(&mut rig.moves), 1);
    rig.verify().await.unwrap();
    assert_eq!(names(&rig, "addresses", "a").len(), 0);
}

#[tokio::test]
async fn another_tier_is_another_address() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let before = rig.published("a");
    rig.put(spec("a").port(80).setting(TIER, "Standard"));
    rig.converge().await.unwrap();
    assert_eq!(std::mem::take(&mut rig.moves), 1);
    rig.verify().await.unwrap();
    assert_ne!(rig.published("a"), before);
    let rules = things(&rig, "forwardingRules", "a");
    assert_eq!((rules.len(), &rules[0]["networkTier"]), (1, &json!("STANDARD")));
    // The backend service serves both.
    assert_eq!(names(&rig, "backendServices", "a").len(), 1);
}

#[tokio::test]
async fn an_address_that_a_user_has_reserved_is_used_and_left() {
    let mut rig = settled().await;
    let asked = rig.bench.mock.get("projects/seaway/regions/europe-west1/addresses/asked").unwrap();
    let ip = asked["address"].as_str().unwrap().to_owned();
    rig.put(spec("a").port(80).setting(NAMED, "asked"));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a"), [Address::Ip(ip.parse().unwrap())]);
    rig.delete("a");
    rig.converge().await.unwrap();
    assert!(rig.bench.mock.get("projects/seaway/regions/europe-west1/addresses/asked").is_some());
}

#[tokio::test]
async fn an_address_that_is_reserved_later_is_found() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).setting(NAMED, "later"));
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert!(error.to_string().contains("later"), "{error}");
    assert_eq!(error.class(), seaway_core::Class::Retryable);
    let path = "projects/seaway/regions/europe-west1/addresses";
    rig.bench.post(path, json!({ "name": "later" }));
    rig.converge().await.unwrap();
    rig.check_served_by("a").await.unwrap();
}

#[tokio::test]
async fn both_families_have_an_address_each() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).families([Family::IPv4, Family::IPv6]));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a").len(), 2);
    assert_eq!(names(&rig, "firewalls", "a").len(), 2);
}

/// Source ranges of one family open nothing to the other.
#[tokio::test]
async fn a_family_without_source_ranges_is_closed() {
    let mut rig = settled().await;
    let both = || spec("a").port(80).families([Family::IPv4, Family::IPv6]);
    rig.put(both());
    rig.converge().await.unwrap();
    rig.put(both().source("10.0.0.0/8"));
    let report = pass(&mut rig, "a").await;
    assert!(warnings(&report, "a").iter().any(|it| it.starts_with("NoSourceRange")), "{report:?}");
    let firewalls = things(&rig, "firewalls", "a");
    assert_eq!(firewalls.len(), 1, "{firewalls:?}");
    assert_eq!(firewalls[0]["sourceRanges"], json!(["10.0.0.0/8"]));
}

#[tokio::test]
async fn clients_of_other_regions_are_let_in_without_a_new_rule() {
    const GLOBAL: &str = "networking.gke.io/internal-load-balancer-allow-global-access";
    let mut rig = settled().await;
    rig.put(spec("a").port(80).setting(TYPE, "Internal"));
    rig.converge().await.unwrap();
    rig.bench.mock.reset_counts();
    rig.put(spec("a").port(80).setting(TYPE, "Internal").setting(GLOBAL, "true"));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(things(&rig, "forwardingRules", "a")[0]["allowGlobalAccess"], true);
    let calls = calls(&rig);
    assert_eq!(calls.get("forwardingRules.patch"), Some(&1), "{calls:?}");
    assert_eq!(calls.get("forwardingRules.insert"), None, "{calls:?}");
}

#[tokio::test]
async fn clients_may_stay_with_their_node_while_nodes_come_and_go() {
    const STRONG: &str = "networking.gke.io/l4-strong-session-affinity";
    let mut rig = settled().await;
    rig.put(spec("a").port(80).affinity(600).setting(STRONG, "enabled"));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let service = &things(&rig, "backendServices", "a")[0];
    assert_eq!(service["sessionAffinity"], "CLIENT_IP");
    let tracking = json!({
        "enableStrongAffinity": true,
        "idleTimeoutSec": 600,
        "trackingMode": "PER_SESSION",
    });
    assert_eq!(service["connectionTrackingPolicy"], tracking);
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(things(&rig, "backendServices", "a")[0]["sessionAffinity"], "NONE");
}
