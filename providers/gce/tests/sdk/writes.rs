use std::time::Duration;

use seaway_core::Family;
use seaway_provider_gce::api::{
    Affinity, Compute, Fault, InstanceGroup, Name, Purpose, Scheme, Thing, Tier,
};
use serde_json::{Value, json};

use crate::server::{done, lines, running, talk};
use crate::things::{ROOT, address, backend, check, firewall, group, instance, rule};

/// What is sent to insert a thing.
async fn body(thing: Thing) -> Value {
    let (gce, server) = talk([done()]).await;
    gce.insert(&thing).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "an operation that has ended is not waited for");
    assert_eq!(seen[0].method, "POST");
    seen[0].body.clone()
}

#[tokio::test]
async fn an_external_rule_names_its_address_and_tier() {
    let sent = body(Thing::ForwardingRule(rule())).await;
    let wanted = json!({
        "name": "sw-a", "description": "ours", "loadBalancingScheme": "EXTERNAL",
        "IPProtocol": "TCP", "ports": ["80", "443"], "IPAddress": "192.0.2.1",
        "networkTier": "PREMIUM",
        "backendService": format!("{ROOT}/p/regions/r1/backendServices/sw-b"),
    });
    assert_eq!(sent, wanted);
}

#[tokio::test]
async fn an_internal_rule_names_its_network() {
    let mut rule = rule();
    rule.scheme = Scheme::Internal;
    rule.tier = None;
    rule.ip = None;
    rule.global_access = true;
    let sent = body(Thing::ForwardingRule(rule)).await;
    assert_eq!(sent["network"], format!("{ROOT}/host/global/networks/net"));
    assert_eq!(sent["subnetwork"], format!("{ROOT}/host/regions/r1/subnetworks/sub"));
    assert_eq!(sent["allowGlobalAccess"], true);
    assert!(sent.get("IPAddress").is_none() && sent.get("networkTier").is_none());
}

#[tokio::test]
async fn a_rule_of_ipv6_has_the_range_of_its_address() {
    let mut rule = rule();
    rule.family = Family::IPv6;
    rule.ip = "2001:db8::".parse().ok();
    rule.subnet = Some("dual".to_owned());
    let sent = body(Thing::ForwardingRule(rule)).await;
    assert_eq!(sent["IPAddress"], "2001:db8::/96");
    assert_eq!(sent["ipVersion"], "IPV6");
    assert_eq!(sent["subnetwork"], format!("{ROOT}/host/regions/r1/subnetworks/dual"));
    assert!(sent.get("network").is_none());
}

#[tokio::test]
async fn addresses_say_what_they_are_for() {
    let wanted = json!({
        "name": "sw-i", "description": "ours", "addressType": "INTERNAL",
        "purpose": "SHARED_LOADBALANCER_VIP",
        "subnetwork": format!("{ROOT}/host/regions/r1/subnetworks/nodes"),
    });
    assert_eq!(body(Thing::Address(address())).await, wanted);

    let mut promoted = address();
    promoted.scheme = Scheme::External;
    promoted.purpose = None;
    promoted.tier = Some(Tier::Standard);
    promoted.ip = "192.0.2.1".parse().ok();
    let sent = body(Thing::Address(promoted.clone())).await;
    assert_eq!(sent["address"], "192.0.2.1");
    assert_eq!(sent["networkTier"], "STANDARD");
    assert!(sent.get("subnetwork").is_none() && sent.get("purpose").is_none());

    promoted.family = Family::IPv6;
    promoted.tier = Some(Tier::Premium);
    promoted.ip = "2001:db8::".parse().ok();
    promoted.purpose = Some(Purpose::Other);
    let sent = body(Thing::Address(promoted)).await;
    assert_eq!((&sent["ipVersion"], &sent["ipv6EndpointType"]), (&json!("IPV6"), &json!("NETLB")));
    assert_eq!((&sent["address"], &sent["prefixLength"]), (&json!("2001:db8::"), &json!(96)));
}

#[tokio::test]
async fn a_backend_service_has_its_groups_by_full_urls() {
    let wanted = json!({
        "name": "sw-b", "description": "ours", "loadBalancingScheme": "EXTERNAL",
        "protocol": "TCP", "sessionAffinity": "NONE",
        "connectionDraining": {"drainingTimeoutSec": 30},
        "healthChecks": [format!("{ROOT}/p/regions/r1/healthChecks/sw-h")],
        "backends": [{"group": format!("{ROOT}/p/zones/r1-a/instanceGroups/sw-g"),
                      "balancingMode": "CONNECTION"}],
    });
    assert_eq!(body(Thing::BackendService(backend())).await, wanted);

    let mut strong = backend();
    strong.affinity = Affinity::Strong { idle: Duration::from_mins(1) };
    strong.weighted = true;
    let sent = body(Thing::BackendService(strong.clone())).await;
    let tracking = json!({"enableStrongAffinity": true, "trackingMode": "PER_SESSION",
                          "idleTimeoutSec": 60});
    assert_eq!(sent["sessionAffinity"], "CLIENT_IP");
    assert_eq!(sent["connectionTrackingPolicy"], tracking);
    assert_eq!(sent["localityLbPolicy"], "WEIGHTED_MAGLEV");
    strong.scheme = Scheme::Internal;
    let sent = body(Thing::BackendService(strong)).await;
    assert_eq!(sent["localityLbPolicy"], "WEIGHTED_GCP_RENDEZVOUS");
}

