//! Nodes that are instances of a project of Google Cloud, which a fake stands for.

use std::net::IpAddr;

use seaway_mock_gce::{Call, MockGce, PROJECT, REGION};

use crate::cluster::Cluster;

/// The id of the cluster.
pub const CLUSTER: &str = "story";
/// Where the instances are, one after the other.
pub const ZONES: [&str; 3] = ["europe-west1-b", "europe-west1-c", "europe-west1-d"];
/// The kinds of what a load balancer and the ground below it are made of.
pub const KINDS: [&str; 6] = [
    "addresses",
    "backendServices",
    "firewalls",
    "forwardingRules",
    "healthChecks",
    "instanceGroups",
];
/// The subnetwork that the nodes have their addresses of.
const SUBNETWORK: &str = "nodes";

/// A config for the project, which ends in the section of the provider. Nobody is elected, so that a
/// controller that was killed is not waited for.
pub fn config(more: &str) -> String {
    format!(
        "cluster-id = \"{CLUSTER}\"\n\
         leader-election.enabled = false\n\
         [providers.gce]\n\
         project = \"{PROJECT}\"\n\
         region = \"{REGION}\"\n\
         {more}"
    )
}

/// Creates the first nodes of a cluster, so many, and the instances that they are, in the network of
/// the project `network`.
pub async fn settle(cluster: &Cluster, gce: &MockGce, network: &str, nodes: usize) {
    for number in 1..=nodes {
        create_node(cluster, number).await;
    }
    cluster.nodes_are_ready(nodes).await;
    // What the nodes' addresses are is the cluster's affair; the first one tells.
    let first = cluster.node_ip("node-1", false).await;
    let IpAddr::V4(first) = first else { panic!("{first} is not of IPv4") };
    let [a, b, ..] = first.octets();
    gce.add_subnetwork(network, "default", SUBNETWORK, &format!("{a}.{b}.0.0/16"));
    for number in 1..=nodes {
        add_instance(gce, network, number);
    }
}

/// Creates one more node, and the instance that it is.
pub async fn join(cluster: &Cluster, gce: &MockGce, network: &str, number: usize) {
    add_instance(gce, network, number);
    create_node(cluster, number).await;
}

/// Where the node with this number is.
pub fn zone(number: usize) -> &'static str {
    ZONES[(number - 1) % ZONES.len()]
}

/// Whether a call is to change something.
pub fn writes(call: &Call) -> bool {
    let verb = call.method.rsplit('.').next().unwrap_or_default();
    let reads = ["aggregatedList", "get", "getHealth", "list", "listInstances"];
    !call.is_of_operations() && !reads.contains(&verb)
}

async fn create_node(cluster: &Cluster, number: usize) {
    let (name, zone) = (format!("node-{number}"), zone(number));
    cluster.create_instance(&name, zone, &format!("gce://{PROJECT}/{zone}/{name}")).await;
}

fn add_instance(gce: &MockGce, network: &str, number: usize) {
    let subnetwork = format!("projects/{network}/regions/{REGION}/subnetworks/{SUBNETWORK}");
    gce.add_instance(zone(number), &format!("node-{number}"), &subnetwork);
}
