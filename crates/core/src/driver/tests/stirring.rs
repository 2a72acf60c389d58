//! What changes of its own accord is looked at before anything is planned for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt as _;

use super::super::belief::Beliefs;
use super::{Bench, goal, wall};
use crate::Key;

fn stir(bench: &Bench) -> Option<BTreeSet<Key>> {
    bench.slate.wall().stirring.insert(wall());
    bench.driver.stirred(&bench.cx).now_or_never()
}

#[test]
fn a_key_that_stirred_is_looked_at_once() {
    let bench = Bench::default();
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(stir(&bench), Some(BTreeSet::from([wall()])));
    assert_eq!(bench.driver.stirred(&bench.cx).now_or_never(), None, "nothing else stirs");
    bench.asked();
    let report = bench.pass(&goal(&[("a", &[80])]));
    assert!(report.settled && !report.wrote() && !report.altered, "{report:?}");
    assert_eq!(bench.asked(), ["look at shared/wall"]);
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked(), [""; 0]);
}

#[test]
fn what_others_have_changed_is_told_once() {
    let bench = Bench::default();
    bench.pass(&goal(&[("a", &[80])]));
    for listed in [false, true] {
        bench.slate.wall().keys.get_mut(&wall()).unwrap().remove("a:80");
        if listed {
            bench.survey();
        } else {
            stir(&bench);
        }
        let report = bench.pass(&goal(&[("a", &[80])]));
        assert!(report.wrote() && report.altered, "{report:?}");
        let report = bench.pass(&goal(&[("a", &[80])]));
        assert!(!report.wrote() && !report.altered, "{report:?}");
    }
}

#[test]
fn what_stirs_during_a_pass_is_not_known_after_it() {
    let mut beliefs = Beliefs::<u8>::default();
    let settle = |beliefs: &mut Beliefs<u8>, began, seen| {
        beliefs.settle(&wall(), Arc::new(seen), (began, true), None);
        beliefs.certain(&wall()).map(|seen| *seen)
    };
    let early = beliefs.tick();
    beliefs.stir(&[wall()].into());
    assert_eq!(settle(&mut beliefs, early, 1), None, "it may have been read before");
    assert_eq!(beliefs.left(&wall()).as_deref(), Some(&1));
    let late = beliefs.tick();
    assert_eq!(settle(&mut beliefs, late, 1), Some(1));
}

#[test]
fn a_listing_is_folded_into_what_stirred_and_it_is_looked_at_all_the_same() {
    let bench = Bench::default();
    bench.slate.wall().keys.insert(wall(), [("a:80".to_owned(), Some("a".into()))].into());
    bench.slate.wall().slow_survey = true;
    let mut survey = bench.driver.survey(&bench.cx);
    assert!((&mut survey).now_or_never().is_none(), "the listing is on its way");
    stir(&bench);
    survey.now_or_never().unwrap().unwrap();
    assert_eq!(bench.driver.holders()[&wall()], BTreeSet::from(["a".into()]));
    bench.asked();
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked()[0], "look at shared/wall");
}
