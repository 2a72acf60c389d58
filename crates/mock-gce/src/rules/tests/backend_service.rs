use serde_json::{Value, json};

use super::{REGION, Site, ZONE, and, link, on, refused, rule};
use crate::state::Verb;

fn service(name: &str) -> String {
    format!("{REGION}/backendServices/{name}")
}

fn body() -> Value {
    json!({"loadBalancingScheme": "EXTERNAL", "protocol": "TCP",
        "healthChecks": [format!("{REGION}/healthChecks/hc")],
        "backends": [{"group": format!("{ZONE}/instanceGroups/ig"), "balancingMode": "CONNECTION"}]})
}

#[test]
fn a_service_gets_defaults_and_full_urls() {
    let mut site = Site::new();
    site.insert(&service("a"), body()).unwrap();
    let made = site.get(&service("a"));
    assert_eq!(made["sessionAffinity"], "NONE");
    assert_eq!(made["timeoutSec"], 30);
    assert_eq!(made["connectionDraining"], json!({"drainingTimeoutSec": 0}));
    assert_eq!(made["healthChecks"], json!([link(&format!("{REGION}/healthChecks/hc")).url()]));
    let group = link(&format!("{ZONE}/instanceGroups/ig")).url();
    assert_eq!(made["backends"], json!([{"group": group, "balancingMode": "CONNECTION"}]));
}

#[test]
fn what_a_passthrough_load_balancer_has_not_is_refused() {
    let mut site = Site::new();
    site.insert("global/healthChecks/hc", json!({"type": "TCP"})).unwrap();
    let hc = format!("{REGION}/healthChecks/hc");
    let group = format!("{ZONE}/instanceGroups/ig");
    let strong = json!({"enableStrongAffinity": true, "trackingMode": "PER_SESSION"});
    for (more, text) in [
        (json!({"loadBalancingScheme": "INTERNAL_MANAGED"}), "loadBalancingScheme"),
        (json!({"protocol": "HTTP"}), "protocol"),
        (json!({"sessionAffinity": "GENERATED_COOKIE"}), "sessionAffinity"),
        (json!({"sessionAffinity": "CLIENT_IP_NO_DESTINATION"}), "sessionAffinity"),
        (json!({"localityLbPolicy": "ROUND_ROBIN"}), "localityLbPolicy"),
        (json!({"localityLbPolicy": "WEIGHTED_GCP_RENDEZVOUS"}), "localityLbPolicy"),
        (json!({"connectionTrackingPolicy": strong}), "Strong session affinity needs"),
        (json!({"connectionTrackingPolicy": {"idleTimeoutSec": 600}}), "strong session affinity"),
        (json!({"connectionDraining": {"drainingTimeoutSec": 3601}}), "3600"),
        (
            json!({"protocol": "UDP", "connectionDraining": {"drainingTimeoutSec": 1}}),
            "not supported",
        ),
        (json!({"healthChecks": [hc, hc]}), "Exactly one"),
        (json!({"healthChecks": [format!("{REGION}/healthChecks/none")]}), "cannot be found"),
        (json!({"healthChecks": ["global/healthChecks/hc"]}), "regional health check"),
        (json!({"backends": [{"group": group, "balancingMode": "RATE"}]}), "CONNECTION"),
        (json!({"backends": [{"group": group, "maxConnections": 1}]}), "maxConnections"),
        (json!({"backends": [{"group": group}, {"group": link(&group).url()}]}), "only once"),
        (
            json!({"backends": [{"group": format!("{ZONE}/instanceGroups/none")}]}),
            "cannot be found",
        ),
        (json!({"backends": [{"group": "zones/us-east1-b/instanceGroups/x"}]}), "Cross-scope"),
    ] {
        refused(site.insert(&service("a"), and(body(), more)), 400, "invalid", text);
    }
    let none = and(body(), json!({"healthChecks": []}));
    refused(site.insert(&service("a"), none), 400, "required", "healthChecks");
    let many: Vec<Value> = (0..51).map(|_| json!({"group": group})).collect();
    let many = and(body(), json!({"backends": many}));
    refused(site.insert(&service("a"), many), 400, "invalid", "Maximum is 50");
    let good = json!({"sessionAffinity": "CLIENT_IP", "localityLbPolicy": "WEIGHTED_MAGLEV",
        "connectionTrackingPolicy": and(strong, json!({"idleTimeoutSec": 600}))});
    site.insert(&service("a"), and(body(), good)).unwrap();
    let inner =
        json!({"loadBalancingScheme": "INTERNAL", "healthChecks": ["global/healthChecks/hc"]});
    site.insert(&service("b"), and(body(), inner)).unwrap();
}

