//! The driver, on a provider of chalk. Nothing here waits, so every future is polled by hand.

mod folding;
mod slate;
mod stirring;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;

use self::slate::Slate;
use super::{Report, SharedDriver, drive};
use crate::{
    Clock, Context, ErrorKind, Fence, Goal, Key, Lane, LbSpec, Member, Moment, Pace, Port,
    Protocol, ProviderError, Readiness, ServiceRef, ServiceUid, SourceRanges, TrafficPolicy, Turn,
    Urgency, Want,
};

fn uid(name: &str) -> ServiceUid {
    name.into()
}

fn wall() -> Key {
    Key::shared("wall")
}

fn spec(name: &str, ports: &[u16]) -> LbSpec {
    let port = |port: &u16| Port {
        port: *port,
        protocol: Protocol::Tcp,
        node_port: Some(30_000 + *port),
        name: None,
        app_protocol: None,
    };
    LbSpec {
        service: ServiceRef { namespace: "ns".into(), name: name.into(), uid: uid(name) },
        created: Moment::default(),
        ports: ports.iter().map(port).collect(),
        families: vec![crate::Family::IPv4],
        traffic_policy: TrafficPolicy::Cluster,
        affinity: None,
        source_ranges: SourceRanges::Anyone,
        requested_address: None,
        settings: std::collections::BTreeMap::new(),
        node_selection: None,
        retain: false,
        local_nodes: None,
    }
}

/// A goal with these Services, each with these ports.
fn goal(services: &[(&str, &[u16])]) -> Goal {
    let member = |(name, ports): &(&str, &[u16])| (uid(name), Member::present(spec(name, ports)));
    Goal { members: services.iter().map(member).collect(), ..Goal::default() }
}

/// A clock that a test moves.
#[derive(Default)]
struct Hand(AtomicU64);

impl Hand {
    fn move_on(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Moment {
        Moment::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A slate, and a driver of it.
struct Bench {
    slate: Slate,
    driver: SharedDriver,
    clock: Arc<Hand>,
    cx: Context,
}

impl Bench {
    fn new(slate: Slate) -> Self {
        let clock = Arc::new(Hand::default());
        let cx = Context::new(clock.clone());
        Self { driver: drive(slate.clone()), slate, clock, cx }
    }

    fn pass(&self, goal: &Goal) -> Report {
        let pass = self.driver.reconcile(&self.cx, &wall(), goal).now_or_never();
        pass.expect("nothing waits")
    }

    fn survey(&self) -> BTreeSet<Key> {
        self.driver.survey(&self.cx).now_or_never().expect("nothing waits").unwrap()
    }

    /// What was asked of the provider since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.slate.wall().asked)
    }

    fn fail(&self, step: &str, kind: ErrorKind) {
        let error = ProviderError::new(kind, "chalk", "it broke");
        self.slate.wall().failing.insert(step.to_owned(), error);
    }

    fn mend(&self) {
        self.slate.wall().failing.clear();
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new(Slate::default())
    }
}

#[test]
fn an_unknown_key_is_looked_at_once_and_then_known() {
    let bench = Bench::default();
    let report = bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked(), ["look at shared/wall", "draw rail", "draw a:80"]);
    assert!(report.settled && report.error.is_none(), "{report:?}");
    assert_eq!(report.holds, BTreeSet::from([uid("a")]));
    assert!(matches!(report.members[&uid("a")].readiness, Readiness::Ready(_)));

    let report = bench.pass(&goal(&[("a", &[80])]));
    assert!(report.settled && !report.wrote(), "{report:?}");
    assert_eq!(bench.asked(), Vec::<String>::new());
}

#[test]
fn after_a_survey_a_key_that_is_not_listed_has_nothing() {
    let bench = Bench::default();
    bench.survey();
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked(), ["survey", "draw rail", "draw a:80"]);
}

