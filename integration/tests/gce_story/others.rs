//! What somebody else has in the same project: Seaway leaves it as it is.

use seaway_mock_gce::MockGce;
use serde_json::json;

use crate::site::REGIONAL;

/// A load balancer of another cluster, and what people have made by hand.
pub(crate) fn furnish(gce: &MockGce) {
    let post = |path: &str, body| {
        let (status, answer) = gce.ask("POST", path, body);
        assert_eq!(status, 200, "{answer}");
    };
    let mark = json!({
        "seaway.dev/cluster": "other",
        "seaway.dev/service": "default/web",
        "seaway.dev/service-uid": "9d0f",
    })
    .to_string();
    let check = json!({
        "name": "theirs",
        "type": "HTTP",
        "httpHealthCheck": { "port": 10_256, "requestPath": "/healthz" },
    });
    post(&format!("{REGIONAL}/healthChecks"), check);
    let service = json!({
        "name": "theirs",
        "description": mark,
        "loadBalancingScheme": "EXTERNAL",
        "protocol": "TCP",
        "healthChecks": [format!("{REGIONAL}/healthChecks/theirs")],
    });
    post(&format!("{REGIONAL}/backendServices"), service);
    let rule = json!({
        "name": "theirs",
        "description": mark,
        "loadBalancingScheme": "EXTERNAL",
        "IPProtocol": "TCP",
        "ports": ["80"],
        "backendService": format!("{REGIONAL}/backendServices/theirs"),
    });
    post(&format!("{REGIONAL}/forwardingRules"), rule);
    let firewall = json!({
        "name": "theirs",
        "network": "projects/seaway/global/networks/default",
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }],
    });
    post("projects/seaway/global/firewalls", firewall);
    post(&format!("{REGIONAL}/addresses"), json!({ "name": "theirs" }));
    post("projects/seaway/zones/europe-west1-b/instanceGroups", json!({ "name": "theirs" }));
}
