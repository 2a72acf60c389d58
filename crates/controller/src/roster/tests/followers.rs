//! What becomes of Services where another controller leads.

use super::*;
use crate::roster::Stance;

fn follower() -> Roster {
    rostered(false, Stance::Follows)
}

/// A Service that whoever leads has let in, and given this address.
fn shown(version: u64, ip: &str, patch: Value) -> Seen<Service> {
    let mut service = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": ip }] } } });
    json_merge(&mut service, patch);
    admitted(version, service)
}

fn passes(key: &QueueKey) -> Vec<Effect> {
    vec![Effect::Pass(key.clone())]
}

#[test]
fn a_service_is_served_once_its_status_shows_where() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    assert_eq!(roster.apply(service(1, json!({})), &cluster), []);
    assert_eq!(roster.apply(admitted(2, json!({})), &cluster), []);
    assert_eq!(wants(&mut roster, &own()), [].into());
    assert_eq!(roster.apply(shown(3, "192.0.2.1", json!({})), &cluster), passes(&own()));
    let (goal, _) = roster.goal(&own(), Moment::default(), Nodes::default());
    assert!(goal.follows);
    let member = &goal.members[&uid()];
    assert!(matches!(member.want, Want::Present(_)));
    assert_eq!(member.published, [Address::Ip("192.0.2.1".parse().unwrap())]);
}

#[test]
fn another_address_is_followed_and_conditions_are_no_news() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    let said = json!({ "status": { "conditions": [
        { "type": crate::SERVING, "status": "True", "reason": "Serving", "message": "" }] } });
    assert_eq!(roster.apply(shown(2, "192.0.2.1", said.clone()), &cluster), []);
    assert_eq!(roster.apply(shown(3, "192.0.2.2", said), &cluster), passes(&own()));
}

#[test]
fn what_loses_its_address_or_its_finalizer_stays_as_it_is() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    let bare = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } } });
    let cases = [admitted(2, json!({})), service(3, bare)];
    for stripped in cases {
        roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
        pass(&mut roster, &own(), &["u"]);
        assert_eq!(roster.apply(stripped.clone(), &cluster), []);
        assert_eq!(wants(&mut roster, &own()), [(uid(), Want::Hold)].into());
        let back = shown(stripped.version, "192.0.2.1", json!({}));
        assert_eq!(roster.apply(back, &cluster), passes(&own()));
        roster = follower();
    }
}

#[test]
fn what_is_deleted_goes_at_once_and_nobody_waits_for_the_finalizer() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    let deleting = json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } });
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    assert_eq!(roster.apply(shown(2, "192.0.2.1", deleting.clone()), &cluster), passes(&own()));
    assert_eq!(wants(&mut roster, &own()), [].into());
    assert_eq!(pass(&mut roster, &own(), &[]), []);
    assert_eq!(roster.service(&uid()), None);
    // Whoever leads takes the status back, then the finalizer off.
    assert_eq!(roster.apply(admitted(3, deleting), &cluster), []);
    assert_eq!(roster.service(&uid()), None);
    assert_eq!(roster.vanish(&uid()), []);
}

#[test]
fn what_vanishes_unseen_is_taken_down() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    assert_eq!(roster.restart(Vec::new(), &cluster), passes(&own()));
    assert_eq!(wants(&mut roster, &own()), [].into());
    assert_eq!(pass(&mut roster, &own(), &[]), []);
    assert_eq!(roster.service(&uid()), None);
}

#[test]
fn what_changes_its_type_and_back_is_served_anew() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    let plain = json!({ "spec": { "type": "ClusterIP" } });
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    assert_eq!(roster.apply(shown(2, "192.0.2.1", plain), &cluster), passes(&own()));
    // Another one may have the address by now.
    assert_eq!(roster.apply(admitted(3, json!({})), &cluster), []);
    assert_eq!(wants(&mut roster, &own()), [].into());
    assert_eq!(pass(&mut roster, &own(), &[]), []);
    assert_eq!(roster.apply(shown(4, "192.0.2.2", json!({})), &cluster), passes(&own()));
    assert!(is_present(&wants(&mut roster, &own())));
}

#[test]
fn what_moves_keeps_its_old_place_until_the_new_one_is_shown() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let grouped = || json!({ "metadata": { "annotations": { GROUP: "g" } } });
    assert_eq!(roster.apply(shown(2, "192.0.2.1", grouped()), &cluster), passes(&shared("g")));
    assert_eq!(wants(&mut roster, &own()), [(uid(), Want::Hold)].into());
    roster.apply(shown(3, "192.0.2.2", grouped()), &cluster);
    pass(&mut roster, &shared("g"), &["u"]);
    assert_eq!(roster.shown(&uid(), &shared("g"), None), passes(&own()));
    assert_eq!(wants(&mut roster, &own()), [].into());
}

#[test]
fn a_refusal_is_told_only_of_what_others_serve() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    let wrong = || json!({ "spec": { "loadBalancerSourceRanges": ["nonsense"] } });
    assert_eq!(roster.apply(service(1, wrong()), &cluster), []);
    let told = roster.apply(shown(2, "192.0.2.1", wrong()), &cluster);
    assert_eq!(told, [Effect::Explain(uid())]);
    assert_eq!(roster.apply(shown(3, "192.0.2.1", wrong()), &cluster), []);
    // It was refused, and is not ours any more: what others said of it is theirs to take back.
    assert_eq!(roster.apply(service(4, json!({ "spec": { "type": "ClusterIP" } })), &cluster), []);
}

#[test]
fn what_was_refused_at_one_address_may_be_had_at_another() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    let error = trouble(ErrorKind::InvalidSpec);
    assert!(!roster.has_failed(&uid(), &error));
    roster.failed(&uid(), &error);
    assert!(roster.has_failed(&uid(), &error));
    assert!(!is_present(&wants(&mut roster, &own())));
    assert_eq!(roster.apply(shown(2, "192.0.2.2", json!({})), &cluster), passes(&own()));
    assert!(is_present(&wants(&mut roster, &own())));
}

#[test]
fn what_is_paused_is_told_by_who_leads() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    let paused = json!({ "metadata": { "annotations": { "seaway.dev/pause": "true" } } });
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    assert_eq!(roster.apply(shown(2, "192.0.2.1", paused), &cluster), []);
    assert_eq!(wants(&mut roster, &own()), [(uid(), Want::Hold)].into());
}

#[test]
fn what_goes_while_its_first_pass_is_under_way_is_passed_over_again() {
    let (mut roster, cluster) = (follower(), Cluster::default());
    roster.apply(shown(1, "192.0.2.1", json!({})), &cluster);
    let (_, begun) = roster.goal(&own(), Moment::default(), Nodes::default());
    roster.begins([&uid()]);
    // Whoever leads has nothing of it any more, and lets it go.
    let plain = json!({ "spec": { "type": "ClusterIP" } });
    assert_eq!(roster.apply(service(2, plain), &cluster), passes(&own()));
    roster.ends(&own(), [(&uid(), None)]);
    assert_eq!(roster.fold(&own(), begun, &found(&["u"])), []);
    assert_eq!(wants(&mut roster, &own()), [].into());
    assert_eq!(pass(&mut roster, &own(), &[]), []);
    assert_eq!(roster.service(&uid()), None);
}
