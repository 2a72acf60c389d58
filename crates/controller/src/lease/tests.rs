use std::sync::Mutex;

use k8s_openapi::api::coordination::v1::LeaseSpec;
use seaway_core::{ErrorKind, Fence};

use super::*;

mod ledger;

const SECOND: Duration = Duration::from_secs(1);

/// A clock that stands still until it is moved.
#[derive(Default)]
struct ManualTicks(Mutex<Duration>);

impl ManualTicks {
    fn advance(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }
}

impl Ticks for ManualTicks {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

fn wall(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// One candidate, whose machine's clock is off by so many seconds.
struct Machine {
    candidate: Candidate,
    ticks: Duration,
    skew: i64,
}

impl Machine {
    fn new(identity: &str, skew: i64) -> Self {
        let candidate = Candidate::new(identity.to_owned(), Timing::default());
        // No two machines have run for as long.
        Self { candidate, ticks: SECOND * u32::try_from(skew.unsigned_abs()).unwrap(), skew }
    }

    fn later(&mut self, span: Duration) -> &mut Self {
        self.ticks += span;
        self
    }

    /// Looks, and says what it would do.
    fn look(&mut self, lease: Option<&Lease>) -> Wish {
        self.candidate.see(lease.cloned(), self.ticks);
        self.candidate.wish(self.ticks, wall(self.skew))
    }

    /// Looks, and does it.
    fn take(&mut self, lease: Option<&Lease>) -> Lease {
        match self.look(lease) {
            Wish::Create(lease) | Wish::Replace(lease) => {
                self.candidate.see(Some(lease.clone()), self.ticks);
                lease
            }
            Wish::Wait(holder) => panic!("{holder} has it"),
        }
    }
}

fn spec(lease: &Lease) -> &LeaseSpec {
    lease.spec.as_ref().unwrap()
}

fn waits(wish: &Wish, holder: &str) {
    assert_eq!(*wish, Wish::Wait(holder.to_owned()));
}

#[test]
fn who_finds_no_lease_creates_it_and_keeps_it() {
    let mut first = Machine::new("a", 0);
    let Wish::Create(lease) = first.look(None) else { panic!("it must be created") };
    assert_eq!(spec(&lease).holder_identity.as_deref(), Some("a"));
    assert_eq!(spec(&lease).lease_duration_seconds, Some(15));
    assert_eq!(spec(&lease).lease_transitions, Some(0));
    first.skew = 2;
    let again = first.later(SECOND * 2).take(Some(&lease));
    assert_eq!(spec(&again).acquire_time, spec(&lease).acquire_time);
    assert_eq!(spec(&again).renew_time.as_ref().unwrap().0, wall(2));
    assert_eq!(spec(&again).lease_transitions, Some(0));
}

#[test]
fn a_silent_holder_is_waited_for_from_when_its_silence_was_seen() {
    // Whatever the clock of its machine says, years off in both directions.
    for skew in [-100_000_000, 0, 100_000_000] {
        let lease = Machine::new("a", skew).take(None);
        let mut second = Machine::new("b", 7);
        waits(&second.look(Some(&lease)), "a");
        waits(&second.later(Duration::from_millis(14_999)).look(Some(&lease)), "a");
        let taken = second.later(Duration::from_millis(1)).take(Some(&lease));
        assert_eq!(spec(&taken).holder_identity.as_deref(), Some("b"));
        assert_eq!(spec(&taken).lease_transitions, Some(1));
        assert_eq!(spec(&taken).acquire_time.as_ref().unwrap().0, wall(7));
    }
}

#[test]
fn each_sign_of_life_counts_anew_and_other_changes_are_none() {
    let mut first = Machine::new("a", 0);
    let mut lease = first.take(None);
    let mut second = Machine::new("b", 0);
    for turn in 1..10 {
        waits(&second.later(SECOND * 14).look(Some(&lease)), "a");
        first.skew = turn;
        lease = first.take(Some(&lease));
        waits(&second.later(SECOND).look(Some(&lease)), "a");
    }
    let mut labelled = lease.clone();
    labelled.metadata.resource_version = Some("77".to_owned());
    labelled.metadata.labels = Some([("colour".to_owned(), "red".to_owned())].into());
    let Wish::Replace(taken) = second.later(SECOND * 15).look(Some(&labelled)) else {
        panic!("a label is no sign of life")
    };
    assert_eq!(taken.metadata, labelled.metadata, "the version and the label are kept");
}

#[test]
fn the_holder_says_for_how_long_it_may_be_silent() {
    let mut lease = Machine::new("a", 0).take(None);
    lease.spec.as_mut().unwrap().lease_duration_seconds = Some(60);
    let mut second = Machine::new("b", 0);
    waits(&second.look(Some(&lease)), "a");
    waits(&second.later(SECOND * 59).look(Some(&lease)), "a");
    assert_eq!(spec(&second.later(SECOND).take(Some(&lease))).lease_duration_seconds, Some(15));
    // Who does not say is taken for one of us.
    lease.spec.as_mut().unwrap().lease_duration_seconds = None;
    let mut third = Machine::new("c", 0);
    waits(&third.look(Some(&lease)), "a");
    waits(&third.later(SECOND * 14).look(Some(&lease)), "a");
}

#[test]
fn what_is_released_is_free_at_once() {
    let mut first = Machine::new("a", 0);
    let lease = first.take(None);
    let mut second = Machine::new("b", 0);
    waits(&second.look(Some(&lease)), "a");
    assert_eq!(second.candidate.farewell(wall(0)), None, "it is not ours to release");
    let released = first.candidate.farewell(wall(1)).unwrap();
    assert_eq!(spec(&released).holder_identity.as_deref(), Some(""));
    assert_eq!(spec(&released).lease_duration_seconds, Some(1));
    let taken = second.take(Some(&released));
    assert_eq!(spec(&taken).lease_duration_seconds, Some(15));
    assert_eq!(spec(&taken).lease_transitions, Some(1));
    waits(&first.look(Some(&taken)), "b");
}

#[test]
fn who_deletes_the_lease_does_not_stop_its_holder() {
    let mut first = Machine::new("a", 0);
    let lease = first.take(None);
    let mut second = Machine::new("b", 0);
    waits(&second.look(Some(&lease)), "a");
    waits(&second.later(SECOND * 14).look(None), "a");
    assert!(matches!(second.later(SECOND).look(None), Wish::Create(_)));
    // The holder itself need not wait.
    let Wish::Create(again) = first.later(SECOND).look(None) else { panic!("it is ours") };
    assert_eq!(spec(&again).acquire_time, spec(&lease).acquire_time);
}

#[test]
fn the_fence_closes_when_the_renewal_is_too_old() {
    let ticks = Arc::new(ManualTicks::default());
    let fence = LeaseFence::new(Arc::clone(&ticks) as Arc<dyn Ticks>);
    ticks.advance(SECOND * 1000);
    assert_eq!(fence.check().unwrap_err().kind(), ErrorKind::NotLeader);
    let sent = ticks.now();
    // The answer took its time: that is counted.
    ticks.advance(SECOND * 3);
    fence.open_until(sent + SECOND * 10);
    assert_eq!(fence.left(), SECOND * 7);
    ticks.advance(Duration::from_millis(6_999));
    assert!(fence.check().is_ok());
    ticks.advance(Duration::from_millis(1));
    assert!(fence.check().is_err());
    fence.open_until(ticks.now() + SECOND);
    assert!(fence.check().is_ok());
    fence.close();
    assert!(fence.check().is_err());
}

#[test]
fn a_leader_stops_before_another_one_starts() {
    assert!(Timing::default().check());
    let timing = Timing { renew_deadline: SECOND * 15, ..Timing::default() };
    assert!(!timing.check());
    let timing = Timing { retry_period: SECOND * 10, ..Timing::default() };
    assert!(!timing.check());
    let timing = Timing { retry_period: Duration::ZERO, ..Timing::default() };
    assert!(!timing.check());
    for _ in 0..100 {
        let pause = Timing::default().pause();
        assert!(pause <= SECOND * 2 && pause >= SECOND, "{pause:?}");
    }
}

#[test]
fn what_is_forbidden_is_said_with_what_to_grant() {
    let place = Place { namespace: "lb".to_owned(), name: "seaway".to_owned() };
    let answer = |code| {
        let message = "leases is forbidden".to_owned();
        let status = kube::core::Status { message, code, ..kube::core::Status::default() };
        kube::Error::Api(Box::new(status))
    };
    let text = place.trouble("create", &answer(403)).to_string();
    for part in ["create", "lb/seaway", "leases.coordination.k8s.io", "leases is forbidden"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(place.trouble("create", &answer(409)), Trouble::Overtaken);
    assert_eq!(place.trouble("update", &answer(404)), Trouble::Overtaken);
    assert!(matches!(place.trouble("create", &answer(404)), Trouble::Told(_)));
}