#[test]
fn a_dropped_pass_leaves_doubt_and_the_next_one_looks_live() {
    for step in ["draw rail", "draw a:80"] {
        let bench = Bench::default();
        bench.survey();
        bench.slate.wall().silent.insert(step.to_owned());
        let wanted = goal(&[("a", &[80])]);
        let dropped = bench.driver.reconcile(&bench.cx, &wall(), &wanted).now_or_never();
        assert!(dropped.is_none(), "{step} answers");
        bench.asked();

        let report = bench.pass(&wanted);
        assert!(report.settled, "{report:?}");
        let asked = bench.asked();
        assert_eq!(asked[0], "look at shared/wall", "after {step}: {asked:?}");
        assert!(!asked.contains(&step.to_owned()), "{step} was made twice: {asked:?}");
    }
}

#[test]
fn a_failed_step_leaves_doubt() {
    let bench = Bench::default();
    bench.survey();
    bench.fail("draw a:80", ErrorKind::Unavailable);
    bench.pass(&goal(&[("a", &[80])]));
    bench.mend();
    bench.asked();
    let report = bench.pass(&goal(&[("a", &[80])]));
    assert!(report.settled);
    assert_eq!(bench.asked(), ["look at shared/wall", "draw a:80"]);
}

#[test]
fn a_failing_common_step_stops_the_plan() {
    let bench = Bench::default();
    bench.fail("draw rail", ErrorKind::Unavailable);
    let report = bench.pass(&goal(&[("a", &[80]), ("b", &[80])]));
    assert_eq!(bench.asked(), ["look at shared/wall", "draw rail"]);
    assert_eq!(report.error.as_ref().map(ProviderError::kind), Some(ErrorKind::Unavailable));
    assert!(!report.settled);
    assert!(report.members.values().all(|member| !member.settled && member.error.is_none()));
}

#[test]
fn a_failing_own_step_stops_only_its_service() {
    let bench = Bench::default();
    bench.fail("draw a:80", ErrorKind::QuotaExceeded);
    // What a has beside is not touched any more: its further steps wait.
    let old = ("a:79".to_owned(), Some(uid("a")));
    bench.slate.wall().keys.entry(wall()).or_default().extend([old]);
    let report = bench.pass(&goal(&[("a", &[80]), ("b", &[80, 81])]));
    assert_eq!(
        bench.asked(),
        ["look at shared/wall", "draw rail", "draw a:80", "draw b:80", "draw b:81"]
    );
    assert!(report.error.is_none() && !report.settled, "{report:?}");
    assert!(report.members[&uid("b")].settled);
    let failed = &report.members[&uid("a")];
    assert_eq!(failed.error.as_ref().map(ProviderError::kind), Some(ErrorKind::QuotaExceeded));
    assert!(!failed.settled);
}

#[test]
fn a_service_that_spoils_a_common_step_is_held_and_the_others_go_on() {
    let bench = Bench::default();
    let old = ("b:79".to_owned(), Some(uid("b")));
    bench.slate.wall().keys.entry(wall()).or_default().extend([old]);
    bench.slate.wall().spoilers.insert(uid("b"));
    let report = bench.pass(&goal(&[("a", &[80]), ("b", &[80]), ("c", &[80])]));
    assert_eq!(
        bench.asked(),
        ["look at shared/wall", "draw rail", "draw rail", "draw a:80", "draw c:80"],
        "b keeps what it has, and gets nothing"
    );
    assert!(report.error.is_none(), "{report:?}");
    let spoiler = report.members[&uid("b")].error.as_ref();
    assert_eq!(spoiler.map(ProviderError::kind), Some(ErrorKind::InvalidSpec));
    assert!(report.members[&uid("a")].settled && report.members[&uid("c")].settled);
    assert_eq!(report.holds, BTreeSet::from([uid("a"), uid("b"), uid("c")]));
}

