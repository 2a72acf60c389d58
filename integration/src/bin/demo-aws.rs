//! `make demo-aws`: the provider aws on this machine, without an account. Seaway is the real binary
//! with the real SDK, the cluster is a sandbox, and AWS is moto behind the proxy of the tests.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a demo: it fails by panicking, and prints what it has to say"
)]

#[path = "../../tests/aws_story/site.rs"]
mod site;

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::mock_aws::Call;
use seaway_integration::{SLOW, demonstrate, hostname, until_within};
use serde_json::json;
use tokio::time::Instant;

use crate::site::{Site, instance};

/// How long a load balancer is being made; on AWS it is a minute or two.
const PROVISIONING: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    demonstrate(show()).await;
}

async fn show() {
    println!("AWS         is mocked by moto, behind a proxy that is as strict as AWS: no account");
    println!("Seaway      is the real binary, with the real SDK of AWS");
    println!("note        a load balancer of moto is an entry in a list: it moves no packets");
    let site = Site::new(2).await;
    site.aws.set_provisioning_time(PROVISIONING);
    println!("cluster     nodes node-1 and node-2, instances {} and {}", instance(1), instance(2));
    println!("account     {} at {}", site.aws.account(), site.aws.endpoint());
    let seaway = site.seaway().await;

    let step = Step::begin(&site, "Service default/web of class seaway.dev/aws, port 80: applied");
    site.create("web", json!({})).await;
    let hostname = until_within(SLOW, "the hostname arrives", async || {
        hostname(&site.cluster.service("web").await?)
    })
    .await;
    step.end(&format!("hostname {hostname}"));

    let step = Step::begin(&site, "node-3: added");
    site.join(3).await;
    site.has_targets(3).await;
    step.end("3 targets");

    let step = Step::begin(&site, "node-1: deleted");
    site.cluster.delete_node("node-1").await;
    site.has_targets(2).await;
    step.end("2 targets");

    let step = Step::begin(&site, "Service default/web: deleted");
    site.cluster.delete::<Service>("web").await;
    site.cluster.is_gone_within(SLOW, "web").await;
    assert_eq!(site.aws.inventory().await, site.before, "something is left in the account");
    step.end("the account is as empty as before");
    seaway.stop().await;
    println!("done        and no packet has moved: for that it takes AWS");
}

impl Site {
    /// Waits until each target group has so many targets.
    async fn has_targets(&self, count: usize) {
        until_within(SLOW, &format!("{count} targets are registered"), async || {
            let groups = self.aws.inventory().await.target_groups;
            groups.values().all(|group| group.registered().len() == count).then_some(())
        })
        .await;
    }
}

/// Something that the user does, and what comes of it.
struct Step<'a> {
    site: &'a Site,
    began: Instant,
}

impl<'a> Step<'a> {
    fn begin(site: &'a Site, what: &str) -> Self {
        println!("\nyou         {what}");
        site.aws.reset_counts();
        Self { site, began: Instant::now() }
    }

    /// Says what came of it, and which calls it took: each action that writes, and how many that read.
    fn end(self, what: &str) {
        println!("Seaway      {what}, after {:.1} s", self.began.elapsed().as_secs_f64());
        let (writes, reads): (Vec<_>, Vec<_>) =
            self.site.aws.calls().into_iter().partition(Call::writes);
        let mut counts = BTreeMap::new();
        for call in writes {
            *counts.entry(call.action).or_insert(0) += 1;
        }
        for (action, count) in counts {
            println!("calls       {count:>3} {action}");
        }
        println!("            {:>3} that only read", reads.len());
    }
}
