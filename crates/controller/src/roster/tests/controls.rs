//! What the annotations under `seaway.dev/` ask of the roster.

use super::*;
use crate::watch::Change;

fn annotated(key: &str, value: &str) -> Value {
    json!({ "metadata": { "annotations": { key: value } } })
}

#[test]
fn a_paused_service_is_held_and_nothing_is_done_for_it() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let mut paused = annotated("seaway.dev/pause", "true");
    paused["spec"] = json!({ "ports": [{ "port": 81, "nodePort": 30081 }] });
    let told = [Effect::Tell(uid(), Note::Paused(false))];
    assert_eq!(roster.apply(admitted(2, paused.clone()), &cluster), told);
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold);
    assert_eq!(roster.apply(admitted(3, paused), &cluster), [], "it is told once");
    let effects = roster.apply(admitted(4, json!({})), &cluster);
    assert_eq!(effects, [Effect::Pass(own())], "it goes on");
    assert!(is_present(&wants(&mut roster, &own())));
}

#[test]
fn the_deletion_of_a_paused_service_waits() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    roster.apply(admitted(2, annotated("seaway.dev/pause", "true")), &cluster);
    let mut deleted = annotated("seaway.dev/pause", "true");
    deleted["metadata"]["deletionTimestamp"] = json!("now");
    roster.apply(admitted(3, deleted.clone()), &cluster);
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold);
    deleted["metadata"]["annotations"] = json!({});
    assert_eq!(roster.apply(admitted(4, deleted), &cluster), [Effect::Pass(own())]);
    assert!(wants(&mut roster, &own()).is_empty(), "now it goes");
}

#[test]
fn a_new_service_that_is_paused_gets_nothing_yet() {
    let mut roster = roster(false);
    let effects =
        roster.apply(service(1, annotated("seaway.dev/pause", "true")), &Cluster::default());
    assert_eq!(effects, [Effect::Tell(uid(), Note::Paused(false))]);
    assert!(wants(&mut roster, &own()).is_empty());
}

#[test]
fn a_switch_that_can_not_be_read_changes_nothing_and_is_told() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    roster.apply(admitted(1, json!({})), &cluster);
    pass(&mut roster, &own(), &["u"]);
    let effects = roster.apply(admitted(2, annotated("seaway.dev/pause", "yes")), &cluster);
    assert_eq!(effects[0], Effect::Explain(uid()));
    assert_eq!(wants(&mut roster, &own())[&uid()], Want::Hold);
}

#[test]
fn what_is_retained_stays_after_its_service_and_is_no_orphan() {
    for key in [own(), shared("group")] {
        let mut roster = roster(false);
        let cluster = Cluster::default();
        let mut kept = annotated("seaway.dev/retain", "true");
        if key != own() {
            kept["metadata"]["annotations"][GROUP] = json!("group");
        }
        roster.apply(admitted(1, kept.clone()), &cluster);
        pass(&mut roster, &key, &["u"]);
        kept["metadata"]["deletionTimestamp"] = json!("now");
        assert_eq!(roster.apply(admitted(2, kept), &cluster), [Effect::Dismiss(uid())]);
        assert_eq!(roster.remains(&uid()), Remains::Kept);
        roster.dismissed(&uid());
        assert_eq!(wants(&mut roster, &key)[&uid()], Want::Hold);
        assert_eq!(roster.orphans(), [].into());
    }
}

#[test]
fn a_service_that_changes_its_type_gives_up_what_it_was_to_retain() {
    let mut roster = roster(false);
    let cluster = Cluster::default();
    let mut kept = annotated("seaway.dev/retain", "true");
    roster.apply(admitted(1, kept.clone()), &cluster);
    pass(&mut roster, &own(), &["u"]);
    kept["spec"] = json!({ "type": "ClusterIP" });
    assert_eq!(roster.apply(admitted(2, kept), &cluster), [Effect::Pass(own())]);
}

#[test]
fn nodes_are_selected_anew_when_their_labels_change() {
    let node = |zone: &str| -> Change<Seen<seaway_intent::Node>> {
        let object = serde_json::from_value(json!({
            "metadata": { "name": "node-1", "labels": { "zone": zone } },
        }));
        Change::Applied(Seen { version: 1, object: object.unwrap() })
    };
    let mut roster = roster(false);
    let mut cluster = Cluster::default();
    cluster.fold_nodes(node("b"));
    roster.apply(admitted(1, annotated("seaway.dev/node-selector", "zone=a")), &cluster);
    let selected = |roster: &mut Roster| {
        let Want::Present(spec) = &wants(roster, &own())[&uid()] else { panic!() };
        spec.selects(&"node-1".into())
    };
    assert!(roster.selects_nodes() && !selected(&mut roster));
    let changed = cluster.fold_nodes(node("a"));
    assert!(changed.labels && !changed.targets);
    assert_eq!(roster.reselect(&cluster), [Effect::Pass(own())]);
    assert!(selected(&mut roster));
}

#[test]
fn a_misspelt_annotation_is_told_to_who_is_let_in() {
    let mut roster = roster(false);
    roster.apply(service(1, annotated("seaway.dev/paused", "true")), &Cluster::default());
    let paused = "seaway.dev/paused (did you mean seaway.dev/pause?)";
    assert_eq!(roster.admission(&uid()).unwrap().unread, [paused]);
}

#[test]
fn a_rehearsal_tells_of_it_as_well_though_it_lets_nobody_in() {
    let mut roster = rostered(false, Stance::Rehearses);
    let cluster = Cluster::default();
    let misspelt = || annotated("seaway.dev/paused", "true");
    let effects = roster.apply(service(1, misspelt()), &cluster);
    let paused = "seaway.dev/paused (did you mean seaway.dev/pause?)".to_owned();
    let told = Effect::Tell(uid(), Note::Unread(paused));
    assert_eq!(effects, [told, Effect::Pass(own())]);
    assert_eq!(roster.apply(service(2, misspelt()), &cluster), [], "it is told once");
    let mut other = rostered(false, Stance::Rehearses);
    assert_eq!(other.apply(service(1, json!({})), &cluster), [Effect::Pass(own())]);
}
