//! What can't be had, and what fails.

use super::*;

#[test]
fn a_failed_goodbye_is_said_again() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    roster.apply(admitted(2, json!({ "spec": { "type": "ClusterIP" } })), &cluster);
    pass(&mut roster, &own(), &[]);
    let goodbye = Effect::Dismiss(uid());
    assert_eq!(roster.again(goodbye.clone()), std::slice::from_ref(&goodbye));
    roster.apply(admitted(3, json!({})), &cluster);
    assert_eq!(roster.again(goodbye), [Effect::Pass(own())], "it has the finalizer still");
}

#[test]
fn a_refused_service_is_told_once_and_keeps_what_it_has() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let udp =
        json!({ "spec": { "ports": [{ "port": 53, "protocol": "UDP", "nodePort": 30053 }] } });
    let effects = roster.apply(admitted(2, udp.clone()), &cluster);
    let [Effect::Explain(_), Effect::Pass(key)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let text = roster.refusal(&uid()).unwrap().error.to_string();
    assert!(text.contains("53/UDP"), "{text}");
    assert_eq!(*key, own());
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold);
    assert_eq!(roster.apply(admitted(3, udp), &cluster), [], "nothing new");
}

#[test]
fn unreadable_source_ranges_close_what_is_open_and_open_nothing() {
    let key = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let bad = || json!({ "metadata": { "annotations": { key: "10.0.0.0/99" } } });
    let cluster = Cluster::default();

    let mut new = roster(false);
    new.apply(service(1, bad()), &cluster);
    assert!(wants(&mut new, &own()).is_empty(), "nothing is made");

    let mut old = roster(false);
    old.apply(admitted(1, json!({})), &cluster);
    pass(&mut old, &own(), &["u"]);
    old.apply(admitted(2, bad()), &cluster);
    let wants = wants(&mut old, &own());
    let Want::Present(spec) = &wants[&uid()] else { panic!("{wants:?}") };
    assert!(!spec.source_ranges.admit("192.0.2.1".parse().unwrap()));
}

#[test]
fn a_service_that_waits_for_room_is_tried_when_another_gives_some_back() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    roster.failed(&uid(), &trouble(ErrorKind::QuotaExceeded));
    let other = admitted(1, json!({ "metadata": { "uid": "v", "name": "other" } }));
    roster.apply(other, &cluster);
    roster.vanish(&"v".into());
    let key = QueueKey { provider: "paper", key: Key::own("v".into()) };
    assert_eq!(pass(&mut roster, &key, &[]), [Effect::Dismiss("v".into())]);
    assert_eq!(roster.dismissed(&"v".into()), [Effect::Pass(own())]);
}

#[test]
fn it_is_tried_as_well_if_the_watch_tells_first_that_the_other_is_let_go() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    roster.failed(&uid(), &trouble(ErrorKind::QuotaExceeded));
    let meta = || json!({ "metadata": { "uid": "v", "name": "other" } });
    roster.apply(admitted(1, meta()), &cluster);
    let plain = || {
        let mut patch = meta();
        patch["spec"]["type"] = json!("ClusterIP");
        patch
    };
    let key = QueueKey { provider: "paper", key: Key::own("v".into()) };
    assert_eq!(roster.apply(admitted(2, plain()), &cluster), [Effect::Pass(key.clone())]);
    assert_eq!(pass(&mut roster, &key, &[]), [Effect::Dismiss("v".into())]);
    assert_eq!(roster.apply(service(3, plain()), &cluster), [Effect::Pass(own())]);
    assert_eq!(roster.dismissed(&"v".into()), [], "once is enough");
}

#[test]
fn failures_are_counted_until_a_success_or_a_change() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    assert_eq!(roster.failed(&uid(), &trouble(ErrorKind::Unavailable)), 1);
    assert_eq!(roster.failed(&uid(), &trouble(ErrorKind::Unavailable)), 2);
    roster.apply(admitted(2, json!({})), &cluster);
    assert_eq!(roster.failed(&uid(), &trouble(ErrorKind::Unavailable)), 3, "nothing changed");
    roster.succeeded(&uid());
    assert_eq!(roster.failed(&uid(), &trouble(ErrorKind::Unavailable)), 1);
    let changed = json!({ "spec": { "ports": [{ "port": 81, "nodePort": 30081 }] } });
    roster.apply(admitted(3, changed), &cluster);
    assert_eq!(roster.failed(&uid(), &trouble(ErrorKind::Unavailable)), 1, "a fresh start");
}

#[test]
fn a_service_that_a_provider_refused_is_held_until_it_changes() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    roster.failed(&uid(), &trouble(ErrorKind::InvalidSpec));
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold);
    roster.succeeded(&uid());
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold, "a pass that held it is no success");
    assert_eq!(
        roster.views()[0].stage,
        crate::inspect::Stage::Refused,
        "whoever it was that refused it"
    );
    let changed = json!({ "spec": { "ports": [{ "port": 81, "nodePort": 30081 }] } });
    roster.apply(admitted(2, changed), &cluster);
    assert!(is_present(&wants(&mut roster, &own())));
    assert_eq!(roster.views()[0].stage, crate::inspect::Stage::Carried);
}
