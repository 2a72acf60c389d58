use seaway_core::{Address, ErrorKind, Moment, Nodes, Report, Want, drive};
use seaway_intent::object::ServiceStatus;
use serde_json::{Value, json};

use super::paper::{GROUP, Paper};
use super::*;
use crate::FINALIZER;
use crate::cluster::Cluster;
use crate::object::Seen;

mod controls;
mod followers;
mod passes;
mod strangers;
mod trouble;
mod vouched;

fn roster(ground: bool) -> Roster {
    rostered(ground, Stance::Leads)
}

fn rostered(ground: bool, stance: Stance) -> Roster {
    let driver = drive(Paper { ground, ..Paper::default() });
    let selection = Selection {
        served: BTreeSet::from(["paper".to_owned()]),
        default: Some("paper".to_owned()),
    };
    Roster::new(BTreeMap::from([("paper", driver)]), selection, stance)
}

/// A Service of type LoadBalancer, changed by `patch`.
fn service(version: u64, patch: Value) -> Seen<Service> {
    let mut service = json!({
        "metadata": { "namespace": "default", "name": "web", "uid": "u" },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80, "nodePort": 30080 }] },
    });
    json_merge(&mut service, patch);
    let deleting = service["metadata"]["deletionTimestamp"].is_string();
    let mut object: Service = serde_json::from_value(service).unwrap();
    object.metadata.deleting = deleting;
    Seen { version, object }
}

fn json_merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                json_merge(target.entry(key).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}

/// The same with our finalizer.
fn admitted(version: u64, mut patch: Value) -> Seen<Service> {
    patch["metadata"]["finalizers"] = json!([FINALIZER]);
    service(version, patch)
}

/// What a write of ours leaves: the status that it was, at this version.
fn written(version: u64) -> (ServiceStatus, u64) {
    (ServiceStatus::default(), version)
}

fn trouble(kind: ErrorKind) -> ProviderError {
    ProviderError::new(kind, "test", "it is amiss")
}

fn uid() -> ServiceUid {
    "u".into()
}

fn own() -> QueueKey {
    QueueKey { provider: "paper", key: Key::own(uid()) }
}

fn shared(name: &str) -> QueueKey {
    QueueKey { provider: "paper", key: Key::shared(name) }
}

fn ground() -> QueueKey {
    QueueKey { provider: "paper", key: Key::Ground }
}

/// A pass over `key` begins and ends, and finds that these hold something there.
fn pass(roster: &mut Roster, key: &QueueKey, holds: &[&str]) -> Vec<Effect> {
    let (_, begun) = roster.goal(key, Moment::default(), Nodes::default());
    roster.fold(key, begun, &found(holds))
}

fn found(holds: &[&str]) -> Report {
    Report {
        holds: holds.iter().map(|uid| ServiceUid::from(*uid)).collect(),
        settled: true,
        ..Report::default()
    }
}

fn wants(roster: &mut Roster, key: &QueueKey) -> BTreeMap<ServiceUid, Want> {
    let (goal, _) = roster.goal(key, Moment::default(), Nodes::default());
    goal.members.into_iter().map(|(uid, member)| (uid, member.want)).collect()
}

fn is_present(wants: &BTreeMap<ServiceUid, Want>) -> bool {
    matches!(wants.get(&uid()), Some(Want::Present(_)))
}

/// What we reckon may be built on what was there before, and the watch tells no second time.
#[test]
fn what_the_watch_has_shown_is_not_overruled_by_the_answer_to_the_write() {
    let (mut roster, cluster) = (roster(false), Cluster::default());
    roster.apply(service(1, json!({})), &cluster);
    roster.apply(admitted(5, json!({})), &cluster);
    let status: ServiceStatus =
        serde_json::from_value(json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } }))
            .unwrap();
    roster.admitted(&uid(), (status.clone(), 5));
    assert_eq!(roster.service(&uid()).unwrap().status, ServiceStatus::default());
    roster.told(&uid(), status.clone(), 6);
    assert_eq!(roster.service(&uid()).unwrap().status, status);
}

