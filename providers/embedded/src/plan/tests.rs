use std::net::IpAddr;

use seaway_core::{
    Address, Class, ErrorKind, Family, Goal, Member, Node, NodeName, ProviderError, Readiness,
    Step as _, Urgency, Want,
};
use seaway_pool::{Holder, Ranges};
use seaway_testkit::{SpecBuilder, node, spec, uid};

use super::*;

mod addresses;
mod asked;
mod groups;
mod targets;

fn config(pool: &[&str]) -> Config {
    let read: Config = toml::from_str("pool = ['192.0.2.1']").unwrap();
    Config { pool: Ranges::parse(pool).unwrap(), ..read }
}

fn both() -> Config {
    config(&["192.0.2.0/28", "2001:db8::/124"])
}

/// What the one Service `a` is to be.
#[derive(Clone)]
struct Case {
    config: Config,
    goal: Goal,
}

/// A Service on two nodes that shows no address yet.
fn case(spec: SpecBuilder) -> Case {
    let nodes = [node("node-1").build(), node("node-2").build()].into_iter().collect();
    let members = [(uid("a"), Member::present(spec))].into();
    let goal = Goal { nodes, members, ..Goal::default() };
    Case { config: both(), goal }
}

fn a() -> SpecBuilder {
    spec("a").port(80)
}

/// What the Service `a` has.
fn of(seen: &Observed) -> Seat {
    seen.seats.get(&uid("a")).cloned().unwrap_or_default()
}

