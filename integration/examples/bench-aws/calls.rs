//! AWS calls per event, counted where they arrive.

use std::collections::BTreeMap;

use seaway_testkit::Bench as _;
use seaway_testkit::rig::Rig;

use crate::desk::Desk;

/// What the incumbents' code makes, counted by reading it: cloud-provider-aws at 63ec440 and AWS Load
/// Balancer Controller at 225f445; one port, instances, 200 nodes, an account with nothing else in it.
const INCUMBENTS: [(&str, usize); 6] = [
    ("cpa.create.calls.counted_from_code", 16),
    ("lbc.create.calls.counted_from_code", 22),
    ("cpa.node_add.calls_per_service.counted_from_code", 13),
    ("lbc.node_add.calls_per_service.counted_from_code", 2),
    ("cpa.resync.calls_per_service.counted_from_code", 11),
    ("lbc.resync.calls_per_service.counted_from_code", 13),
];

/// Prints the figures.
pub(crate) async fn tell() {
    let mut rig = Rig::<Desk>::open().await;
    rig.set_nodes(0..200);
    // The ground, and whatever is read once.
    rig.put(rig.bench.spec("first").port(80));
    settle(&mut rig).await;

    rig.bench.mock.reset_counts();
    rig.put(rig.bench.spec("web").port(80));
    settle(&mut rig).await;
    // What the shared poller and the timed inventory read is not the Service's.
    let counts = rig.bench.mock.counts();
    figure("aws.create.calls", writes(&counts), "count");
    figure("aws.create.poll_calls", count(&counts, "DescribeLoadBalancers"), "count");

    // With so few nodes every one is a target of every Service.
    rig.set_nodes(0..90);
    settle(&mut rig).await;
    rig.bench.mock.reset_counts();
    rig.set_nodes(0..91);
    settle(&mut rig).await;
    let calls = writes(&rig.bench.mock.counts());
    figure("aws.node_add.calls_per_service", per_service(calls), "count");

    rig.bench.mock.reset_counts();
    for key in rig.keys() {
        rig.pass(&key).await;
    }
    let calls: usize = rig.bench.mock.counts().values().sum();
    figure("aws.resync.calls_per_service", per_service(calls), "count");

    rig.restart().await;
    rig.bench.mock.reset_counts();
    settle(&mut rig).await;
    let counts = rig.bench.mock.counts();
    figure("aws.restart.writes", writes(&counts), "count");
    let listing = [
        "DescribeLoadBalancers",
        "DescribeTargetGroups",
        "DescribeSubnets",
        "DescribeSecurityGroups",
    ];
    let others = counts.iter().filter(|(action, _)| !listing.contains(&action.as_str()));
    let others: usize = others.map(|(_, count)| count).sum();
    figure("aws.restart.reads_beside_listings", others, "count");

    rig.bench.mock.reset_counts();
    rig.delete("web");
    settle(&mut rig).await;
    figure("aws.delete.calls", writes(&rig.bench.mock.counts()), "count");
    for (name, calls) in INCUMBENTS {
        figure(name, calls, "count");
    }
}

async fn settle(rig: &mut Rig<Desk>) {
    rig.converge().await.unwrap();
}

fn writes(counts: &BTreeMap<String, usize>) -> usize {
    counts.iter().filter(|(action, _)| !action.starts_with("Describe")).map(|(_, n)| n).sum()
}

fn count(counts: &BTreeMap<String, usize>, action: &str) -> usize {
    counts.get(action).copied().unwrap_or_default()
}

/// Two Services are there.
fn per_service(calls: usize) -> String {
    format!("{:.2}", f64::from(u32::try_from(calls).unwrap()) / 2.0)
}

fn figure(name: &str, value: impl std::fmt::Display, unit: &str) {
    println!("{name} {value} {unit}");
}