#[test]
fn the_finalizer_is_on_before_the_first_pass() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    assert_eq!(roster.apply(service(1, json!({})), &cluster), [Effect::Admit(uid())]);
    assert!(wants(&mut roster, &own()).is_empty(), "not before it is admitted");
    assert_eq!(roster.apply(service(1, json!({})), &cluster), [], "it is being admitted");
    assert_eq!(roster.admitted(&uid(), written(2)), [Effect::Pass(own())]);
    assert!(is_present(&wants(&mut roster, &own())));
    assert_eq!(roster.apply(admitted(2, json!({})), &cluster), [], "the echo of our own write");
}

#[test]
fn an_event_older_than_our_own_write_is_ignored() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(service(1, json!({})), &cluster);
    roster.admitted(&uid(), written(5));
    assert_eq!(roster.apply(service(3, json!({})), &cluster), [], "it lacks the finalizer");
    assert!(is_present(&wants(&mut roster, &own())));
}

#[test]
fn a_finalizer_that_somebody_took_off_is_put_on_again() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    assert_eq!(roster.apply(service(2, json!({})), &cluster), [Effect::Admit(uid())]);
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold, "what it has stays meanwhile");
}

#[test]
fn a_deleted_service_goes_when_no_key_holds_it() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let deleted = || admitted(2, json!({ "metadata": { "deletionTimestamp": "now" } }));
    assert_eq!(roster.apply(deleted(), &cluster), [Effect::Pass(own())]);
    assert!(wants(&mut roster, &own()).is_empty(), "it is to be absent");
    assert_eq!(pass(&mut roster, &own(), &["u"]), [], "something is still there");
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
    assert_eq!(roster.remains(&uid()), Remains::TakenDown);
    assert_eq!(roster.apply(deleted(), &cluster), [], "once is enough");
    assert_eq!(roster.dismissed(&uid()), []);
    assert!(roster.service(&uid()).is_none());
}

#[test]
fn a_pass_that_began_before_the_deletion_does_not_count() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    let (_, begun) = roster.goal(&own(), Moment::default(), Nodes::default());
    roster.apply(admitted(2, json!({ "metadata": { "deletionTimestamp": "now" } })), &cluster);
    assert_eq!(roster.fold(&own(), begun, &found(&[])), []);
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
}

#[test]
fn the_ground_goes_after_what_stands_on_it() {
    let mut roster = roster(true);
    let cluster = Cluster::default();
    let both = [Effect::Pass(ground()), Effect::Pass(own())];
    assert_eq!(roster.apply(admitted(1, json!({})), &cluster), both);
    pass(&mut roster, &own(), &["u"]);
    roster.apply(admitted(2, json!({ "metadata": { "deletionTimestamp": "now" } })), &cluster);
    assert_eq!(wants(&mut roster, &ground())[&uid()], Want::Hold);
    assert_eq!(pass(&mut roster, &ground(), &[]), [], "the ground alone is not enough");
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Pass(ground())]);
    assert!(wants(&mut roster, &ground()).is_empty(), "now it may go");
    assert_eq!(pass(&mut roster, &ground(), &[]), [Effect::Dismiss(uid())]);
}

#[test]
fn a_changed_type_is_a_departure_from_which_one_can_come_back() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let plain = admitted(2, json!({ "spec": { "type": "ClusterIP" } }));
    assert_eq!(roster.apply(plain, &cluster), [Effect::Pass(own())]);
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
    // It is wanted again while the finalizer is being taken off.
    assert_eq!(roster.apply(admitted(3, json!({})), &cluster), []);
    assert_eq!(roster.dismissed(&uid()), [Effect::Admit(uid())]);
    assert_eq!(roster.admitted(&uid(), written(5)), [Effect::Pass(own())]);
}

