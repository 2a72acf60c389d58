//! What goes wrong on a box: files that somebody edits, a daemon that stops, another writer.

use std::sync::Arc;

use seaway_box::Folder;
use seaway_core::{Address, Context, ErrorKind, Family, Key, Provider, Readiness, Report, setting};
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench, ManualClock, SpecBuilder, uid};

use crate::desk::{Desk, FILE};
use crate::fake::CLASH;

fn spec(rig: &Rig<Desk>, name: &str) -> SpecBuilder {
    rig.bench.spec(name).port(80)
}

async fn pass(rig: &mut Rig<Desk>) -> Report {
    rig.pass(&Key::shared("box")).await
}

/// A box that serves these.
async fn serving(names: &[&str]) -> Rig<Desk> {
    let mut rig = Rig::<Desk>::open().await;
    for name in names {
        let wanted = spec(&rig, name);
        rig.put(wanted);
    }
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    rig
}

fn cx() -> Context {
    Context::new(Arc::new(ManualClock::default()))
}

fn reloads(rig: &Rig<Desk>) -> u32 {
    rig.bench.process.lock().unwrap().reloads
}

#[tokio::test]
async fn a_file_that_somebody_edits_is_written_again() {
    let mut rig = serving(&["a"]).await;
    let path = rig.bench.folder.path().join(FILE);
    let (before, reloaded) = (rig.bench.file(), reloads(&rig));
    std::fs::write(&path, before.replace("serve", "swerve")).unwrap();
    rig.restart().await;
    rig.converge().await.unwrap();
    assert!(!rig.bench.file().contains("swerve"));
    rig.verify().await.unwrap();
    assert_eq!(reloads(&rig), reloaded + 1, "nobody knows what the daemon has loaded meanwhile");
    std::fs::remove_file(&path).unwrap();
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn a_file_of_somebody_else_is_never_written() {
    let mut rig = Rig::<Desk>::open().await;
    let path = rig.bench.folder.path().join(FILE);
    std::fs::write(&path, "listen ssh\n").unwrap();
    let wanted = spec(&rig, "a");
    rig.put(wanted);
    let error = pass(&mut rig).await.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("fake.conf: it was not written by Seaway"), "{error}");
    assert_eq!(rig.bench.file(), "listen ssh\n");
}

/// Only all that the daemon loads shows it: a port that the user's own config has, say.
#[tokio::test]
async fn what_is_refused_once_it_is_installed_is_put_back_and_the_others_go_on() {
    let mut rig = serving(&["a"]).await;
    let before = rig.bench.file();
    let clash = spec(&rig, "b").setting(setting::MAX_CONNECTIONS, &CLASH.to_string());
    rig.put(clash);
    let report = pass(&mut rig).await;
    let error = report.members[&uid("b")].error.clone().unwrap();
    assert!(error.to_string().contains("too many connections: 667"), "{error}");
    assert_eq!(rig.bench.file(), before);
    let more = spec(&rig, "c");
    rig.put(more);
    pass(&mut rig).await;
    assert!(rig.served("c").await.is_some() && rig.served("b").await.is_none());
}

#[tokio::test]
async fn nodes_come_and_go_without_a_reload_and_services_share_one() {
    let mut rig = serving(&["a", "b", "c"]).await;
    assert_eq!(reloads(&rig), 1);
    rig.set_nodes([1, 2, 9]);
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(reloads(&rig), 1);
}

#[tokio::test]
async fn a_daemon_that_died_is_started_again_with_the_same_addresses() {
    let mut rig = serving(&["a"]).await;
    let before = rig.published("a");
    rig.bench.process.lock().unwrap().running = None;
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a"), before);
}

