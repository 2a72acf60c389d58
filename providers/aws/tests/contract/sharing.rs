//! Services that share a load balancer.

use std::collections::BTreeSet;

use seaway_core::{ErrorKind, Key, Mark, Moment, Report};
use seaway_provider_aws::api::Tags;
use seaway_provider_aws::api::fake::Balancer;
use seaway_testkit::rig::{Rig, trouble};
use seaway_testkit::{SpecBuilder, cluster_id, spec, uid};

use crate::desk::{Desk, VPC, key, settled, settled_with};

const GROUP: &str = "seaway.dev/load-balancer-group";

/// A member of the group; the younger, the higher `age`.
fn member(name: &str, age: u64) -> SpecBuilder {
    let created = Moment::from_millis(1_700_000_000_000 + age);
    spec(name).created(created).setting(GROUP, "shop")
}

async fn pass(rig: &mut Rig<Desk>) -> Report {
    rig.pass(&Key::shared("default/shop")).await
}

/// The load balancers of groups.
fn all(rig: &Rig<Desk>) -> Vec<Balancer> {
    let mut all: Vec<_> = rig.bench.cloud.state().balancers.into_values().collect();
    all.retain(|it| it.tags.contains_key(GROUP));
    all
}

fn one(rig: &Rig<Desk>) -> Balancer {
    let mut all = all(rig);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn ports(balancer: &Balancer) -> Vec<u16> {
    balancer.listeners.keys().copied().collect()
}

fn owner(tags: &Tags) -> &str {
    &tags["seaway.dev/service-uid"]
}

#[tokio::test]
async fn members_share_a_load_balancer_and_own_their_ports() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80));
    rig.put(member("b", 1).port(443).udp(53));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let shared = one(&rig);
    assert_eq!(shared.tags[GROUP], "default/shop");
    assert_eq!(ports(&shared), [53, 80, 443]);
    for (port, whose) in [(53, "uid-b"), (80, "uid-a"), (443, "uid-b")] {
        let front = &shared.listeners[&port];
        assert_eq!(owner(&front.tags), whose, "port {port}");
        let group = &rig.bench.cloud.state().groups[front.spec.group.as_ref().unwrap()];
        assert_eq!(owner(&group.tags), whose, "port {port}");
    }
    assert_eq!(rig.published("a"), rig.published("b"));

    // The group is of a namespace, and its name no Service's.
    rig.put(spec("shop").port(80));
    rig.converge().await.unwrap();
    assert_eq!(ports(&one(&rig)), [53, 80, 443]);
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn a_restart_finds_the_members_and_writes_nothing() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80).source("10.0.0.0/8"));
    rig.put(member("b", 1).port(443));
    rig.converge().await.unwrap();
    rig.restart().await;
    rig.bench.spent();
    rig.converge().await.unwrap();
    let calls = rig.bench.spent();
    assert!(calls.keys().all(|action| action.starts_with("Describe")), "{calls:?}");
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn the_older_member_has_the_port() {
    let mut rig = settled().await;
    // In the order of names it would be the other one.
    rig.put(member("a", 1).port(80).port(81));
    rig.put(member("b", 0).port(80));
    let report = pass(&mut rig).await;
    assert_eq!(trouble(&report, "b"), None);
    let error = trouble(&report, "a").unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("port 80") && error.message().contains("uid-b"), "{error}");
    assert_eq!(ports(&one(&rig)), [80], "a Service is served whole, or not at all");
    assert_eq!(owner(&one(&rig).listeners[&80].tags), "uid-b");

    rig.delete("b");
    rig.converge().await.unwrap();
    assert_eq!(ports(&one(&rig)), [80, 81]);
    assert_eq!(rig.bench.groups("a").len(), 2);
    rig.check_served_by("a").await.unwrap();
}

/// It has what it got before somebody older came.
#[tokio::test]
async fn a_member_that_loses_a_port_is_told() {
    let mut rig = settled().await;
    rig.put(member("a", 1).port(80));
    rig.converge().await.unwrap();
    rig.put(member("b", 0).port(80));
    let report = pass(&mut rig).await;
    let refused: Vec<_> =
        ["a", "b"].into_iter().filter(|it| trouble(&report, it).is_some()).collect();
    assert_eq!(refused, ["a"], "{report:?}");
    let front = &one(&rig).listeners[&80];
    let group = &rig.bench.cloud.state().groups[front.spec.group.as_ref().unwrap()];
    assert_eq!(owner(&group.tags), "uid-b");
}

