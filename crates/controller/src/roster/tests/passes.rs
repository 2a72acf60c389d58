//! What comes while a pass is under way.

use super::*;
use crate::status::{self, Said};

#[test]
fn only_who_had_something_is_told_that_it_is_gone() {
    let deleted = || admitted(2, json!({ "metadata": { "deletionTimestamp": "now" } }));
    for (before, found_late) in [(false, false), (true, false), (false, true)] {
        let mut roster = roster(false);
        let cluster = Cluster::default();
        roster.apply(admitted(1, json!({})), &cluster);
        if before {
            pass(&mut roster, &own(), &["u"]);
        }
        let (_, begun) = roster.goal(&own(), Moment::default(), Nodes::default());
        roster.apply(deleted(), &cluster);
        // A pass that was under way may have made it meanwhile.
        roster.fold(&own(), begun, &found(if found_late { &["u"] } else { &[] }));
        assert_eq!(pass(&mut roster, &own(), &[]), [Effect::Dismiss(uid())]);
        let had = before || found_late;
        let expected = if had { Remains::TakenDown } else { Remains::Nothing };
        assert_eq!(roster.remains(&uid()), expected, "{before} {found_late}");
    }
}

#[test]
fn the_echo_of_what_a_pass_wrote_asks_for_nothing_and_what_others_wrote_meanwhile_does() {
    let shown = |version, ip: &str| {
        admitted(version, json!({ "status": { "loadBalancer": { "ingress": [{ "ip": ip }] } } }))
    };
    let ip = |ip: &str| shown(0, ip).object.status;
    let (ours, wiped) = (ip("192.0.2.9"), ServiceStatus::default());
    // What was written, and whether what was seen of it in version 5 leads to a pass.
    for (wrote, again) in [
        (Some((ours.clone(), 5)), false),
        (Some((ours, 4)), true),
        // Somebody wiped it before, and our own patch did not bring that back.
        (Some((wiped, 5)), true),
        (None, true),
    ] {
        let mut roster = roster(false);
        let cluster = Cluster::default();
        roster.apply(shown(1, "192.0.2.1"), &cluster);
        roster.begins([&uid()]);
        assert_eq!(roster.apply(shown(5, "192.0.2.9"), &cluster), [], "not yet");
        let effects = roster.ends(&own(), [(&uid(), wrote.as_ref())]);
        let expected = if again { vec![Effect::Pass(own())] } else { Vec::new() };
        assert_eq!(effects, expected, "{wrote:?}");
        let late = roster.apply(shown(6, "192.0.2.1"), &cluster);
        assert_eq!(late, [Effect::Pass(own())], "no pass is under way any more");
    }
}

fn udp() -> Value {
    json!({ "spec": { "ports": [{ "port": 53, "protocol": "UDP", "nodePort": 30053 }] } })
}

/// A roster of a Service that shows what we said in version 1, and is refused from version 2 on.
fn refused(cluster: &Cluster) -> Roster {
    let mut roster = roster(false);
    roster.apply(admitted(1, json!({})), cluster);
    pass(&mut roster, &own(), &["u"]);
    roster.shown(&uid(), &own(), Some((ServiceStatus::default(), 1)));
    assert!(knows(&mut roster).is_some());
    assert!(roster.apply(admitted(2, udp()), cluster).contains(&Effect::Explain(uid())));
    roster.begins([&uid()]);
    roster
}

/// What we said last, as a pass that begins now knows it.
fn knows(roster: &mut Roster) -> Option<Said> {
    let (goal, _) = roster.goal(&own(), Moment::default(), Nodes::default());
    roster.concerned(&own(), &goal)[&uid()].shown.clone()
}

/// The status that the refusal leaves.
fn explanation(roster: &Roster) -> ServiceStatus {
    let Refusal { service, error, mixed, lost } = roster.refusal(&uid()).unwrap();
    status::refusal(&service, &error, (mixed, lost), Moment::default()).unwrap().status
}

#[test]
fn what_a_refusal_overwrites_is_not_what_we_said_last() {
    let cluster = Cluster::default();
    let mut roster = refused(&cluster);
    let says = explanation(&roster);
    // Its owner takes it back before we know that the refusal is written.
    roster.apply(admitted(4, json!({})), &cluster);
    assert_eq!(knows(&mut roster), None);
    assert_eq!(roster.explained(&uid(), Some((says.clone(), 3))), [Effect::Pass(own())]);
    assert_eq!(knows(&mut roster), Some(Said::of(&says)));
}

#[test]
fn a_refusal_that_comes_too_late_is_taken_back() {
    let cluster = Cluster::default();
    let mut roster = refused(&cluster);
    let says = explanation(&roster);
    assert_eq!(roster.apply(admitted(3, json!({})), &cluster), [Effect::Pass(own())]);
    let (goal, begun) = roster.goal(&own(), Moment::default(), Nodes::default());
    roster.begins(goal.members.keys());
    roster.ends(&own(), [(&uid(), None)]);
    roster.fold(&own(), begun, &found(&["u"]));
    roster.shown(&uid(), &own(), None);
    // It says already what it should. Then the refusal is written, and its answer is first.
    assert_eq!(roster.explained(&uid(), Some((says.clone(), 4))), [Effect::Pass(own())]);
    assert_eq!(roster.service(&uid()).unwrap().status, says);
    assert_eq!(knows(&mut roster), Some(Said::of(&says)));
}

#[test]
fn the_echo_of_a_refusal_waits_for_its_answer_and_is_not_explained_again() {
    let cluster = Cluster::default();
    let mut roster = refused(&cluster);
    let says = explanation(&roster);
    let mut echo = admitted(3, udp());
    echo.object.status = says.clone();
    assert_eq!(roster.apply(echo, &cluster), []);
    assert_eq!(roster.explained(&uid(), Some((says, 3))), []);
}

#[test]
fn a_refusal_is_explained_until_it_is_what_the_status_says() {
    let cluster = Cluster::default();
    let mut roster = refused(&cluster);
    let says = explanation(&roster);
    // A pass that began before is over later, and has written over the refusal.
    roster.begins([&uid()]);
    assert_eq!(roster.explained(&uid(), Some((says, 3))), [], "the pass may say something yet");
    roster.ends(&own(), [(&uid(), None)]);
    assert_eq!(roster.unexplained([&uid()]), [], "it says so");
    roster.said(&uid(), ServiceStatus::default(), 4);
    assert_eq!(roster.unexplained([&uid()]), [Effect::Explain(uid())]);
    roster.begins([&uid()]);
    assert_eq!(roster.unexplained([&uid()]), [], "that is under way");
}