#[tokio::test]
async fn a_daemon_that_is_not_ours_to_start_is_told_of_and_lets_services_go() {
    let desk = Desk::open(Arc::default()).await;
    let driver = seaway_core::drive(desk.driven(false).await);
    let mut goal = seaway_core::Goal::default();
    let wanted = desk.spec("a").port(80).build();
    goal.members.insert(uid("a"), seaway_core::Member::present(wanted));
    let key = Key::shared("box");
    let report = driver.reconcile(&cx(), &key, &goal).await;
    let error = report.members[&uid("a")].error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("systemctl start fake"), "{error}");
    assert!(desk.file().contains("serve"), "it is there for the daemon that starts");
    goal.members.clear();
    let report = driver.reconcile(&cx(), &key, &goal).await;
    assert!(report.settled && report.holds.is_empty(), "{report:?}");
}

#[tokio::test]
async fn two_writers_of_one_box_are_one_too_many() {
    let mut rig = serving(&["a"]).await;
    let second = seaway_core::drive(rig.bench.driven(true).await);
    let report = second.reconcile(&cx(), &Key::shared("box"), &seaway_core::Goal::default()).await;
    let error = report.error.unwrap();
    assert!(error.to_string().contains("seaway.lock"), "{error}");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

/// The leader chooses; who follows serves what the status shows, and nothing else.
#[tokio::test]
async fn a_follower_chooses_no_address() {
    let desk = Desk::open(Arc::default()).await;
    let driver = seaway_core::drive(desk.driven(true).await);
    let mut goal = seaway_core::Goal { follows: true, ..seaway_core::Goal::default() };
    let wanted = desk.spec("a").port(80).build();
    let mut member = seaway_core::Member::present(wanted);
    goal.members.insert(uid("a"), member.clone());
    let key = Key::shared("box");
    let report = driver.reconcile(&cx(), &key, &goal).await;
    assert!(report.members[&uid("a")].error.is_some() && report.steps.is_empty(), "{report:?}");
    let chosen = Address::Ip([127, 91, 0, 6].into());
    member.published = vec![chosen.clone()];
    goal.members.insert(uid("a"), member);
    let report = driver.reconcile(&cx(), &key, &goal).await;
    assert_eq!(report.members[&uid("a")].readiness, Readiness::Ready(vec![chosen]));
}

#[tokio::test(start_paused = true)]
async fn what_changes_by_itself_stirs_and_nothing_else_does() {
    let desk = Desk::open(Arc::default()).await;
    let provider = desk.driven(true).await;
    let stirs = async |what: &str| {
        let cx = cx();
        let stirred = provider.stirred(&cx);
        let waited = std::time::Duration::from_secs(30);
        let keys = tokio::time::timeout(waited, stirred).await;
        assert_eq!(keys.is_ok(), !what.is_empty(), "{what}");
    };
    stirs("").await;
    let folder = Folder::open(desk.folder.path(), FILE).await.unwrap();
    folder.write("# edited").await.unwrap();
    folder.install().await.unwrap();
    stirs("an edited file").await;
    stirs("").await;
    desk.process.lock().unwrap().reloads += 1;
    stirs("a reload by somebody else").await;
    stirs("").await;
}

#[tokio::test]
async fn an_address_can_be_asked_for_by_annotation() {
    let mut rig = serving(&["a"]).await;
    let (ip, _) = rig.bench.requestable(Family::IPv4).unwrap();
    let asks = |rig: &Rig<Desk>, value: &str| spec(rig, "a").setting(seaway_pool::ADDRESSES, value);
    rig.put(asks(&rig, &ip.to_string()));
    rig.converge().await.unwrap();
    assert_eq!(rig.published("a"), [Address::Ip(ip)]);
    rig.put(asks(&rig, "here"));
    let error = pass(&mut rig).await.members[&uid("a")].error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    assert!(error.to_string().contains("seaway.dev/load-balancer-ips"), "{error}");
    assert_eq!(rig.published("a"), [Address::Ip(ip)], "it keeps what it has");
    assert!(rig.capabilities().settings.iter().any(|one| one.key == seaway_pool::ADDRESSES));
}