#[tokio::test]
async fn more_listeners_than_aws_allows_are_refused() {
    let mut rig = settled().await;
    let many = |from: u16, count: u16, spec: SpecBuilder| {
        (from..from + count).fold(spec, SpecBuilder::port)
    };
    rig.put(many(1000, 30, member("a", 0)));
    rig.put(many(2000, 21, member("b", 1)));
    rig.put(many(3000, 20, member("c", 2)));
    let report = pass(&mut rig).await;
    assert_eq!(trouble(&report, "a"), None);
    assert_eq!(trouble(&report, "c"), None, "there is room for it");
    let error = trouble(&report, "b").unwrap();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.message().contains("51") && error.message().contains("50"), "{error}");
    assert_eq!(one(&rig).listeners.len(), 50);
}

#[tokio::test]
async fn only_what_is_its_own_goes_with_a_member() {
    let mut rig = settled().await;
    rig.bench.release_at_once();
    rig.put(member("a", 0).port(80));
    rig.put(member("b", 1).port(443));
    rig.converge().await.unwrap();
    let before = one(&rig);
    let theirs = rig.belongings("b").await;
    // The one that it was made for.
    rig.delete("a");
    rig.converge().await.unwrap();
    assert!(!rig.remembers("a"));
    let after = one(&rig);
    assert_eq!((&after.arn, ports(&after)), (&before.arn, vec![443]));
    assert_eq!(rig.belongings("b").await, theirs);
    assert!(rig.bench.groups("a").is_empty());
    rig.check_served_by("b").await.unwrap();
    assert_eq!(rig.moves, 0);

    // A new process has only the marks to go by.
    rig.restart().await;
    rig.converge().await.unwrap();
    assert_eq!(one(&rig).arn, before.arn);
    rig.check_served_by("b").await.unwrap();

    rig.delete("b");
    rig.converge().await.unwrap();
    assert!(all(&rig).is_empty() && rig.bench.groups("b").is_empty());
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn a_member_that_leaves_the_group_is_served_elsewhere_first() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80));
    rig.put(member("b", 1).port(443));
    rig.converge().await.unwrap();
    rig.put(spec("b").port(443));
    rig.converge().await.unwrap();
    // The roster holds the old place until the status shows the new one; the rig does not.
    assert_eq!(ports(&one(&rig)), [80]);
    assert_eq!(ports(&rig.bench.balancer("b")), [443]);
    rig.check_served_by("a").await.unwrap();
    rig.check_served_by("b").await.unwrap();
}

/// Rules of a security group are for the load balancer: only the port tells the members apart.
#[tokio::test]
async fn source_ranges_are_those_of_the_member() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80).source("10.0.0.0/8"));
    rig.put(member("b", 1).port(443).udp(53));
    rig.put(member("c", 2).port(81).source("192.168.0.0/16"));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    let admits = |rig: &Rig<Desk>, udp, port| {
        let admitted = rig.bench.cloud.state().admits(&one(rig), udp, port).unwrap();
        admitted.iter().map(ToString::to_string).collect::<BTreeSet<_>>()
    };
    let set = |all: &[&str]| all.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let everybody = set(&["0.0.0.0/0", "::/0"]);
    assert_eq!(admits(&rig, false, 80), set(&["10.0.0.0/8"]));
    assert_eq!(admits(&rig, false, 81), set(&["192.168.0.0/16"]));
    assert_eq!(admits(&rig, false, 443), everybody);
    assert_eq!(admits(&rig, true, 53), everybody);
    assert_eq!(admits(&rig, true, 80), set(&[]), "one protocol opens no other");

    // The last one with source ranges goes, and nothing of them stays.
    rig.delete("a");
    rig.delete("c");
    rig.converge().await.unwrap();
    assert_eq!(admits(&rig, false, 443), everybody);
    let own = Mark::of(cluster_id(), uid("a"));
    let firewalls = rig.bench.firewalls("a");
    assert!(firewalls.is_empty(), "{own} {firewalls:?}");
}

/// What a member that is refused has stays, and so do the rules that let its clients in.
#[tokio::test]
async fn a_refused_member_loses_neither_its_port_nor_its_clients() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80).source("10.0.0.0/8"));
    rig.put(member("b", 1).port(443).source("192.168.0.0/16"));
    rig.converge().await.unwrap();
    let before = rig.served("b").await.unwrap();
    rig.put(member("b", 1).port(443).source("192.168.0.0/16").setting(&key("scheme"), "public"));
    let report = pass(&mut rig).await;
    assert!(trouble(&report, "b").unwrap().message().contains("public"));
    assert_eq!(rig.served("b").await.unwrap(), before);
    // Nor by what happens to others meanwhile.
    rig.put(member("a", 0).port(80).source("10.0.0.0/8").source("172.16.0.0/12"));
    rig.converge().await.unwrap();
    assert_eq!(rig.served("b").await.unwrap(), before);
    rig.check_served_by("a").await.unwrap();
}

