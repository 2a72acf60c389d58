use seaway_core::{Family, Protocol};
use seaway_provider_gce::api::{
    Affinity, Compute, Fault, Name, Purpose, Scheme, SubnetAccess, Thing, Tier,
};
use serde_json::{Value, json};

use crate::server::{lines, ok, refusal, talk};
use crate::things::{ROOT, backend, check, firewall, group, instance, rule};

fn items(items: &Value) -> Value {
    json!({"kind": "compute#list", "items": items})
}

fn rule_json() -> Value {
    json!({
        "name": "sw-a", "description": "ours", "loadBalancingScheme": "EXTERNAL", "id": "1",
        "IPProtocol": "TCP", "ports": ["80", "443"], "portRange": "80-443",
        "IPAddress": "192.0.2.1", "networkTier": "PREMIUM",
        "backendService": format!("{ROOT}/p/regions/r1/backendServices/sw-b"),
    })
}

fn with(mut thing: Value, field: &str, value: Value) -> Value {
    thing[field] = value;
    thing
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let more = json!({"items": [rule_json()], "nextPageToken": "more"});
    let (gce, server) = talk([ok(&more), ok(&json!({"kind": "compute#list"}))]).await;
    assert_eq!(gce.forwarding_rules("sw-").await.unwrap(), [rule()]);

    let seen = server.seen();
    assert_eq!(lines(&server), ["GET p/regions/r1/forwardingRules"; 2]);
    let token = |index: usize| seen[index].query.get("pageToken").map_or("", String::as_str);
    assert_eq!((token(0), token(1)), ("", "more"));
    for request in &seen {
        assert_eq!(request.query["filter"], "name eq ^sw-.*");
        assert_eq!(request.query["maxResults"], "500");
        assert!(request.headers["user-agent"].starts_with("seaway/"));
        assert!(!request.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn rules_that_we_have_no_words_for_are_left_out() {
    let proxy = with(rule_json(), "target", json!(format!("{ROOT}/p/global/targetTcpProxies/t")));
    let all = with(rule_json(), "allPorts", json!(true));
    let l3 = with(rule_json(), "IPProtocol", json!("L3_DEFAULT"));
    let managed = with(rule_json(), "loadBalancingScheme", json!("EXTERNAL_MANAGED"));
    let new = with(rule_json(), "loadBalancingScheme", json!("NEVER_HEARD_OF"));
    let mut range = rule_json();
    range.as_object_mut().unwrap().remove("ports");
    let listed = json!([proxy, all, l3, managed, new, range, rule_json()]);
    let (gce, _server) = talk([ok(&items(&listed))]).await;
    assert_eq!(gce.forwarding_rules("sw-").await.unwrap(), [rule()]);
}

#[tokio::test]
async fn what_we_have_no_words_for_is_refused_when_it_is_read() {
    let all = with(rule_json(), "allPorts", json!(true));
    let missing = refusal(404, "notFound", "The resource was not found");
    let (gce, server) = talk([ok(&rule_json()), missing, ok(&all)]).await;
    let name = Name::ForwardingRule("sw-a".to_owned());
    assert_eq!(gce.read(&name).await.unwrap(), Some(Thing::ForwardingRule(rule())));
    assert_eq!(gce.read(&name).await.unwrap(), None);
    let fault = gce.read(&name).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Refused { status: 409, reason, .. } if reason == "foreignShape")
    );
    assert_eq!(lines(&server), ["GET p/regions/r1/forwardingRules/sw-a"; 3]);
}

#[tokio::test]
async fn an_address_of_ipv6_has_no_prefix_length() {
    let v6 =
        with(with(rule_json(), "IPAddress", json!("2001:db8::/96")), "ipVersion", json!("IPV6"));
    let address = json!({
        "name": "x", "address": "2001:db8::", "prefixLength": 96, "ipVersion": "IPV6",
        "addressType": "EXTERNAL", "networkTier": "PREMIUM", "status": "IN_USE",
        "subnetwork": format!("{ROOT}/host/regions/r1/subnetworks/sub"),
    });
    let (gce, server) = talk([ok(&items(&json!([v6]))), ok(&items(&json!([address])))]).await;
    let ip = "2001:db8::".parse().ok();
    let rules = gce.forwarding_rules("sw-").await.unwrap();
    assert_eq!((rules[0].ip, rules[0].family), (ip, Family::IPv6));
    let addresses = gce.addresses().await.unwrap();
    assert_eq!((addresses[0].ip, addresses[0].family), (ip, Family::IPv6));
    assert_eq!(addresses[0].subnet.as_deref(), Some("sub"));
    assert_eq!(addresses[0].tier, Some(Tier::Premium));
    assert!(!server.seen()[1].query.contains_key("filter"), "those of users count too");
}

#[tokio::test]
async fn an_internal_address_has_a_purpose_and_no_tier() {
    let listed = |purpose: &str| {
        json!({"name": "x", "address": "10.0.0.9", "addressType": "INTERNAL",
               "networkTier": "PREMIUM", "purpose": purpose})
    };
    let all = json!([listed("GCE_ENDPOINT"), listed("SHARED_LOADBALANCER_VIP"), listed("NEW")]);
    let (gce, _server) = talk([ok(&items(&all))]).await;
    let addresses = gce.addresses().await.unwrap();
    let purposes: Vec<_> = addresses.iter().map(|it| it.purpose).collect();
    let wanted = [Purpose::Endpoint, Purpose::Shared, Purpose::Other].map(Some);
    assert_eq!(purposes, wanted);
    assert!(addresses.iter().all(|it| it.tier.is_none() && it.scheme == Scheme::Internal));
}

fn backend_json() -> Value {
    json!({
        "name": "sw-b", "description": "ours", "loadBalancingScheme": "EXTERNAL",
        "protocol": "TCP", "sessionAffinity": "NONE", "timeoutSec": 30,
        "connectionDraining": {"drainingTimeoutSec": 30}, "fingerprint": "-_-_",
        "healthChecks": [format!("{ROOT}/p/regions/r1/healthChecks/sw-h")],
        "backends": [{"group": format!("{ROOT}/p/zones/r1-a/instanceGroups/sw-g")}],
    })
}

#[tokio::test]
async fn backend_services_are_told_apart() {
    let strong = json!({"enableStrongAffinity": true, "trackingMode": "PER_SESSION",
                        "idleTimeoutSec": 60});
    let sticky = with(backend_json(), "sessionAffinity", json!("CLIENT_IP"));
    let checks = json!([format!("{ROOT}/p/global/healthChecks/sw-h")]);
    let groups = json!([{"group": format!("{ROOT}/p/zones/r1-a/networkEndpointGroups/n")}]);
    let all = json!([
        backend_json(),
        sticky,
        with(sticky.clone(), "connectionTrackingPolicy", strong),
        with(backend_json(), "localityLbPolicy", json!("WEIGHTED_MAGLEV")),
        with(backend_json(), "protocol", json!("UNSPECIFIED")),
        with(backend_json(), "sessionAffinity", json!("CLIENT_IP_PROTO")),
        with(backend_json(), "healthChecks", checks),
        with(backend_json(), "backends", groups),
    ]);
    let (gce, _server) = talk([ok(&items(&all))]).await;
    let listed = gce.backend_services("sw-").await.unwrap();
    let strong = Affinity::Strong { idle: std::time::Duration::from_mins(1) };
    let mut wanted = vec![backend(), backend(), backend(), backend()];
    wanted[1].affinity = Affinity::ClientIp;
    wanted[2].affinity = strong;
    wanted[3].weighted = true;
    assert_eq!(listed, wanted);
}

#[tokio::test]
async fn health_checks_are_of_http_on_a_port_of_the_node() {
    let http = json!({"port": 10256, "requestPath": "/healthz", "proxyHeader": "NONE"});
    let ours = json!({"name": "sw-h", "description": "ours", "type": "HTTP", "timeoutSec": 1,
        "checkIntervalSec": 8, "healthyThreshold": 1, "unhealthyThreshold": 3,
        "httpHealthCheck": http});
    let tcp = json!({"name": "sw-t", "type": "TCP", "tcpHealthCheck": {"port": 80}});
    let (gce, _server) = talk([ok(&items(&json!([tcp, ours])))]).await;
    assert_eq!(gce.health_checks("sw-").await.unwrap(), [check()]);
}

#[tokio::test]
async fn firewall_rules_are_of_the_networks_project() {
    let ours = |destination: &str| {
        json!({
            "name": "sw-f", "description": "ours", "network": format!("{ROOT}/host/global/networks/net"),
            "direction": "INGRESS", "priority": 1000, "disabled": false,
            "sourceRanges": ["198.51.100.0/24"], "destinationRanges": [destination],
            "allowed": [{"IPProtocol": "tcp", "ports": ["80", "8000-8010"]},
                        {"IPProtocol": "udp", "ports": ["53"]}],
        })
    };
    let network = json!(format!("{ROOT}/host/global/networks/other"));
    let all = json!([
        ours("192.0.2.1"),
        ours("192.0.2.1/32"),
        with(ours("192.0.2.1"), "network", network),
        with(ours("192.0.2.1"), "direction", json!("EGRESS")),
        with(ours("192.0.2.1"), "denied", json!([{"IPProtocol": "tcp"}])),
        with(ours("192.0.2.1"), "disabled", json!(true)),
        with(ours("192.0.2.1"), "allowed", json!([{"IPProtocol": "esp"}])),
    ]);
    let (gce, server) = talk([ok(&items(&all))]).await;
    assert_eq!(gce.firewalls("sw-").await.unwrap(), [firewall(), firewall()]);
    assert_eq!(lines(&server), ["GET host/global/firewalls"]);
}

#[tokio::test]
async fn a_rule_without_ports_opens_them_all() {
    let all =
        json!([{"name": "sw-f", "sourceRanges": ["::/0"], "allowed": [{"IPProtocol": "tcp"}]}]);
    let (gce, _server) = talk([ok(&items(&all))]).await;
    let rules = gce.firewalls("sw-").await.unwrap();
    let open = rules[0].open.first().unwrap();
    assert_eq!((open.protocol, open.from, open.to), (Protocol::Tcp, 0, u16::MAX));
}

#[tokio::test]
async fn groups_are_those_of_the_regions_zones() {
    let group = |name: &str| json!({"instanceGroups": [{"name": name, "size": 3}]});
    let empty = json!({"warning": {"code": "NO_RESULTS_ON_PAGE"}});
    let all = json!({"items": {
        "zones/r1-b": group("sw-2"), "zones/r1-a": group("sw-1"), "zones/r12-a": group("sw-3"),
        "regions/r1": group("sw-4"), "zones/r1-c": empty,
    }});
    let (gce, server) = talk([ok(&all)]).await;
    let groups = gce.instance_groups("sw-").await.unwrap();
    let names: Vec<_> = groups.iter().map(|it| (it.zone.as_str(), it.name.as_str())).collect();
    assert_eq!(names, [("r1-a", "sw-1"), ("r1-b", "sw-2")]);
    assert_eq!(lines(&server), ["GET p/aggregated/instanceGroups"]);
}

#[tokio::test]
async fn members_come_by_a_post() {
    let member = |name: &str| json!({"instance": format!("{ROOT}/p/zones/r1-a/instances/{name}")});
    let first = json!({"items": [member("n1")], "nextPageToken": "more"});
    let (gce, server) = talk([ok(&first), ok(&items(&json!([member("n2")])))]).await;
    assert_eq!(gce.members(&group()).await.unwrap(), [instance("n1"), instance("n2")]);
    assert_eq!(lines(&server), ["POST p/zones/r1-a/instanceGroups/sw-g/listInstances"; 2]);
}

#[tokio::test]
async fn an_instance_is_up_if_it_is_by_any_address() {
    let state = |name: &str, state: &str| {
        let instance = format!("{ROOT}/p/zones/r1-a/instances/{name}");
        json!({"instance": instance, "healthState": state, "ipAddress": "10.0.0.1"})
    };
    let all = json!({"healthStatus": [
        state("n1", "HEALTHY"), state("n1", "UNHEALTHY"), state("n2", "UNHEALTHY"),
    ]});
    let (gce, server) = talk([ok(&all)]).await;
    let health = gce.health("sw-b", &group()).await.unwrap();
    assert_eq!(health, [(instance("n1"), true), (instance("n2"), false)]);
    let request = &server.seen()[0];
    assert_eq!(request.line(), "POST p/regions/r1/backendServices/sw-b/getHealth");
    assert_eq!(request.body["group"], format!("{ROOT}/p/zones/r1-a/instanceGroups/sw-g"));
}

#[tokio::test]
async fn subnetworks_are_the_networks_own() {
    let subnet = |name: &str| {
        json!({"name": name, "network": format!("{ROOT}/host/global/networks/net"),
               "ipCidrRange": "10.0.0.0/24", "purpose": "PRIVATE", "stackType": "IPV4_ONLY"})
    };
    let dual = with(subnet("dual"), "ipv6AccessType", json!("EXTERNAL"));
    let dual = with(dual, "externalIpv6Prefix", json!("2001:db8::/64"));
    let inner = with(subnet("inner"), "ipv6AccessType", json!("INTERNAL"));
    let inner = with(inner, "internalIpv6Prefix", json!("fd20::/64"));
    let proxies = with(subnet("proxies"), "purpose", json!("REGIONAL_MANAGED_PROXY"));
    let other = with(subnet("x"), "network", json!(format!("{ROOT}/host/global/networks/other")));
    let all = json!([subnet("plain"), dual, inner, proxies, other]);
    let (gce, server) = talk([ok(&items(&all))]).await;
    let subnets = gce.subnets().await.unwrap();
    let names: Vec<_> = subnets.iter().map(|it| (it.name.as_str(), it.access)).collect();
    let wanted = [
        ("plain", SubnetAccess::None),
        ("dual", SubnetAccess::External),
        ("inner", SubnetAccess::Internal),
    ];
    assert_eq!(names, wanted);
    assert!(subnets[0].v6.is_none() && subnets[1].v6.is_some() && subnets[2].v6.is_some());
    assert_eq!(lines(&server), ["GET host/regions/r1/subnetworks"]);
}
