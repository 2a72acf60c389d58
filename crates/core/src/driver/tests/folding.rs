//! What a listing changes in what is believed, and what it must not change.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::FutureExt as _;

use super::slate::Slate;
use super::{Bench, goal, uid, wall};
use crate::Key;

const LAG: Duration = Duration::from_secs(10);

#[test]
fn a_listing_tells_what_changed_and_only_that() {
    let bench = Bench::default();
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.survey(), BTreeSet::new());
    bench.slate.wall().keys.get_mut(&wall()).unwrap().remove("a:80");
    assert_eq!(bench.survey(), BTreeSet::from([wall()]));
    assert_eq!(bench.survey(), BTreeSet::new());
    bench.asked();
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked(), ["draw a:80"], "the drift is repaired without another look");
}

#[test]
fn a_listed_key_that_has_nothing_is_no_news() {
    let bench = Bench::default();
    bench.slate.wall().keys.insert(wall(), [].into());
    assert_eq!(bench.survey(), BTreeSet::new());
    assert!(bench.driver.holders().is_empty());
}

#[test]
fn what_we_wrote_wins_over_a_listing_that_began_before() {
    let bench = Bench::default();
    bench.survey();
    bench.slate.wall().slow_survey = true;
    let mut survey = bench.driver.survey(&bench.cx);
    assert!((&mut survey).now_or_never().is_none(), "the listing is on its way");
    bench.pass(&goal(&[("a", &[80])]));
    let changed = survey.now_or_never().unwrap().unwrap();
    assert_eq!(changed, BTreeSet::new(), "it shows nothing of what was written meanwhile");
    bench.asked();
    let report = bench.pass(&goal(&[("a", &[80])]));
    assert!(report.settled && !report.wrote());
    assert_eq!(bench.asked(), Vec::<String>::new());
}

#[test]
fn what_we_wrote_wins_while_listings_lag() {
    let bench = Bench::new(Slate { lag: LAG, ..Slate::default() });
    bench.survey();
    bench.pass(&goal(&[("a", &[80])]));
    bench.slate.wall().stale = Some([].into());
    bench.clock.move_on(LAG.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(bench.survey(), BTreeSet::new(), "the listing can't know yet");
    assert_eq!(bench.driver.holders()[&wall()], BTreeSet::from([uid("a")]));
    bench.clock.move_on(Duration::from_millis(1));
    assert_eq!(bench.survey(), BTreeSet::from([wall()]), "now it must");
}

/// How long a survey takes is no reason to trust it earlier.
#[test]
fn lag_counts_from_the_beginning_of_a_listing() {
    let bench = Bench::new(Slate { lag: LAG, ..Slate::default() });
    bench.survey();
    bench.pass(&goal(&[("a", &[80])]));
    bench.slate.wall().stale = Some([].into());
    bench.slate.wall().slow_survey = true;
    let mut survey = bench.driver.survey(&bench.cx);
    assert!((&mut survey).now_or_never().is_none());
    bench.clock.move_on(LAG * 2);
    assert_eq!(survey.now_or_never().unwrap().unwrap(), BTreeSet::new());
}

#[test]
fn what_we_deleted_stays_deleted_while_listings_lag() {
    let bench = Bench::new(Slate { lag: LAG, ..Slate::default() });
    bench.survey();
    bench.pass(&goal(&[("a", &[80])]));
    bench.clock.move_on(LAG);
    let before = bench.slate.wall().keys.clone();
    bench.pass(&goal(&[]));
    bench.slate.wall().stale = Some(before);
    assert_eq!(bench.survey(), BTreeSet::new());
    assert!(bench.driver.holders().values().all(BTreeSet::is_empty));
}

/// What an earlier process wrote right before it died need not show in our first listing.
#[test]
fn a_new_driver_trusts_no_absence_before_the_lag_is_over() {
    let bench = Bench::new(Slate { lag: LAG, ..Slate::default() });
    bench.slate.wall().keys.insert(wall(), [("a:80".to_owned(), Some(uid("a")))].into());
    bench.slate.wall().stale = Some([].into());
    bench.survey();
    bench.pass(&goal(&[]));
    assert_eq!(bench.asked(), ["survey", "look at shared/wall", "wipe a:80"]);

    bench.clock.move_on(LAG);
    bench.survey();
    let other = Key::shared("other");
    let report = bench.driver.reconcile(&bench.cx, &other, &goal(&[])).now_or_never().unwrap();
    assert!(report.settled);
    assert_eq!(bench.asked(), ["survey"], "from now on what is not listed is not there");
}

/// The sweep goes by holders, so a key that nobody passes over again must not be hidden by doubt.
#[test]
fn a_listing_tells_who_holds_a_doubted_key_and_leaves_it_doubted() {
    let bench = Bench::default();
    bench.survey();
    bench.slate.wall().silent.insert("draw a:80".to_owned());
    let wanted = goal(&[("a", &[80])]);
    assert!(bench.driver.reconcile(&bench.cx, &wall(), &wanted).now_or_never().is_none());
    assert!(bench.driver.holders()[&wall()].is_empty());
    assert_eq!(bench.survey(), BTreeSet::from([wall()]));
    assert_eq!(bench.driver.holders()[&wall()], BTreeSet::from([uid("a")]));
    bench.asked();
    bench.pass(&goal(&[]));
    assert_eq!(bench.asked()[0], "look at shared/wall");
}

/// A pass that neither reads nor writes knows nothing better than the listing that came meanwhile.
#[test]
fn an_idle_pass_does_not_make_a_listing_old() {
    let bench = Bench::default();
    bench.pass(&goal(&[("a", &[80])]));
    bench.slate.wall().keys.get_mut(&wall()).unwrap().remove("a:80");
    bench.slate.wall().slow_survey = true;
    let mut survey = bench.driver.survey(&bench.cx);
    assert!((&mut survey).now_or_never().is_none());
    assert!(!bench.pass(&goal(&[("a", &[80])])).wrote());
    assert_eq!(survey.now_or_never().unwrap().unwrap(), BTreeSet::from([wall()]));
}

#[test]
fn a_key_that_is_gone_from_the_provider_is_gone_from_memory() {
    let bench = Bench::default();
    bench.slate.wall().keys.insert(wall(), [("a:80".to_owned(), Some(uid("a")))].into());
    bench.survey();
    bench.slate.wall().keys.clear();
    assert_eq!(bench.survey(), BTreeSet::from([wall()]));
    assert!(bench.driver.holders().is_empty());
}