#[test]
fn a_service_that_vanished_is_taken_down_without_a_word_to_the_api() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    assert_eq!(roster.vanish(&uid()), [Effect::Pass(own())]);
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
    assert!(roster.is_gone(&uid()));
}

#[test]
fn a_service_recreated_by_the_same_name_is_another() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let other = service(9, json!({ "metadata": { "uid": "v" } }));
    let effects = roster.apply(other, &cluster);
    assert_eq!(effects, [Effect::Pass(own()), Effect::Admit("v".into())]);
}

#[test]
fn a_service_of_somebody_else_is_none_of_our_business() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    let theirs = json!({ "spec": { "loadBalancerClass": "example.com/other" } });
    assert_eq!(roster.apply(service(1, theirs), &cluster), []);
    assert!(roster.service(&uid()).is_none());
    let deleted = json!({ "metadata": { "deletionTimestamp": "now", "finalizers": ["x/y"] } });
    assert_eq!(roster.apply(service(2, deleted), &cluster), [], "no finalizer on a deleted one");
}

#[test]
fn the_old_place_of_a_moved_service_is_held_until_the_status_shows_the_new_one() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    let at = |version, group: &str| {
        admitted(version, json!({ "metadata": { "annotations": { GROUP: group } } }))
    };
    roster.apply(at(1, "red"), &cluster);
    pass(&mut roster, &shared("red"), &["u"]);
    roster.shown(&uid(), &shared("red"), None);
    assert_eq!(roster.apply(at(2, "blue"), &cluster), [Effect::Pass(shared("blue"))]);
    assert_eq!(wants(&mut roster, &shared("red"))[&uid()], Want::Hold);
    assert!(is_present(&wants(&mut roster, &shared("blue"))));
    pass(&mut roster, &shared("blue"), &["u"]);
    let red = [Effect::Pass(shared("red"))];
    assert_eq!(roster.shown(&uid(), &shared("blue"), None), red);
    assert!(wants(&mut roster, &shared("red")).is_empty(), "now the old place may go");
}

#[test]
fn what_was_found_at_the_start_and_is_not_wanted_is_taken_down() {
    let mut roster = roster(false);
    roster.holdings.set(own(), BTreeSet::from([uid()]));
    let plain = admitted(1, json!({ "spec": { "type": "ClusterIP" } }));
    let effects = roster.restart(vec![plain], &Cluster::default());
    assert_eq!(effects, [Effect::Pass(own())]);
}

#[test]
fn a_status_changed_by_somebody_else_is_looked_into() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    let shown = |version, ip: &str| {
        admitted(version, json!({ "status": { "loadBalancer": { "ingress": [{ "ip": ip }] } } }))
    };
    roster.apply(shown(1, "192.0.2.1"), &cluster);
    assert_eq!(roster.apply(shown(2, "192.0.2.1"), &cluster), []);
    assert_eq!(roster.apply(shown(3, "192.0.2.9"), &cluster), [Effect::Pass(own())]);
}

#[test]
fn the_member_tells_what_its_status_shows() {
    let mut roster = roster(false);
    let digest = seaway_core::Digest::of(&1);
    let mut seen = admitted(1, json!({}));
    seen.object.status = serde_json::from_value(json!({
        "loadBalancer": { "ingress": [{ "ip": "192.0.2.1", "ipMode": "VIP" }] },
        "conditions": [{
            "type": crate::PROVISIONED, "status": "True", "message": format!("as asked, spec {digest}"),
        }, {
            "type": crate::ACCEPTED, "status": "True", "message": "provider paper takes it",
        }],
    }))
    .unwrap();
    roster.apply(seen, &Cluster::default());
    let (goal, _) = roster.goal(&own(), Moment::default(), Nodes::default());
    let member = &goal.members[&uid()];
    assert_eq!(member.published, [Address::Ip("192.0.2.1".parse().unwrap())]);
    assert_eq!(member.applied, None, "it would vouch for nodes that may be others by now");
}