#[test]
fn however_many_services_spoil_a_step_the_rest_goes_on() {
    let bench = Bench::default();
    let names: Vec<_> = (0..100).map(|number| format!("bad-{number:03}")).collect();
    bench.slate.wall().spoilers.extend(names.iter().map(|name| uid(name)));
    let mut services: Vec<(&str, &[u16])> =
        names.iter().map(|name| (name.as_str(), [80].as_slice())).collect();
    services.push(("good", &[80]));
    let report = bench.pass(&goal(&services));
    assert!(report.error.is_none(), "{:?}", report.error);
    assert!(report.members[&uid("good")].settled);
    assert_eq!(report.holds, BTreeSet::from([uid("good")]));
}

#[test]
fn blame_for_one_who_is_held_already_stops_the_plan() {
    let bench = Bench::default();
    bench.slate.wall().spoilers.insert(uid("b"));
    let mut wanted = goal(&[("a", &[80]), ("b", &[80])]);
    wanted.members.get_mut(&uid("b")).unwrap().want = Want::Hold;
    let report = bench.pass(&wanted);
    assert_eq!(report.error.as_ref().map(ProviderError::kind), Some(ErrorKind::InvalidSpec));
    assert_eq!(bench.asked(), ["look at shared/wall", "draw rail"]);
}

/// Closed once somebody had a turn.
#[derive(Default)]
struct Lease(AtomicBool);

impl Fence for Lease {
    fn check(&self) -> Result<(), ProviderError> {
        if self.0.load(Ordering::SeqCst) { Err(ProviderError::not_leader()) } else { Ok(()) }
    }
}

/// While one waits for a turn here, the lease is lost.
struct Slow(Arc<Lease>);

#[async_trait]
impl Pace for Slow {
    async fn turn(&self, _: Lane, _: Urgency) -> Result<Turn, ProviderError> {
        self.0.0.store(true, Ordering::SeqCst);
        Ok(Turn::free())
    }
}

#[test]
fn the_fence_is_checked_after_the_turn() {
    let mut bench = Bench::default();
    let lease = Arc::new(Lease::default());
    bench.cx = bench.cx.fenced(lease.clone()).paced(Arc::new(Slow(lease)));
    let report = bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked(), ["look at shared/wall"], "nothing is written");
    assert_eq!(report.error.map(|error| error.kind()), Some(ErrorKind::NotLeader));
}

#[test]
fn a_lost_lease_stops_everything_even_from_an_own_step() {
    let bench = Bench::default();
    bench.fail("draw a:80", ErrorKind::NotLeader);
    bench.fail("draw b:80", ErrorKind::Unavailable);
    let old = ("z:80".to_owned(), Some(uid("z")));
    bench.slate.wall().keys.entry(wall()).or_default().extend([old]);
    let report = bench.pass(&goal(&[("a", &[80]), ("b", &[80])]));
    assert_eq!(report.error.map(|error| error.kind()), Some(ErrorKind::NotLeader));
    assert_eq!(
        bench.asked(),
        ["look at shared/wall", "draw rail", "draw a:80", "draw b:80"],
        "the stage that was begun ends, and nothing comes after it"
    );
}

#[test]
fn a_lost_lease_weighs_more_than_a_spoiler() {
    let bench = Bench::default();
    bench.slate.wall().spoilers.insert(uid("a"));
    let lease = Arc::new(Lease::default());
    lease.0.store(true, Ordering::SeqCst);
    let cx = bench.cx.clone().fenced(lease);
    let wanted = goal(&[("a", &[80])]);
    let report = bench.driver.reconcile(&cx, &wall(), &wanted).now_or_never().unwrap();
    assert_eq!(report.error.map(|error| error.kind()), Some(ErrorKind::NotLeader));
    assert_eq!(report.members[&uid("a")].error, None, "a lost lease is nobody's own fault");
}

