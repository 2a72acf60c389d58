//! `make bench-demo`: from a Service to its address, on a sandbox and a controller as two processes.
//! One figure a line on stdout, `name value unit`.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark: it fails by panicking, and prints its figures"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use kube::api::PostParams;
use kube::runtime::{WatchStreamExt, watcher};
use seaway_integration::{Cluster, addresses, service, until_within};
use serde_json::json;

/// How many Services come one after the other.
const SINGLE: usize = 50;
/// How many come at once.
const MANY: usize = 1000;
/// How many are created side by side.
const AT_ONCE: usize = 16;
const NODES: usize = 10;

#[tokio::main]
async fn main() {
    let cluster = Cluster::sandbox(NODES).await;
    let controller = cluster.run(u32::try_from(SINGLE + MANY).unwrap()).await;

    let before = writes(&cluster).await;
    let mut times = Vec::with_capacity(SINGLE);
    for number in 0..SINGLE {
        times.push(address_of(&cluster, vec![format!("single-{number}")]).await);
    }
    times.sort();
    println!("demo.services_1.apply_to_address {:.1} ms", millis(times[SINGLE / 2]));
    println!("demo.services_1.apply_to_address_slowest {:.1} ms", millis(times[SINGLE - 1]));

    let names = (0..MANY).map(|number| format!("many-{number}")).collect();
    let all = address_of(&cluster, names).await;
    println!("demo.services_{MANY}.apply_to_address {:.2} s", all.as_secs_f64());

    // The last Events are written after the last address is there.
    let expected = u64::try_from(3 * (SINGLE + MANY)).unwrap();
    let written = until_within(Duration::from_secs(30), "the Events are written", async || {
        Some(writes(&cluster).await - before).filter(|count| *count >= expected)
    });
    let written = written.await;
    let services = f64::from(u32::try_from(SINGLE + MANY).unwrap());
    let each = f64::from(u32::try_from(written).unwrap()) / services;
    println!("demo.api_writes_per_service {each:.2} count");

    let id = controller.process().id();
    println!("demo.controller_memory {:.1} MiB", memory(id, "VmRSS:"));
    println!("demo.controller_memory_peak {:.1} MiB", memory(id, "VmHWM:"));
}

/// Creates Services, and measures until the status of the last one shows an address.
async fn address_of(cluster: &Cluster, names: Vec<String>) -> Duration {
    let api = cluster.api::<Service>();
    let events = watcher(api.clone(), watcher::Config::default()).applied_objects();
    let mut events = std::pin::pin!(events.filter_map(async |event| event.ok()));
    // The watch is on before the first Service: it begins with what is there already.
    events.next().await.expect("the Service of the API itself is always there");
    let mut missing: BTreeSet<String> = names.iter().cloned().collect();

    let start = Instant::now();
    let create = stream::iter(names).map(Ok).try_for_each_concurrent(AT_ONCE, |name| {
        let api = api.clone();
        // Without pods: it is the load balancer that is measured.
        let service = service(&name, "nobody", json!({}));
        async move { api.create(&PostParams::default(), &service).await.map(drop) }
    });
    let wait = async {
        while !missing.is_empty() {
            let service = events.next().await.expect("the watch goes on");
            if !addresses(&service).is_empty() {
                missing.remove(&service.name_any());
            }
        }
    };
    let (created, ()) = futures::join!(create, wait);
    created.unwrap();
    start.elapsed()
}

/// How often Services (but for their creation) and Events were written to, as the API server counts.
async fn writes(cluster: &Cluster) -> u64 {
    let request = http::Request::get("/metrics").body(Vec::new()).unwrap();
    let text = cluster.client().request_text(request).await.unwrap();
    let writes = text.lines().filter(|line| {
        let is = |label: &str| line.contains(label);
        let changed = is("verb=\"PATCH\"") || is("verb=\"PUT\"");
        (is("resource=\"services\"") && changed)
            || (is("resource=\"events\"") && (changed || is("verb=\"POST\"")))
    });
    writes.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// A figure of `/proc/PID/status`, in MiB.
fn memory(id: u32, figure: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    let kib: u32 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    f64::from(kib) / 1024.0
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
