//! The Services and Nodes, and what happens to them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use http::Method;
use kube::Client;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::request::{JSON, MERGE, STRATEGIC, send};

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// How long it is from one heartbeat to the next.
const BEAT: Duration = Duration::from_millis(10);
const NODES: &str = "/api/v1/nodes";
const SERVICES: &str = "/api/v1/namespaces/default/services";
const CONDITIONS: [&str; 4] = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"];

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) services: usize,
    pub(crate) nodes: usize,
}

/// Adds nodes as large as real ones: the object first, then its status.
pub(crate) async fn nodes(client: &Client, numbers: Range<usize>) {
    each(numbers, async |number| {
        let name = format!("node-{number}");
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64", "node.kubernetes.io/instance-type": "m-4",
                "topology.kubernetes.io/region": "r", "topology.kubernetes.io/zone": "r-a",
            } },
            "spec": { "providerID": format!("bench://r-a/{name}") },
        });
        send(client, Method::POST, NODES, JSON, Some(&node)).await;
        let status = json!({ "status": status(number, &name) });
        send(client, Method::PATCH, &format!("{NODES}/{name}/status"), STRATEGIC, Some(&status))
            .await;
    })
    .await;
}

/// What a kubelet reports, with 50 images.
fn status(number: usize, name: &str) -> Value {
    let images = (0..50).map(|image| {
        let repository = format!("registry.example.com/team-{}/service-{image}", image % 7);
        let digest = format!("{image:02x}").repeat(32);
        json!({
            "names": [format!("{repository}@sha256:{digest}"), format!("{repository}:v1.{image}.0"),
                      format!("{repository}:build-20260101-{image:04}")],
            "sizeBytes": 50_000_000 + image,
        })
    });
    let resources =
        json!({ "cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi" });
    json!({
        "addresses": [
            { "type": "InternalIP", "address": format!("10.240.{}.{}", number / 250, number % 250 + 1) },
            { "type": "Hostname", "address": name },
        ],
        "capacity": resources, "allocatable": resources,
        "conditions": conditions(0),
        "images": images.collect::<Vec<_>>(),
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "osImage": "Linux",
            "kernelVersion": "6.12.0", "containerRuntimeVersion": "containerd://2.1.0",
            "kubeletVersion": "v1.36.3", "kubeProxyVersion": "",
            "machineID": name, "systemUUID": name, "bootID": name,
        },
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
    })
}

fn conditions(beat: usize) -> Vec<Value> {
    let now = format!("2026-01-01T{:02}:{:02}:{:02}Z", beat / 3600, beat / 60 % 60, beat % 60);
    let condition = |kind: &&str| {
        let ready = *kind == "Ready";
        json!({
            "type": kind, "status": if ready { "True" } else { "False" },
            "reason": if ready { "KubeletReady" } else { "KubeletHasSufficientResources" },
            "message": "kubelet is posting ready status",
            "lastHeartbeatTime": now, "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    CONDITIONS.iter().map(condition).collect()
}

/// So many heartbeats, of one node after the other.
pub(crate) async fn heartbeats(client: &Client, nodes: usize, count: usize) {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for beat in 0..count {
        ticks.tick().await;
        let path = format!("{NODES}/node-{}/status", beat % nodes);
        let patch = json!({ "status": { "conditions": conditions(beat + 1) } });
        send(client, Method::PATCH, &path, STRATEGIC, Some(&patch)).await;
    }
}

/// Creates Services, each with a load balancer.
pub(crate) async fn services(client: &Client, count: usize) {
    each(0..count, async |number| {
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": format!("web-{number}"), "labels": { "app": "web" } },
            "spec": { "type": "LoadBalancer", "selector": { "app": format!("web-{number}") },
                      "ports": [{ "name": "http", "port": 80, "targetPort": 8080 }] },
        });
        send(client, Method::POST, SERVICES, JSON, Some(&service)).await;
    })
    .await;
}

/// Waits until so many Services show an address.
pub(crate) async fn addresses(client: &Client, count: usize) {
    let mut names = BTreeSet::new();
    let mut shown = std::pin::pin!(shown(client).await);
    while names.len() < count {
        names.insert(shown.next().await.expect("the watch goes on"));
    }
}

/// The names of Services that show an address, as it comes.
async fn shown(client: &Client) -> impl Stream<Item = String> + use<> {
    /// What is read of a Service.
    #[derive(Clone, Deserialize)]
    struct Read {
        metadata: Meta,
        status: Status,
    }
    #[derive(Clone, Deserialize)]
    struct Meta {
        name: String,
    }
    #[derive(Clone, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        load_balancer: Balancer,
    }
    #[derive(Clone, Deserialize)]
    struct Balancer {
        #[serde(default)]
        ingress: Vec<IgnoredAny>,
    }
    let request = http::Request::get(format!("{SERVICES}?watch=true")).body(Vec::new()).unwrap();
    let events = client.request_events::<Read>(request).await.unwrap();
    events.filter_map(async |event| match event.unwrap() {
        WatchEvent::Added(read) | WatchEvent::Modified(read) => {
            (!read.status.load_balancer.ingress.is_empty()).then_some(read.metadata.name)
        }
        WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => None,
        WatchEvent::Error(error) => panic!("{error:?}"),
    })
}

/// Takes the Services, the Events and these nodes away, whatever a controller that is gone has left.
pub(crate) async fn clear(client: &Client, services: usize, nodes: Range<usize>) {
    each(0..services, async |number| {
        let path = format!("{SERVICES}/web-{number}");
        let patch = json!({ "metadata": { "finalizers": null } });
        send(client, Method::PATCH, &path, MERGE, Some(&patch)).await;
        send(client, Method::DELETE, &path, JSON, None).await;
    })
    .await;
    each(nodes, async |number| {
        send(client, Method::DELETE, &format!("{NODES}/node-{number}"), JSON, None).await;
    })
    .await;
    send(client, Method::DELETE, "/api/v1/namespaces/default/events", JSON, None).await;
}

async fn each(numbers: Range<usize>, act: impl AsyncFn(usize)) {
    stream::iter(numbers).for_each_concurrent(AT_ONCE, |number| act(number)).await;
}
