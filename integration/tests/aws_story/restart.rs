//! The controller comes back, and nothing has changed.

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use seaway_integration::mock_aws::{Call, Inventory, Service};
use seaway_integration::{Cluster, Gateway, Order, SLOW, until, until_within};
use serde_json::json;

use crate::site::{ALONE, Site};

/// What lists all that there is, whatever is in it.
const LISTS: [&str; 9] = [
    "DescribeListeners",
    "DescribeLoadBalancers",
    "DescribeRouteTables",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTags",
    "DescribeTargetGroups",
    "GetResources",
];

/// The ids of all that load balancers are made of.
fn parts(now: &Inventory) -> Vec<String> {
    let groups = now.target_groups.values().map(|it| it.arn.clone());
    let balancers = now
        .balancers
        .values()
        .flat_map(|it| it.listeners.values().map(|it| it.arn.clone()).chain([it.arn.clone()]));
    groups.chain(balancers).collect()
}

/// The actions among `calls` that are about one of `parts`, or that change what all share.
fn touching(calls: &[Call], parts: &[String]) -> Vec<String> {
    let about = |call: &&Call| {
        call.writes() && call.service == Service::Ec2
            || call.params.values().any(|value| parts.contains(value))
    };
    calls.iter().filter(about).map(|call| call.action.clone()).collect()
}

#[tokio::test]
async fn it_writes_nothing_neither_to_the_account_nor_to_the_cluster() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    site.converges("web").await;
    let made = site.aws.inventory().await;
    seaway.stop().await;

    site.aws.reset_counts();
    let gateway = Gateway::start(site.cluster.seaways_client().await, Order::Kept).await;
    let seaway = site.seaway_with(ALONE, &gateway.kubeconfig()).await;
    until("it has looked at the targets", async || {
        site.aws.counts().contains_key("DescribeTargetHealth").then_some(())
    })
    .await;
    // Once another Service is served it has been through all.
    site.create("late", json!({})).await;
    site.converges("late").await;
    let (writes, reads): (Vec<_>, Vec<_>) = site.aws.calls().into_iter().partition(Call::writes);
    assert_eq!(touching(&writes, &parts(&made)), [""; 0]);
    assert!(!touching(&reads, &parts(&made)).is_empty(), "what was made is not looked at");
    let writes = gateway.writes();
    assert!(
        writes.iter().all(|write| write.contains("late") || write.contains("events")),
        "{writes:?}"
    );
    let now = site.aws.inventory().await;
    assert!(made.balancers.iter().all(|(name, it)| now.balancers[name] == *it));
    assert!(made.target_groups.iter().all(|(name, it)| now.target_groups[name] == *it));
    seaway.stop().await;
}

#[tokio::test]
async fn after_an_end_in_peace_a_list_is_all_it_takes() {
    let site = Site::new(2).await;
    // The manifests let Seaway have a Lease in their own namespace only, which a sandbox lacks.
    let namespace = if Cluster::is_real() { "seaway-system" } else { "default" };
    let elected = format!("leader-election.namespace = \"{namespace}\"");
    let seaway = site.seaway_with(&elected, site.cluster.kubeconfig()).await;
    site.create("web", json!({})).await;
    site.converges("web").await;
    let leases = Api::<Lease>::namespaced(site.cluster.client(), namespace);
    until_within(SLOW, "the Lease says that all is settled", async || {
        let lease = leases.get_opt("seaway").await.unwrap()?;
        let settled = lease.metadata.annotations?.remove("seaway.dev/settled")?;
        settled.contains("aws").then_some(())
    })
    .await;
    let made = site.aws.inventory().await;
    seaway.stop().await;

    site.aws.reset_counts();
    let seaway = site.seaway_with(&elected, site.cluster.kubeconfig()).await;
    until("it has read the account", async || {
        site.aws.counts().contains_key("DescribeTargetGroups").then_some(())
    })
    .await;
    site.create("late", json!({})).await;
    site.converges("late").await;
    let calls = site.aws.calls();
    let first = calls.iter().position(Call::writes).unwrap();
    let before: Vec<_> = calls[..first].iter().map(|call| call.action.as_str()).collect();
    assert!(before.iter().all(|action| LISTS.contains(action)), "{before:?}");
    let looks = calls.into_iter().filter(|call| !LISTS.contains(&call.action.as_str()));
    assert_eq!(touching(&looks.collect::<Vec<_>>(), &parts(&made)), [""; 0]);
    seaway.stop().await;
}