#[tokio::test]
async fn a_health_check_is_of_http() {
    let wanted = json!({
        "name": "sw-h", "description": "ours", "type": "HTTP", "checkIntervalSec": 8,
        "timeoutSec": 1, "healthyThreshold": 1, "unhealthyThreshold": 3,
        "httpHealthCheck": {"port": 10256, "requestPath": "/healthz"},
    });
    assert_eq!(body(Thing::HealthCheck(check())).await, wanted);
}

#[tokio::test]
async fn a_firewall_rule_has_its_ports_by_protocol() {
    let wanted = json!({
        "name": "sw-f", "description": "ours", "direction": "INGRESS", "priority": 1000,
        "network": format!("{ROOT}/host/global/networks/net"),
        "sourceRanges": ["198.51.100.0/24"], "destinationRanges": ["192.0.2.1/32"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["80", "8000-8010"]},
                    {"IPProtocol": "udp", "ports": ["53"]}],
    });
    assert_eq!(body(Thing::Firewall(firewall())).await, wanted);
}

#[tokio::test]
async fn a_firewall_rule_without_sources_is_not_sent() {
    let (gce, server) = talk([]).await;
    let mut open = firewall();
    open.sources.clear();
    let fault = gce.insert(&Thing::Firewall(open)).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused { status: 400, .. }), "{fault:?}");
    assert!(server.seen().is_empty(), "to Google it would be one for everybody");
}

#[tokio::test]
async fn operations_are_waited_for_where_they_run() {
    let replies = || [running(), running(), done()];
    let zonal = InstanceGroup {
        zone: "r1-a".to_owned(),
        name: "sw-g".to_owned(),
        description: "ours".to_owned(),
    };
    for (thing, insert, wait) in [
        (
            Thing::ForwardingRule(rule()),
            "POST p/regions/r1/forwardingRules",
            "POST p/regions/r1/operations/op-1/wait",
        ),
        (
            Thing::InstanceGroup(zonal),
            "POST p/zones/r1-a/instanceGroups",
            "POST p/zones/r1-a/operations/op-1/wait",
        ),
        (
            Thing::Firewall(firewall()),
            "POST host/global/firewalls",
            "POST host/global/operations/op-1/wait",
        ),
    ] {
        let (gce, server) = talk(replies()).await;
        gce.insert(&thing).await.unwrap();
        assert_eq!(lines(&server), [insert, wait, wait]);
    }
}

#[tokio::test]
async fn members_come_and_go_by_their_urls() {
    let (gce, server) = talk([done(), done()]).await;
    gce.add_members(&group(), &[instance("n1"), instance("n2")]).await.unwrap();
    gce.remove_members(&group(), &[instance("n1")]).await.unwrap();
    let url = |name: &str| json!({"instance": format!("{ROOT}/p/zones/r1-a/instances/{name}")});
    let seen = server.seen();
    assert_eq!(seen[0].line(), "POST p/zones/r1-a/instanceGroups/sw-g/addInstances");
    assert_eq!(seen[0].body, json!({"instances": [url("n1"), url("n2")]}));
    assert_eq!(seen[1].line(), "POST p/zones/r1-a/instanceGroups/sw-g/removeInstances");
    assert_eq!(seen[1].body, json!({"instances": [url("n1")]}));
    assert_ne!(seen[0].query["requestId"], seen[1].query["requestId"]);
    let other = gce.add_members(&Name::Firewall("f".to_owned()), &[]).await.unwrap_err();
    assert!(matches!(other, Fault::NotSent(_)));
}

#[tokio::test]
async fn each_kind_is_deleted_where_it_is() {
    for (name, line) in [
        (Name::Address("a".to_owned()), "DELETE p/regions/r1/addresses/a"),
        (Name::ForwardingRule("a".to_owned()), "DELETE p/regions/r1/forwardingRules/a"),
        (Name::BackendService("a".to_owned()), "DELETE p/regions/r1/backendServices/a"),
        (Name::HealthCheck("a".to_owned()), "DELETE p/regions/r1/healthChecks/a"),
        (Name::Firewall("a".to_owned()), "DELETE host/global/firewalls/a"),
        (group(), "DELETE p/zones/r1-a/instanceGroups/sw-g"),
    ] {
        let (gce, server) = talk([done()]).await;
        gce.delete(&name).await.unwrap();
        assert_eq!(lines(&server), [line]);
    }
}
