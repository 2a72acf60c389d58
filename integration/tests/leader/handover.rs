//! The leader goes, and a standby takes over.

use std::time::{Duration, Instant};

use seaway_integration::{Cluster, figure, pod, service, visit};
use serde_json::json;

use crate::candidate::{Candidate, LEASE, RETRY, lease};

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_standby_takes_over_from_a_leader_that_was_killed() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let pool = cluster.pool(2).await;
    let first = Candidate::start(&cluster, &pool).await;
    first.leads().await;
    cluster.create(&service("web", "echo", json!({}))).await;
    let at = cluster.serves("web").await;
    let second = Candidate::start(&cluster, &pool).await;
    let holder = second.stands_by().await;
    assert_eq!(lease(&cluster).await.holder_identity.as_deref(), Some(holder.as_str()));

    let killed = Instant::now();
    first.process.kill().await;
    second.leads().await;
    let took = killed.elapsed();
    figure("leader.takeover_after_kill", took.as_millis(), "ms");
    assert!(took <= LEASE + RETRY + SLACK, "{took:?}");
    assert_eq!(lease(&cluster).await.lease_transitions, Some(1));
    // It serves what was there, where it was, and what comes.
    assert_eq!(cluster.serves("web").await, at);
    cluster.create(&service("news", "echo", json!({}))).await;
    cluster.serves("news").await;
    second.process.interrupt().await;
}

#[tokio::test]
async fn a_leader_that_is_stopped_hands_over_at_once() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let pool = cluster.pool(1).await;
    let first = Candidate::start(&cluster, &pool).await;
    first.leads().await;
    cluster.create(&service("web", "echo", json!({}))).await;
    let at = cluster.serves("web").await;
    let second = Candidate::start(&cluster, &pool).await;
    second.stands_by().await;
    assert!(second.gateway.writes().is_empty() && second.gateway.lease_writes() == 0);

    let ended = first.process.interrupt().await;
    let gone = Instant::now();
    assert!(ended.stderr.contains("released"), "{ended:?}");
    second.process.complains(&["leading"]).await;
    let took = gone.elapsed();
    figure("leader.takeover_after_stop", took.as_millis(), "ms");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(cluster.serves("web").await, at);
    visit(at).await.unwrap();
    // The last one leaves a Lease that nobody holds.
    second.process.interrupt().await;
    assert_eq!(lease(&cluster).await.holder_identity.as_deref().unwrap_or_default(), "");
}

#[tokio::test]
async fn a_standby_that_is_stopped_leaves_the_lease_alone() {
    let cluster = Cluster::sandbox(1).await;
    let pool = cluster.pool(1).await;
    let first = Candidate::start(&cluster, &pool).await;
    first.leads().await;
    let second = Candidate::start(&cluster, &pool).await;
    let holder = second.stands_by().await;
    let gateway = second.gateway;
    second.process.interrupt().await;
    assert!(gateway.writes().is_empty() && gateway.lease_writes() == 0);
    assert_eq!(lease(&cluster).await.holder_identity, Some(holder));
    first.process.interrupt().await;
}

#[tokio::test]
async fn who_does_not_elect_takes_no_lease() {
    let cluster = Cluster::sandbox(1).await;
    let pool = cluster.pool(1).await;
    let leader = Candidate::start(&cluster, &pool).await;
    leader.leads().await;
    for flag in ["--dry-run", "--leader-elect=false"] {
        let other = Candidate::start_with(&cluster, &pool, &[flag]).await;
        other.process.complains(&["synced"]).await;
        let gateway = other.gateway;
        other.process.interrupt().await;
        assert!(gateway.writes().is_empty() && gateway.lease_writes() == 0, "{flag}");
    }
    leader.process.interrupt().await;
}