#[test]
fn a_change_needs_the_fingerprint_that_was_read() {
    let mut site = Site::with_services();
    for verb in [Verb::Update, Verb::Patch] {
        let none = site.write(verb.clone(), &service("tcp"), body());
        refused(none, 400, "required", "Required field 'resource.fingerprint' not specified");
        let stale = and(body(), json!({"fingerprint": "b2xk"}));
        refused(
            site.write(verb, &service("tcp"), stale),
            412,
            "conditionNotMet",
            "Invalid fingerprint.",
        );
    }
    site.change(Verb::Update, &service("tcp"), body()).unwrap();
}

#[test]
fn a_patch_merges_and_a_put_replaces() {
    let mut site = Site::with_services();
    let path = service("tcp");
    let draining = json!({"connectionDraining": {"drainingTimeoutSec": 30}});
    site.change(Verb::Patch, &path, and(draining, json!({"description": "d"}))).unwrap();
    let made = site.get(&path);
    assert_eq!(made["connectionDraining"]["drainingTimeoutSec"], 30);
    assert_eq!(made["backends"].as_array().unwrap().len(), 1);

    site.change(Verb::Update, &path, and(body(), json!({"backends": []}))).unwrap();
    let made = site.get(&path);
    assert_eq!(made["connectionDraining"]["drainingTimeoutSec"], 0);
    assert_eq!((made.get("description"), made["name"].as_str()), (None, Some("tcp")));
    assert!(made["backends"].as_array().is_none_or(Vec::is_empty), "{made}");
}

#[test]
fn the_scheme_stays_and_the_protocol_while_a_rule_leads_here() {
    let mut site = Site::with_services();
    let path = service("tcp");
    let inner = json!({"loadBalancingScheme": "INTERNAL"});
    refused(site.change(Verb::Patch, &path, inner), 400, "invalid", "cannot be changed");
    let udp = json!({"protocol": "UDP"});
    site.insert(&rule("a"), on("80")).unwrap();
    refused(site.change(Verb::Patch, &path, udp.clone()), 400, "invalid", "leads to this service");
    site.delete(&rule("a")).unwrap();
    site.change(Verb::Patch, &path, udp).unwrap();
}

#[test]
fn health_is_told_for_each_instance_of_a_group() {
    let mut site = Site::with_services();
    let group = format!("{ZONE}/instanceGroups/ig");
    let two = ["n1", "n2"].map(|name| json!({"instance": format!("{ZONE}/instances/{name}")}));
    site.call("addInstances", &group, json!({"instances": two})).unwrap();
    site.state.limits.unhealthy.insert("n2".to_owned());
    let health = site.ask("getHealth", &service("tcp"), json!({"group": group})).unwrap();
    let words: Vec<_> = health.iter().map(|one| one["healthState"].as_str().unwrap()).collect();
    assert_eq!(words, ["HEALTHY", "UNHEALTHY"]);
    assert_eq!(health[0]["ipAddress"], "10.0.0.11");
    site.insert(&format!("{ZONE}/instanceGroups/other"), json!({})).unwrap();
    let other = json!({"group": format!("{ZONE}/instanceGroups/other")});
    let answer = site.ask("getHealth", &service("tcp"), other).map(drop);
    refused(answer, 400, "invalid", "not a backend");
}