/// As if the Service `a` had it.
fn has(addresses: &[&str], open: Option<Arc<Balancer>>) -> Observed {
    let addresses = addresses.iter().map(|text| ip(text)).collect();
    Observed { seats: [(uid("a"), Seat { addresses, open })].into() }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Case {
    fn nodes(mut self, nodes: impl IntoIterator<Item = Node>) -> Self {
        self.goal.nodes = nodes.into_iter().collect();
        self
    }

    fn shows(mut self, addresses: &[&str]) -> Self {
        let published = addresses.iter().map(|text| Address::Ip(ip(text))).collect();
        self.goal.members.get_mut(&uid("a")).unwrap().published = published;
        self
    }

    fn within(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    fn absent(mut self) -> Self {
        self.goal.members.clear();
        self
    }

    fn on_hold(mut self) -> Self {
        self.goal.members.get_mut(&uid("a")).unwrap().want = Want::Hold;
        self
    }

    fn plan(&self, seen: &Observed) -> Plan<Step> {
        let pools = self.config.pools().unwrap();
        let terms = Terms { config: &self.config, pools: &pools };
        let key = BalancerKey::Own(uid("a"));
        let planned = plan(terms, &key, &self.goal, seen);
        assert_eq!(planned, plan(terms, &key, &self.goal, seen), "it is pure");
        planned
    }

    /// Folds plans until nothing is left to do: what is there then, and the steps on the way.
    fn fold(&self, mut seen: Observed) -> (Observed, Vec<String>) {
        let mut texts = Vec::new();
        for _ in 0..5 {
            let plan = self.plan(&seen);
            assert_eq!(plan.refused, [].into());
            if plan.is_empty() {
                return (seen, texts);
            }
            for planned in plan.stages.into_iter().flatten() {
                assert_eq!(planned.serves, Some(uid("a")));
                texts.push(planned.step.to_string());
                let fact = planned.step.foresee(&seen);
                seen.learn(fact);
            }
        }
        panic!("does not come to rest: {texts:?}");
    }

    /// What is there once this was converged, on the addresses that it shows.
    fn done(&self) -> Observed {
        self.fold(Observed::default()).0
    }

    fn refusal(&self, seen: &Observed) -> ProviderError {
        let plan = self.plan(seen);
        assert!(plan.is_empty(), "{plan:?}");
        assert_eq!(plan.refused.len(), 1);
        plan.refused[&uid("a")].clone()
    }
}

/// From what `before` left, the way to `after` takes these steps; then nothing is left to do.
fn check(before: &Case, after: &Case, steps: &[&str]) {
    let (_, texts) = after.fold(before.done());
    assert_eq!(texts, steps);
}

/// The same from nothing.
fn check_new(case: &Case, steps: &[&str]) {
    let (seen, texts) = case.fold(Observed::default());
    assert_eq!(texts, steps);
    assert!(seen.seats.contains_key(&uid("a")));
}

#[test]
fn a_new_service_gets_an_address_and_listens() {
    check_new(
        &case(a().udp(53)),
        &[
            "reserve an IPv4 address",
            "listen on the IPv4 address, port 53/UDP -> :30053, the IPv4 address, port 80/TCP -> \
             :30080 for 2 nodes",
        ],
    );
}

#[test]
fn what_is_there_is_left_alone() {
    let shown = case(a()).shows(&["192.0.2.7"]);
    check(&shown, &shown, &[]);
    // The status is written after the pass.
    check(&case(a()), &case(a()), &[]);
}

#[test]
fn ports_change_in_one_step() {
    let shown = |spec| case(spec).shows(&["192.0.2.7"]);
    check(
        &shown(a()),
        &shown(a().port(443)),
        &["listen on 192.0.2.7:80/TCP -> :30080, 192.0.2.7:443/TCP -> :30443 for 2 nodes"],
    );
    check(
        &shown(a().port(443)),
        &shown(spec("a").port(443)),
        &["listen on 192.0.2.7:443/TCP -> :30443 for 2 nodes"],
    );
    check(
        &shown(a()),
        &shown(a().node_port(80, 32_001)),
        &["listen on 192.0.2.7:80/TCP -> :32001 for 2 nodes"],
    );
}

#[test]
fn source_ranges_are_told_and_none_is_closed_to_all() {
    let shown = |spec: SpecBuilder| case(spec).shows(&["192.0.2.7"]);
    let text = "listen on 192.0.2.7:80/TCP -> :30080 for 2 nodes";
    check(
        &shown(a()),
        &shown(a().source("10.0.0.0/8").source("2001:db8::/32")),
        &[&format!("{text}, open to 10.0.0.0/8, 2001:db8::/32")],
    );
    let mut closed = a().build();
    closed.source_ranges = seaway_core::SourceRanges::Only([].into());
    let mut to = shown(a());
    to.goal.members.insert(uid("a"), Member::present(closed));
    let (seen, texts) = to.fold(Observed::default());
    assert!(texts[1].ends_with("for 2 nodes, closed to all"), "{texts:?}");
    let sources = of(&seen).open.unwrap().sources.clone();
    assert_eq!(sources, crate::dataplane::Sources::Only(vec![]));
}

#[test]
fn affinity_changes_in_place() {
    let shown = |spec: SpecBuilder| case(spec).shows(&["192.0.2.7"]);
    let text = "listen on 192.0.2.7:80/TCP -> :30080 for 2 nodes";
    check(&shown(a()), &shown(a().affinity(600)), &[text]);
    check(&shown(a().affinity(600)), &shown(a().affinity(1200)), &[text]);
    let open = of(&shown(a().affinity(600)).done()).open.unwrap();
    assert_eq!(open.affinity, Some(Duration::from_mins(10)));
}

#[test]
fn what_is_on_hold_is_left_alone() {
    let changed = case(a().port(443)).shows(&["192.0.2.7"]).nodes([]).on_hold();
    check(&case(a()).shows(&["192.0.2.7"]), &changed, &[]);
    assert!(changed.plan(&Observed::default()).is_empty());
}

#[test]
fn what_is_absent_is_closed_before_its_address_goes_back() {
    let there = case(a()).shows(&["192.0.2.7"]);
    check(&there, &there.clone().absent(), &["stop listening", "release 192.0.2.7"]);
    let (seen, _) = there.clone().absent().fold(there.done());
    assert_eq!(seen, Observed::default());
    assert_eq!(there.clone().absent().done(), Observed::default());
    // The stages follow each other: never is an address free that still listens.
    assert_eq!(there.clone().absent().plan(&there.done()).stages.len(), 2);
    // A run that was cut in between left one of both.
    let reserved = has(&["192.0.2.7"], None);
    assert_eq!(there.clone().absent().fold(reserved).1, ["release 192.0.2.7"]);
}

/// Who came in from elsewhere is not of a key that is one Service's own.
#[test]
fn nothing_is_made_for_another_under_a_key_that_is_a_services_own() {
    let mut case = case(a());
    case.goal.members = [(uid("b"), Member::present(spec("b").port(80)))].into();
    assert_eq!(case.plan(&Observed::default()), Plan::default());
}

#[test]
fn what_takes_away_goes_first() {
    let holder = || Holder::own(uid("a"));
    assert_eq!(Step::Close { holder: holder() }.urgency(), Urgency::Drain);
    let release = Step::Release { holder: holder(), addresses: vec![], leaves: true };
    assert_eq!(release.urgency(), Urgency::Drain);
    let service = a().port(80).build().service;
    let order = Order { pool: None, slots: vec![] };
    let reserve = Step::Reserve { holder: holder(), service, order };
    assert_eq!(reserve.urgency(), Urgency::Create);
}
