use super::{
    cluster::{NodeView, SIMULATED},
    pod::seconds,
};
use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{Node, NodeAddress, NodeCondition, NodeSpec, NodeStatus, NodeSystemInfo},
    apimachinery::pkg::{
        api::resource::Quantity,
        apis::meta::v1::{ObjectMeta, Time},
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::Ipv4Addr};

const VERSION: &str = "v1.36.0";
pub(crate) const ZONE: &str = "topology.kubernetes.io/zone";
const ZONES: [&str; 3] = ["a", "b", "c"];

/// The number at the end of a name such as `node-3`.
pub(crate) fn number(name: &str) -> Option<u32> {
    name.rsplit_once('-')?.1.parse().ok()
}

/// What a simulated node registers: the whole Node, status included, as a kubelet does.
pub(crate) fn manifest(name: &str, address: Ipv4Addr) -> Node {
    Node {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels(name, address)),
            ..ObjectMeta::default()
        },
        spec: Some(NodeSpec { provider_id: Some(provider_id(name)), ..NodeSpec::default() }),
        status: Some(status(name, address)),
    }
}

/// The patch for what a Node lacks that somebody made by hand; `None` if it lacks nothing.
pub(crate) fn adoption(name: &str, node: &NodeView, address: Ipv4Addr) -> Option<Value> {
    let missing: BTreeMap<_, _> = labels(name, address)
        .into_iter()
        .filter(|(label, _)| !node.labels.contains_key(label))
        .collect();
    let mut patch = json!({ "metadata": { "uid": node.uid, "labels": missing } });
    if node.provider_id.as_deref().is_none_or(str::is_empty) {
        patch["spec"] = json!({ "providerID": provider_id(name) });
    } else if missing.is_empty() {
        return None;
    }
    Some(patch)
}

/// The patch that reports a living node.
pub(crate) fn report(name: &str, uid: &str, address: Ipv4Addr) -> Value {
    json!({ "metadata": { "uid": uid }, "status": status(name, address) })
}

/// The patch that says of a node that nothing is heard of it.
pub(crate) fn silence(uid: &str) -> Value {
    let now = seconds(Timestamp::now());
    json!({
        "metadata": { "uid": uid },
        "status": { "conditions": [{
            "type": "Ready",
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": now,
        }] },
    })
}

fn provider_id(name: &str) -> String {
    format!("sandbox://{name}")
}

fn labels(name: &str, address: Ipv4Addr) -> BTreeMap<String, String> {
    let number = number(name).unwrap_or_else(|| u32::from(address) & 0xffff);
    let zone = ZONES[number.saturating_sub(1) as usize % ZONES.len()];
    [
        (SIMULATED, "true"),
        ("kubernetes.io/hostname", name),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", arch()),
        (ZONE, zone),
    ]
    .map(|(label, value)| (label.to_owned(), value.to_owned()))
    .into()
}

/// The architecture by the name that Kubernetes gives it.
fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn status(name: &str, address: Ipv4Addr) -> NodeStatus {
    let now = Time(Timestamp::now());
    let condition = |type_: &str, status: &str, reason: &str, message: &str| NodeCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_heartbeat_time: Some(now.clone()),
        last_transition_time: Some(now.clone()),
    };
    let resources: BTreeMap<_, _> =
        [("cpu", "4"), ("memory", "16Gi"), ("ephemeral-storage", "100Gi"), ("pods", "110")]
            .map(|(name, amount)| (name.to_owned(), Quantity(amount.to_owned())))
            .into();
    let address_of =
        |type_: &str, address: String| NodeAddress { type_: type_.to_owned(), address };
    NodeStatus {
        addresses: Some(vec![
            address_of("InternalIP", address.to_string()),
            address_of("Hostname", name.to_owned()),
        ]),
        capacity: Some(resources.clone()),
        allocatable: Some(resources),
        conditions: Some(vec![
            condition(
                "MemoryPressure",
                "False",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
            ),
            condition(
                "DiskPressure",
                "False",
                "KubeletHasNoDiskPressure",
                "kubelet has no disk pressure",
            ),
            condition(
                "PIDPressure",
                "False",
                "KubeletHasSufficientPID",
                "kubelet has sufficient PID available",
            ),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ]),
        node_info: Some(NodeSystemInfo {
            architecture: arch().to_owned(),
            boot_id: name.to_owned(),
            container_runtime_version: "sandbox://1.0.0".to_owned(),
            kernel_version: "simulated".to_owned(),
            kube_proxy_version: VERSION.to_owned(),
            kubelet_version: VERSION.to_owned(),
            machine_id: name.to_owned(),
            operating_system: "linux".to_owned(),
            os_image: "Seaway sandbox".to_owned(),
            swap: None,
            system_uuid: name.to_owned(),
        }),
        ..NodeStatus::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_node_needs_no_adoption() {
        let address = Ipv4Addr::new(127, 16, 0, 5);
        let node = manifest("node-5", address);
        let view = NodeView::from(&node);
        assert!(view.simulated);
        assert_eq!(view.address, Some(address));
        assert_eq!(view.labels[ZONE], "b");
        assert_eq!(view.provider_id.as_deref(), Some("sandbox://node-5"));
        assert_eq!(adoption("node-5", &view, address), None);
    }

    #[test]
    fn a_node_made_by_hand_gets_what_it_lacks_and_keeps_what_it_has() {
        let mut node = Node::default();
        node.metadata.labels =
            Some([(SIMULATED, "true"), (ZONE, "far")].map(|(l, v)| (l.into(), v.into())).into());
        let view = NodeView::from(&node);
        let patch = adoption("edge", &view, Ipv4Addr::new(127, 16, 0, 2)).unwrap();
        assert_eq!(patch["spec"]["providerID"], "sandbox://edge");
        assert_eq!(patch["metadata"]["labels"]["kubernetes.io/hostname"], "edge");
        assert!(patch["metadata"]["labels"].get(ZONE).is_none());
    }
}
