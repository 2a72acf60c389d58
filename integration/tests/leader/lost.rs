//! The leader loses the Lease, and writes nothing more.

use std::time::{Duration, Instant};

use seaway_integration::{Cluster, Signal, addresses, figure, pod, service, until, visit};
use serde_json::json;
use tokio::time::sleep;

use crate::candidate::{Candidate, LEASE, RENEW, since};

/// How many Services there are when the leader falls silent.
const SERVICES: usize = 8;

/// Creates, changes and deletes Services, one every 50 ms.
async fn change(cluster: &Cluster, turns: usize) {
    for turn in 0..turns {
        let name = format!("s-{}", turn % SERVICES);
        match turn % 4 {
            0 => drop(cluster.create(&service(&format!("new-{turn}"), "echo", json!({}))).await),
            1 => {
                let ports = json!([{ "port": 80, "targetPort": 8080, "name": format!("t{turn}") }]);
                cluster.patch_spec(&name, json!({ "ports": ports })).await;
            }
            2 => {
                let ranges = json!([format!("10.0.{}.0/24", turn % 256), "127.0.0.0/8"]);
                cluster.patch_spec(&name, json!({ "loadBalancerSourceRanges": ranges })).await;
            }
            _ => {
                let gone = format!("new-{}", turn - 3);
                cluster.delete::<k8s_openapi::api::core::v1::Service>(&gone).await;
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn gather(cluster: &Cluster) {
    for number in 0..SERVICES {
        cluster.create(&service(&format!("s-{number}"), "echo", json!({}))).await;
    }
    for number in 0..SERVICES {
        cluster.serves(&format!("s-{number}")).await;
    }
}

fn steps(stderr: &str) -> usize {
    stderr.lines().filter(|line| line.contains("step done")).count()
}

/// The leader is stopped for twice the lease, with no timer of its own that could tell it, while
/// another one takes over. When it goes on, a hundred changes wait for it at once.
#[tokio::test]
async fn two_controllers_never_both_write() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    // As on two machines: each has addresses of its own, since those of a stopped process stay taken.
    let pool = cluster.pool(200).await;
    let middle = std::net::Ipv4Addr::from(u32::from(*pool.start()) + 100);
    let next = std::net::Ipv4Addr::from(u32::from(middle) + 1);
    let (ours, theirs) = (*pool.start()..=middle, next..=*pool.end());
    let first = Candidate::start(&cluster, &ours).await;
    first.leads().await;
    gather(&cluster).await;
    let second = Candidate::start(&cluster, &theirs).await;
    second.stands_by().await;

    // Nothing is under way: whatever it writes from here on, it decides on afterwards.
    sleep(Duration::from_millis(500)).await;
    first.process.signal(Signal::STOP);
    let stopped = Instant::now();
    let before = steps(&first.process.stderr());
    assert!(before >= SERVICES, "the steps are not in the log");
    let turns = usize::try_from((LEASE * 2).as_millis() / 50).unwrap();
    change(&cluster, turns).await;
    second.leads().await;
    let taken = until("the new leader writes", async || second.gateway.journal().first().cloned());
    let (taken, _) = taken.await;
    until("the new leader has moved everything", async || {
        for number in 0..SERVICES {
            let service = cluster.service(&format!("s-{number}")).await?;
            let shown = addresses(&service);
            let there = |ip| theirs.clone().any(|own| ip == std::net::IpAddr::from(own));
            if shown.is_empty() || !shown.into_iter().all(there) {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert!(stopped.elapsed() >= LEASE * 2);

    first.process.signal(Signal::CONT);
    // And more, for as long as it lives.
    change(&cluster, 20).await;
    let (ended, gateway) = first.ended().await;
    let late = since(&gateway, taken);
    let steps = steps(&ended.stderr) - before;
    figure("leader_writes_after_takeover", late.len() + steps, "count");
    figure("leader_writes_after_takeover.new_leader_wrote", second.gateway.writes().len(), "count");
    assert_eq!(late, [""; 0], "{}", ended.stderr);
    assert_eq!(steps, 0, "{}", ended.stderr);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("is lost"), "{}", ended.stderr);
    assert!(ended.stderr.contains("has taken it"), "{}", ended.stderr);

    cluster.create(&service("news", "echo", json!({}))).await;
    cluster.serves("news").await;
    second.process.interrupt().await;
}

/// The watches of the leader go on, so that it has things to do; but nothing that it asks is answered.
/// Its load balancers are in its process: they serve on, and it goes on when it is answered again.
#[tokio::test]
async fn a_leader_that_can_not_renew_writes_nothing_and_serves_on_until_it_can() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let leader = Candidate::start(&cluster, &cluster.pool(200).await).await;
    leader.leads().await;
    gather(&cluster).await;
    let at = cluster.serves("s-0").await;
    leader.gateway.cut();
    let cut = Instant::now();
    change(&cluster, usize::try_from((RENEW * 2).as_millis() / 50).unwrap()).await;
    let lost = ["is lost", "no renewal succeeded within 2 s", "serve on"];
    leader.process.complains(&lost).await;
    // The last renewal that succeeded was sent before the cut.
    let tried = since(&leader.gateway, cut).len();
    assert!(tried > 0, "it had nothing to write: this shows nothing");
    assert_eq!(since(&leader.gateway, cut + RENEW), [""; 0], "{}", leader.process.stderr());
    visit(at).await.unwrap();
    // Longer than the Lease lasts.
    sleep(LEASE).await;
    visit(at).await.unwrap();
    assert_eq!(since(&leader.gateway, cut + RENEW), [""; 0], "{}", leader.process.stderr());

    leader.gateway.mend();
    leader.process.complains(&["leading again"]).await;
    cluster.create(&service("news", "echo", json!({}))).await;
    cluster.serves("news").await;
    assert_eq!(cluster.serves("s-0").await.ip(), at.ip());
    leader.process.interrupt().await;
}
