//! `make demo-gce`: the provider gce on this machine, without an account. Seaway is the real binary
//! with Google's own crate, the cluster is a sandbox, and Google is the fake Compute Engine of the tests.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a demo: it fails by panicking, and prints what it has to say"
)]

mod site;

use std::collections::BTreeMap;
use std::time::Duration;

use seaway_integration::demonstrate;
use seaway_integration::google::{writes, zone};
use seaway_mock_gce::{Call, PROJECT, REGION};
use serde_json::json;
use tokio::time::Instant;

use crate::site::Site;

/// How long an operation takes; at Google it is a few seconds.
const OPERATION: Duration = Duration::from_millis(300);
/// Where all nodes are asked whether they are up.
const NODES: i32 = 10256;

#[tokio::main]
async fn main() {
    demonstrate(show()).await;
}

async fn show() {
    println!("Google      is a fake Compute Engine, which compares each request with Google's own");
    println!("            description of the API, and refuses what Google refuses: no account");
    println!("Seaway      is the real binary, with Google's own crate");
    println!("note        a load balancer of the fake is an entry in a list: it moves no packets");
    let site = Site::new(3).await;
    site.gce.set_operation_time(OPERATION);
    println!("cluster     nodes node-1, node-2 and node-3, an instance in each of three zones");
    println!("project     {PROJECT}, region {REGION}, at {}", site.gce.endpoint());
    let seaway = site.seaway().await;

    let step = Step::begin(&site, "Service default/web of class seaway.dev/gce, port 80: applied");
    site.create("web").await;
    let address = site.converges("web").await;
    step.end(&format!("address {address}"));
    for (kind, names) in site.made() {
        for name in names {
            println!("made        {kind:<16} {name}");
        }
    }

    ports(&site).await;
    policies(&site).await;

    let joined = zone(4);
    let step = Step::begin(&site, &format!("node-4, in {joined}: added"));
    site.join(4).await;
    site.shows("there are 4 instances in the groups", || site.members() == 4).await;
    step.end("4 instances in the groups that all Services share");

    let step = Step::begin(&site, "Seaway: stopped and started; Service default/other: applied");
    seaway.stop().await;
    let seaway = site.seaway().await;
    site.create("other").await;
    let other = site.converges("other").await;
    // Once another Service is served it has been through all.
    let writes = step.writes();
    let to_others = writes.iter().filter(|call| !is_of(call, "other")).count();
    assert_eq!(to_others, 0, "what was there was written to");
    step.end(&format!("default/other has {other}, and {to_others} writes to what was there"));
    assert_eq!(site.converges("web").await, address);

    let step = Step::begin(&site, "Services default/web and default/other: deleted");
    site.delete(&["web", "other"]).await;
    site.shows("nothing is left in the project", || site.made().is_empty()).await;
    step.end("the project is as empty as before");
    seaway.stop().await;
    assert_eq!(site.gce.violations(), [""; 0]);
    println!("done        and no packet has moved: for that it takes Google");
}

/// Ports that come one at a time, and go.
async fn ports(site: &Site) {
    let address = site.converges("web").await;
    let mut ports = vec![json!({ "name": "port-80", "port": 80, "targetPort": 8080 })];
    for (port, protocol) in [(443, "TCP"), (8443, "TCP"), (53, "UDP")] {
        let what = format!("Service default/web: port {port} of {protocol} more");
        let step = Step::begin(site, &what);
        let before = site.gce.list("forwardingRules");
        let name = format!("port-{port}");
        ports.push(json!({
            "name": name, "port": port, "protocol": protocol, "targetPort": 8080,
        }));
        site.cluster.patch_spec("web", json!({ "ports": ports })).await;
        site.serves(&ports).await;
        assert_eq!(site.converges("web").await, address, "the address has moved");
        let now = site.gce.list("forwardingRules");
        assert_eq!(step.rules_deleted(), 0, "a forwarding rule was deleted");
        assert!(before.iter().all(|rule| now.contains(rule)), "a forwarding rule was touched");
        step.end(&format!("the same address, forwarding rules: {}, none deleted", now.len()));
    }
    let step = Step::begin(site, "Service default/web: without port 443");
    ports.retain(|port| port["port"] != 443);
    site.cluster.patch_spec("web", json!({ "ports": ports })).await;
    site.serves(&ports).await;
    assert_eq!(site.converges("web").await, address, "the address has moved");
    let left = site.names("forwardingRules").len();
    step.end(&format!("the same address, forwarding rules: {left}"));
}

/// Local, and Cluster again.
async fn policies(site: &Site) {
    for policy in ["Local", "Cluster"] {
        let what = format!("Service default/web: externalTrafficPolicy {policy}");
        let step = Step::begin(site, &what);
        let before = site.gce.list("forwardingRules");
        let patch = json!({ "externalTrafficPolicy": policy });
        let own = site.cluster.patch_spec("web", patch).await.spec.unwrap().health_check_node_port;
        site.is_asked_at(own.unwrap_or(NODES)).await;
        site.converges("web").await;
        assert_eq!(site.gce.list("forwardingRules"), before, "a forwarding rule was touched");
        let at = own.unwrap_or(NODES);
        step.end(&format!("no forwarding rule touched; its nodes are asked at port {at}"));
    }
}

/// Whether a call is about what was made for a Service.
fn is_of(call: &Call, service: &str) -> bool {
    format!("{} {}", call.path, call.body).contains(&format!("sw-default-{service}-"))
}

/// Something that the user does, and what comes of it.
struct Step<'a> {
    site: &'a Site,
    began: Instant,
}

impl<'a> Step<'a> {
    fn begin(site: &'a Site, what: &str) -> Self {
        println!("\nyou         {what}");
        site.gce.reset_counts();
        Self { site, began: Instant::now() }
    }

    /// The calls that changed something.
    fn writes(&self) -> Vec<Call> {
        self.site.gce.calls().into_iter().filter(writes).collect()
    }

    fn rules_deleted(&self) -> usize {
        let counts = self.site.gce.counts();
        counts.get("compute.forwardingRules.delete").copied().unwrap_or_default()
    }

    /// Says what came of it, and which calls it took: each method that writes, and how many that read
    /// or wait.
    fn end(self, what: &str) {
        println!("Seaway      {what}, after {:.1} s", self.began.elapsed().as_secs_f64());
        let mut counts = BTreeMap::new();
        for call in self.writes() {
            *counts.entry(call.method).or_insert(0) += 1;
        }
        for (method, count) in counts {
            println!("calls       {count:>3} {}", method.trim_start_matches("compute."));
        }
        let calls = self.site.gce.calls();
        let waits = calls.iter().filter(|call| call.is_of_operations()).count();
        let reads = calls.iter().filter(|call| !writes(call) && !call.is_of_operations()).count();
        println!("            {reads:>3} that only read, {waits} that wait for operations");
    }
}
