//! A load balancer from first to last, through the whole fake: what the rules answer fits the schemas.

use serde_json::{Value, json};

use super::{REGION, ZONE, inner, on};
use crate::MockGce;

/// A write or read that must succeed.
#[track_caller]
fn done(gce: &MockGce, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = gce.ask(method, &format!("projects/seaway/{path}"), body);
    assert_eq!((status, answer.get("error")), (200, None), "{method} {path}: {answer}");
    answer
}

#[track_caller]
fn insert(gce: &MockGce, place: &str, collection: &str, name: &str, mut body: Value) -> Value {
    body["name"] = name.into();
    done(gce, "POST", &format!("{place}/{collection}"), body);
    done(gce, "GET", &format!("{place}/{collection}/{name}"), Value::Null)
}

#[tokio::test]
async fn a_load_balancer_comes_and_goes_in_the_words_of_the_schemas() {
    let gce = MockGce::start().await;
    gce.seed();
    gce.add_instance("europe-west1-b", "n1", "default");
    insert(&gce, REGION, "healthChecks", "hc", json!({"type": "HTTP"}));
    insert(&gce, ZONE, "instanceGroups", "ig", json!({}));
    let members = json!({"instances": [{"instance": format!("{ZONE}/instances/n1")}]});
    done(&gce, "POST", &format!("{ZONE}/instanceGroups/ig/addInstances"), members);
    let listed = format!("{ZONE}/instanceGroups/ig/listInstances");
    let listed = done(&gce, "POST", &listed, json!({"instanceState": "ALL"}));
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    for (name, scheme) in [("tcp", "EXTERNAL"), ("inner", "INTERNAL")] {
        let body = json!({"loadBalancingScheme": scheme, "protocol": "TCP",
            "connectionDraining": {"drainingTimeoutSec": 30},
            "healthChecks": [format!("{REGION}/healthChecks/hc")],
            "backends": [{"group": format!("{ZONE}/instanceGroups/ig")}]});
        insert(&gce, REGION, "backendServices", name, body);
    }
    let group = json!({"group": format!("{ZONE}/instanceGroups/ig")});
    let health = format!("{REGION}/backendServices/tcp/getHealth");
    let health = done(&gce, "POST", &health, group);
    assert_eq!(health["healthStatus"][0]["healthState"], "HEALTHY");

    let made = insert(&gce, REGION, "forwardingRules", "a", on("80"));
    let own = json!({"address": made["IPAddress"]});
    assert_eq!(insert(&gce, REGION, "addresses", "vip", own)["status"], "IN_USE");
    let subnet = format!("{REGION}/subnetworks/default");
    let six = json!({"ipVersion": "IPV6", "ipv6EndpointType": "NETLB", "subnetwork": subnet});
    insert(&gce, REGION, "addresses", "six", six);
    let mut second = on("80");
    second["IPAddress"] = "six".into();
    insert(&gce, REGION, "forwardingRules", "b", second);
    insert(&gce, REGION, "forwardingRules", "c", inner("80"));
    done(&gce, "PATCH", &format!("{REGION}/forwardingRules/c"), json!({"allowGlobalAccess": true}));
    let open = json!({"allowed": [{"IPProtocol": "tcp", "ports": ["80"]}]});
    insert(&gce, "global", "firewalls", "fw", open.clone());
    done(&gce, "PUT", "global/firewalls/fw", open);

    let neg = json!({"networkEndpointType": "GCE_VM_IP", "subnetwork": subnet});
    insert(&gce, ZONE, "networkEndpointGroups", "neg", neg);
    let path = format!("{ZONE}/networkEndpointGroups/neg");
    let endpoints = json!({"networkEndpoints": [{"instance": "n1"}]});
    done(&gce, "POST", &format!("{path}/attachNetworkEndpoints"), endpoints);
    done(&gce, "POST", &format!("{path}/listNetworkEndpoints"), json!({}));
    let pool = json!({"instances": [format!("{ZONE}/instances/n1")]});
    insert(&gce, REGION, "targetPools", "pool", pool);

    for path in ["forwardingRules/a", "forwardingRules/b", "forwardingRules/c", "addresses/vip"] {
        done(&gce, "DELETE", &format!("{REGION}/{path}"), Value::Null);
    }
    for path in ["backendServices/tcp", "backendServices/inner", "healthChecks/hc"] {
        done(&gce, "DELETE", &format!("{REGION}/{path}"), Value::Null);
    }
    done(&gce, "DELETE", &format!("{ZONE}/instanceGroups/ig"), Value::Null);
    assert_eq!(gce.violations(), Vec::<String>::new());
}