#[test]
fn a_plan_that_never_rests_ends_with_unexpected() {
    let bench = Bench::default();
    bench.slate.wall().restless = true;
    let report = bench.pass(&goal(&[("a", &[80])]));
    let error = report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(error.to_string(), "plan: shared/wall does not come to rest after 64 rounds");
}

#[test]
fn a_closer_look_is_taken_once() {
    let bench = Bench::default();
    bench.slate.wall().keys.insert(wall(), [("a:80".to_owned(), Some(uid("a")))].into());
    bench.slate.wall().shallow = true;
    bench.survey();
    let report = bench.pass(&goal(&[("a", &[80])]));
    assert!(report.settled);
    bench.pass(&goal(&[("a", &[80])]));
    assert_eq!(bench.asked(), ["survey", "look at shared/wall", "draw rail"]);
}

#[test]
fn a_failed_look_does_not_read_as_gone() {
    let bench = Bench::default();
    bench.pass(&goal(&[("a", &[80])]));
    bench.fail("draw a:81", ErrorKind::Unavailable);
    bench.pass(&goal(&[("a", &[80, 81])]));
    bench.slate.wall().look_fails = true;
    let report = bench.pass(&goal(&[("a", &[80, 81])]));
    assert_eq!(report.error.map(|error| error.kind()), Some(ErrorKind::Unavailable));
    assert!(matches!(report.members[&uid("a")].readiness, Readiness::Ready(_)));
    assert_eq!(report.holds, BTreeSet::from([uid("a")]));
}

#[test]
fn without_the_ground_a_load_balancer_waits_and_says_so() {
    let bench = Bench::new(Slate { ground: true, ..Slate::default() });
    let wanted = goal(&[("a", &[80])]);
    let report = bench.pass(&wanted);
    assert!(report.needs_ground && !report.settled && !report.wrote(), "{report:?}");
    assert!(!report.members[&uid("a")].settled);
    let ground = bench.driver.reconcile(&bench.cx, &Key::Ground, &wanted).now_or_never().unwrap();
    assert!(ground.settled, "{ground:?}");
    let report = bench.pass(&wanted);
    assert!(report.settled && !report.needs_ground, "{report:?}");
}

#[test]
fn a_rehearsal_sees_past_what_is_missing_and_changes_nothing() {
    let bench = Bench::new(Slate { ground: true, ..Slate::default() });
    let wanted = goal(&[("a", &[80, 81])]);
    let goals = [(Key::Ground, wanted.clone()), (wall(), wanted.clone())];
    let rehearse = || {
        let reports = bench.driver.rehearse(&bench.cx, &goals).now_or_never().unwrap();
        let steps = reports.iter().flat_map(|report| &report.steps);
        steps.map(|step| step.step.clone()).collect::<Vec<_>>()
    };
    let first = rehearse();
    assert_eq!(first, ["draw floor", "draw rail", "draw a:80", "draw a:81"]);
    assert_eq!(first, rehearse(), "nothing is remembered");
    assert!(bench.slate.wall().keys.is_empty());
    assert!(bench.driver.holders().is_empty());
    let asked = bench.asked();
    assert!(asked.iter().all(|call| call.starts_with("look")), "{asked:?}");
}

#[test]
fn what_was_foreseen_is_not_looked_at() {
    let bench = Bench::default();
    bench.slate.wall().keys.insert(wall(), [("a:80".to_owned(), Some(uid("a")))].into());
    bench.slate.wall().shallow = true;
    bench.survey();
    let goals = [(wall(), goal(&[("b", &[80])])), (wall(), goal(&[("b", &[80, 81])]))];
    let reports = bench.driver.rehearse(&bench.cx, &goals).now_or_never().unwrap();
    let texts =
        |report: &Report| report.steps.iter().map(|step| step.step.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&reports[0]), ["draw rail", "draw b:80", "wipe a:80"]);
    assert_eq!(texts(&reports[1]), ["draw b:81"]);
    assert_eq!(bench.asked(), ["survey", "look at shared/wall"]);
}
