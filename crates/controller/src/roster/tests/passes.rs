//! What comes while a pass is under way.

use super::*;

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