/// What everybody has stays while somebody is here who can't be read: it may be that one's.
#[tokio::test]
async fn while_the_oldest_is_refused_nothing_opens_for_the_others() {
    let mut rig = settled().await;
    let theirs = rig.bench.cloud.edit(|world| world.add_security_group("web", VPC, [].into()));
    let oldest = || {
        let spec = member("a", 0).port(80).setting(&key("security-groups"), &theirs);
        spec.setting(&key("scheme"), "internet-facing")
    };
    rig.put(oldest());
    rig.put(member("b", 1).port(443));
    rig.converge().await.unwrap();
    let before = one(&rig);
    rig.put(oldest().setting(&key("healthcheck-port"), "none"));
    let report = pass(&mut rig).await;
    assert!(trouble(&report, "a").is_some());
    assert_eq!(one(&rig), before);
    // The others go on.
    rig.put(member("b", 1).port(443).port(444));
    rig.set_nodes(1..=4);
    rig.converge().await.unwrap();
    let after = one(&rig);
    assert_eq!(ports(&after), [80, 443, 444]);
    assert_eq!(after.security_groups, before.security_groups);
    assert_eq!(rig.bench.groups("b")[&443].targets.len(), 4);
}

/// Nor does somebody open a port of others who asks for it in vain.
#[tokio::test]
async fn a_port_that_is_refused_is_opened_to_nobody() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80).source("10.0.0.0/8"));
    rig.converge().await.unwrap();
    let before = rig.served("a").await.unwrap();
    rig.put(member("b", 1).port(80).port(81));
    let report = pass(&mut rig).await;
    assert_eq!(trouble(&report, "b").unwrap().kind(), ErrorKind::Conflict);
    assert_eq!(rig.served("a").await.unwrap(), before);
    rig.put(member("b", 1).port(81));
    rig.converge().await.unwrap();
    assert_eq!(rig.served("a").await.unwrap(), before);
    rig.verify().await.unwrap();
}

/// Somebody's mistake keeps nobody else from going.
#[tokio::test]
async fn a_member_goes_although_the_other_is_refused() {
    for bad in [("scheme", "public"), ("ssl-ports", "443")] {
        let mut rig = settled().await;
        rig.put(member("a", 0).port(80));
        rig.put(member("b", 1).port(443));
        rig.converge().await.unwrap();
        let theirs = rig.belongings("b").await;
        rig.put(member("b", 1).port(443).setting(&key(bad.0), bad.1));
        rig.delete("a");
        rig.converge().await.unwrap();
        assert!(!rig.remembers("a"), "{bad:?}");
        assert!(rig.bench.groups("a").is_empty());
        assert_eq!(rig.belongings("b").await, theirs);
        assert_eq!(ports(&one(&rig)), [443]);
    }
}

#[tokio::test]
async fn a_member_that_wants_another_load_balancer_is_refused() {
    let mut rig = settled().await;
    rig.put(member("a", 0).port(80));
    rig.converge().await.unwrap();
    let before = one(&rig);
    for (name, value) in [
        ("scheme", "internet-facing"),
        ("subnets", "subnet-1-private-a"),
        ("ip-address-type", "dualstack"),
        ("attributes", "load_balancing.cross_zone.enabled=true"),
    ] {
        rig.put(member("b", 1).port(443).setting(&key(name), value));
        let report = pass(&mut rig).await;
        let error = trouble(&report, "b").unwrap();
        assert!(error.kind().is_user_error() && error.to_string().contains(name), "{error}");
        assert!(error.message().contains("default/a"), "{error}");
        assert_eq!(one(&rig), before, "{name}");
    }
    rig.put(member("b", 1).port(443));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn groups_may_cross_namespaces_only_where_that_is_allowed() {
    for allowed in [false, true] {
        let mut rig = settled_with(&format!("cross-namespace-groups = {allowed}")).await;
        rig.put(member("a", 0).port(80));
        let mut other = member("b", 1).port(443).build();
        other.service.namespace = "elsewhere".to_owned();
        rig.put(other);
        rig.converge().await.unwrap();
        assert_eq!(all(&rig).len(), if allowed { 1 } else { 2 });
        rig.verify().await.unwrap();
    }
}
