use seaway_core::{LbSpec, Node, SourceRanges};
use serde_json::{Value, json};

/// The Service that asks for this, with the NodePorts that the nodes of the world answer at.
pub(crate) fn service(spec: &LbSpec) -> Value {
    let ports: Vec<_> = spec
        .ports
        .iter()
        .map(|port| {
            json!({
                "name": format!("{}-{}", port.port, port.protocol).to_lowercase(),
                "port": port.port,
                "nodePort": port.node_port,
                "protocol": port.protocol.to_string(),
            })
        })
        .collect();
    // Null is what takes it away where there was one.
    let ranges = match &spec.source_ranges {
        SourceRanges::Anyone => Value::Null,
        SourceRanges::Only(all) => all.iter().map(ToString::to_string).collect(),
    };
    json!({
        "metadata": { "name": spec.service.name, "annotations": spec.settings },
        "spec": {
            "type": "LoadBalancer",
            "ports": ports,
            "ipFamilies": spec.families.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "loadBalancerSourceRanges": ranges,
        },
    })
}

/// The Node that is seen as this.
pub(crate) fn node(node: &Node) -> Value {
    let addresses: Vec<_> = node
        .addresses
        .iter()
        .map(|address| json!({ "type": "InternalIP", "address": address }))
        .collect();
    json!({
        "metadata": {
            "name": node.name,
            "labels": { "topology.kubernetes.io/zone": node.zone },
        },
        "spec": { "providerID": node.provider_id },
        "status": { "addresses": addresses },
    })
}
