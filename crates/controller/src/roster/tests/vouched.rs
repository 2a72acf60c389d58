//! What vouches for the things of a Service over a restart.

use seaway_core::{Digest, Member};
use seaway_intent::annotation::{NODE_SELECTOR, PAUSE};

use super::*;

/// A Service of ours whose status says that it was converged as it is, or as `digest` says; changed by
/// `patch`.
fn converged(digest: Option<&Digest>, patch: Value) -> Seen<Service> {
    let bare = admitted(1, patch.clone()).object;
    let around = seaway_intent::Around { slices: None, keys: &[], labels: &BTreeMap::new() };
    let own = seaway_intent::build(&bare, around).unwrap().digest();
    let mut status = json!({ "status": { "conditions": [
        { "type": crate::ACCEPTED, "status": "True", "reason": "Accepted",
          "message": "provider paper takes it" },
        { "type": crate::PROVISIONED, "status": "True", "reason": "Converged",
          "message": format!("as asked, spec {}", digest.unwrap_or(&own)) },
    ] } });
    json_merge(&mut status, patch);
    admitted(1, status)
}

fn member(roster: &mut Roster) -> Member {
    let (goal, _) = roster.goal(&own(), Moment::default(), Nodes::default());
    goal.members.into_values().next().unwrap()
}

fn settled() -> BTreeSet<QueueKey> {
    [own()].into()
}

#[test]
fn a_digest_vouches_where_all_was_settled_until_the_first_pass_that_settles_or_writes() {
    let check = |what: &str, end: &dyn Fn(&mut Roster)| {
        let mut roster = roster(false);
        roster.apply(converged(None, json!({})), &Cluster::default());
        assert_eq!(member(&mut roster).applied, None, "nothing says that all was settled");
        roster.trust("paper");
        let trusted = member(&mut roster);
        assert_eq!(trusted.applied, Some(trusted.spec().unwrap().digest()));
        // A pass that could not even read changes nothing.
        let report = Report { error: Some(trouble(ErrorKind::Unavailable)), ..Report::default() };
        roster.fold(&own(), 1, &report);
        assert!(member(&mut roster).applied.is_some());
        end(&mut roster);
        assert_eq!(member(&mut roster).applied, None, "{what}");
    };
    check("settled", &|roster| drop(pass(roster, &own(), &["u"])));
    check("written to", &|roster| {
        let step = seaway_core::StepReport { step: String::new(), serves: None, error: None };
        roster.fold(&own(), 1, &Report { steps: vec![step], ..Report::default() });
    });
    check("something else was found", &|roster| roster.distrust_at(&own()));
    check("other nodes", &Roster::distrust);
}

#[test]
fn no_digest_vouches_for_nodes_that_are_selected_by_their_labels() {
    let mut roster = roster(false);
    let selects = json!({ "metadata": { "annotations": { NODE_SELECTOR: "zone=a" } } });
    roster.apply(converged(None, selects), &Cluster::default());
    roster.trust("paper");
    assert_eq!(member(&mut roster).applied, None);
}

#[test]
fn all_is_settled_if_each_service_is_as_its_status_says() {
    let check = |service: Seen<Service>, expected: bool, what: &str| {
        let mut roster = roster(false);
        roster.apply(service, &Cluster::default());
        assert_eq!(roster.vouches("paper", &settled()), expected, "{what}");
        assert!(roster.vouches("other", &BTreeSet::new()), "it has nothing");
    };
    check(converged(None, json!({})), true, "it is as it says");
    check(converged(Some(&Digest::of(&1)), json!({})), false, "it says something else");
    check(admitted(1, json!({})), true, "it says nothing");
    let paused = json!({ "metadata": { "annotations": { PAUSE: "true" } } });
    check(converged(None, paused), false, "it stays as it was, whatever the nodes");
    let mut fresh = converged(None, json!({}));
    fresh.object.metadata.finalizers.clear();
    check(fresh, false, "it is being let in");
}

#[test]
fn nothing_is_settled_while_a_key_or_a_service_is_in_trouble() {
    let mut roster = roster(true);
    roster.apply(converged(None, json!({})), &Cluster::default());
    assert!(!roster.vouches("paper", &settled()), "the ground is not");
    assert!(!roster.vouches("paper", &[ground()].into()), "the load balancer is not");
    let all = [own(), ground()].into();
    assert!(roster.vouches("paper", &all));
    roster.failed(&uid(), &trouble(ErrorKind::InvalidSpec));
    assert!(!roster.vouches("paper", &all));
}
