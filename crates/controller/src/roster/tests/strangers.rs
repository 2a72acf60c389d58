//! What belongs to others, to nobody, or to a provider that is not there.

use super::*;
use crate::status::Standing;

/// A Service that `provider` took, as its conditions tell.
fn taken_by(provider: &str, version: u64, patch: Value) -> Seen<Service> {
    let mut seen = admitted(version, patch);
    seen.object.status = serde_json::from_value(json!({ "conditions": [{
        "type": crate::ACCEPTED, "status": "True", "message": format!("provider {provider} takes it"),
    }] }))
    .unwrap();
    seen
}

#[test]
fn a_provider_by_annotation_that_is_not_served_is_told() {
    let mut roster = roster(false);
    let asks = json!({ "metadata": { "annotations": { "seaway.dev/provider": "aws" } } });
    assert_eq!(roster.apply(service(1, asks), &Cluster::default()), [Effect::Explain(uid())]);
    let text = roster.refusal(&uid()).unwrap().error.to_string();
    assert!(text.contains("\"aws\" is not served here; served are paper"), "{text}");
}

#[test]
fn what_a_provider_made_that_is_not_served_any_more_is_not_let_go() {
    let cluster = Cluster::default();
    for patch in [
        json!({ "spec": { "loadBalancerClass": "seaway.dev/aws" } }),
        json!({ "spec": { "type": "ClusterIP" } }),
        json!({ "metadata": { "deletionTimestamp": "now" } }),
    ] {
        let mut roster = roster(false);
        let effects = roster.apply(taken_by("aws", 1, patch.clone()), &cluster);
        assert_eq!(effects, [Effect::Explain(uid())], "{patch}");
        assert!(roster.refusal(&uid()).unwrap().error.to_string().contains("\"aws\" made"));
    }
    let mut roster = roster(false);
    let other = json!({ "spec": { "loadBalancerClass": "seaway.dev/aws" } });
    assert_eq!(roster.apply(service(1, other), &cluster), [], "it is somebody else's");
    let ours = taken_by("paper", 1, json!({ "spec": { "type": "ClusterIP" } }));
    assert_eq!(roster.apply(ours, &cluster), [Effect::Pass(own())]);
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
}

/// Who made it may have been cut off right after the first call, and a listing that lags tells
/// nothing of that.
#[test]
fn who_leaves_before_anything_of_it_was_seen_is_looked_for_where_it_would_be() {
    let cluster = Cluster::default();
    let group = json!({ "annotations": { GROUP: "g" } });
    for leaves in [
        json!({ "metadata": { "deletionTimestamp": "now" } }),
        json!({ "spec": { "type": "ClusterIP" } }),
    ] {
        for (patch, key) in [(json!({}), own()), (json!({ "metadata": group }), shared("g"))] {
            let mut roster = roster(false);
            let mut seen = leaves.clone();
            json_merge(&mut seen, patch);
            assert_eq!(roster.apply(admitted(1, seen), &cluster), [Effect::Pass(key.clone())]);
            assert!(wants(&mut roster, &key).is_empty());
            assert_eq!(pass(&mut roster, &key, &["u"]), []);
            assert_eq!(pass(&mut roster, &key, &[]), [Effect::Dismiss(uid())]);
        }
    }
}

#[test]
fn what_belongs_to_nobody_is_found() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let dead = QueueKey { provider: "paper", key: Key::own("dead".into()) };
    pass(&mut roster, &dead, &["dead"]);
    assert_eq!(roster.orphans(), [(dead.clone(), "dead".into())].into());
    assert_eq!(wants(&mut roster, &dead)[&"dead".into()], Want::Hold, "it stays");
    roster.condemn(["dead".into()]);
    assert!(wants(&mut roster, &dead).is_empty(), "the next pass takes it down");
    pass(&mut roster, &dead, &[]);
    assert_eq!(roster.orphans(), [].into());
}

#[test]
fn nobody_goes_before_every_provider_was_read() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.miss("paper");
    let deleted = json!({ "metadata": { "deletionTimestamp": "now" } });
    assert_eq!(roster.apply(admitted(1, deleted), &cluster), []);
    assert_eq!(roster.orphans(), [].into());
    assert_eq!(roster.regain("paper", &cluster), [Effect::Pass(own())]);
    assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
}

#[test]
fn only_the_first_and_the_last_healthy_target_ask_for_a_pass() {
    let mut roster = roster(false);
    roster.apply(admitted(1, json!({})), &Cluster::default());
    let mut weigh = |targets, usable| roster.weigh(&uid(), Standing { targets, usable });
    assert_eq!(weigh(2, 2), None);
    assert_eq!(weigh(2, 1), None);
    assert_eq!(weigh(2, 0), Some(Effect::Pass(own())));
    assert_eq!(weigh(3, 0), None);
    assert_eq!(weigh(3, 1), Some(Effect::Pass(own())));
    // Without any, nobody is served either, and it is to be seen when the first one comes.
    assert_eq!(weigh(0, 0), Some(Effect::Pass(own())));
    assert_eq!(weigh(1, 1), Some(Effect::Pass(own())));
}

#[test]
fn what_was_said_of_a_refused_service_goes_when_it_is_no_load_balancer_any_more() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    let udp =
        json!({ "spec": { "ports": [{ "port": 53, "protocol": "UDP", "nodePort": 30053 }] } });
    assert_eq!(roster.apply(service(1, udp), &cluster), [Effect::Explain(uid())]);
    let mut plain = service(2, json!({ "spec": { "type": "ClusterIP" } }));
    plain.object.status = taken_by("paper", 1, json!({})).object.status;
    assert_eq!(roster.apply(plain, &cluster), [Effect::Dismiss(uid())]);
    assert_eq!(roster.remains(&uid()), Remains::Nothing);
}
