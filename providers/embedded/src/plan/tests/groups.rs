//! Several Services on one address.

use seaway_core::Moment;

use super::*;

const ADDRESSES: &str = "seaway.dev/load-balancer-ips";
const POOL: &str = "seaway.dev/address-pool";

/// The members of a group, and what each shows.
#[derive(Clone, Default)]
struct Group {
    goal: Goal,
}

impl Group {
    fn with(mut self, age: u64, spec: SpecBuilder, shows: &[&str]) -> Self {
        let mut spec = spec.build();
        spec.created = Moment::from_millis(age);
        let uid = spec.service.uid.clone();
        let published = shows.iter().map(|text| Address::Ip(ip(text))).collect();
        self.goal.members.insert(uid, Member { published, ..Member::present(spec) });
        self.goal.nodes = [node("node-1").build()].into_iter().collect();
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.goal.members.remove(&uid(name));
        self
    }

    fn plan(&self, seen: &Observed) -> Plan<Step> {
        let pools = [("front".to_owned(), Ranges::parse(&["198.51.100.0/28"]).unwrap())];
        let config = Config { pools: pools.into(), ..both() };
        let pools = config.pools().unwrap();
        let terms = Terms { config: &config, pools: &pools };
        let planned = plan(terms, &BalancerKey::Shared("default/web".into()), &self.goal, seen);
        assert_eq!(
            planned,
            plan(terms, &BalancerKey::Shared("default/web".into()), &self.goal, seen),
            "it is pure"
        );
        planned
    }

    /// Folds plans until nothing is left to do: what is there then, the steps with whom they serve,
    /// stage by stage, and what is refused.
    fn fold(&self, mut seen: Observed) -> (Observed, Vec<String>, Vec<String>) {
        let mut texts = Vec::new();
        for _ in 0..6 {
            let plan = self.plan(&seen);
            if plan.is_empty() {
                let refused = plan.refused.iter();
                let refused = refused.map(|(uid, error)| format!("{uid}: {error}")).collect();
                return (seen, texts, refused);
            }
            for planned in plan.stages.into_iter().flatten() {
                let serves = planned.serves.clone().unwrap();
                texts.push(format!("{serves}: {}", planned.step));
                let fact = planned.step.foresee(&seen);
                seen.learn(fact);
            }
        }
        panic!("does not come to rest: {texts:?}");
    }
}

fn two() -> Group {
    Group::default().with(1, spec("a").port(80), &["192.0.2.7"]).with(
        2,
        spec("b").port(443),
        &["192.0.2.7"],
    )
}

fn done(group: &Group) -> Observed {
    let (seen, _, refused) = group.fold(Observed::default());
    assert_eq!(refused, [""; 0]);
    seen
}

#[test]
fn members_of_a_group_listen_on_one_address() {
    let (seen, texts, refused) = two().fold(Observed::default());
    assert_eq!(
        texts,
        [
            "uid-a: reserve 192.0.2.7",
            "uid-b: reserve 192.0.2.7",
            "uid-a: listen on 192.0.2.7:80/TCP -> :30080 for 1 node",
            "uid-b: listen on 192.0.2.7:443/TCP -> :30443 for 1 node",
        ]
    );
    assert_eq!(refused, [""; 0]);
    for name in ["a", "b"] {
        let ready = Readiness::Ready(vec![Address::Ip(ip("192.0.2.7"))]);
        assert_eq!(seen.readiness(&uid(name)), ready);
    }
    // Who joins gets the address of the others.
    let three = two().with(3, spec("c").udp(53), &[]);
    let (_, texts, _) = three.fold(seen);
    assert_eq!(
        texts,
        ["uid-c: reserve 192.0.2.7", "uid-c: listen on 192.0.2.7:53/UDP -> :30053 for 1 node"]
    );
}

#[test]
fn an_older_service_that_joins_takes_the_address_that_is_there() {
    let older = two().with(0, spec("c").port(22), &[]);
    let (_, texts, refused) = older.fold(done(&two()));
    assert_eq!(texts[0], "uid-c: reserve 192.0.2.7");
    assert_eq!((texts.len(), refused.len()), (2, 0), "{texts:?} {refused:?}");
}

#[test]
fn the_address_goes_with_the_last_member() {
    let seen = done(&two());
    let (seen, texts, _) = two().without("a").fold(seen);
    assert_eq!(texts, ["uid-a: stop listening", "uid-a: release 192.0.2.7"]);
    assert_eq!(seen.readiness(&uid("b")), Readiness::Ready(vec![Address::Ip(ip("192.0.2.7"))]));
    let (seen, texts, _) = two().without("a").without("b").fold(seen);
    assert_eq!(texts, ["uid-b: stop listening", "uid-b: release 192.0.2.7"]);
    assert_eq!(seen, Observed::default());
}

#[test]
fn the_older_wins_a_port_and_the_other_is_told_who_has_it() {
    let clash = two().with(3, spec("c").port(22).port(443), &[]);
    let (seen, texts, refused) = clash.fold(done(&two()));
    assert_eq!(texts, [""; 0]);
    assert_eq!(seen, done(&two()));
    let [told] = &refused[..] else { panic!("{refused:?}") };
    for part in ["uid-c: ", "spec.ports", "port 443/TCP", "by the Service default/b"] {
        assert!(told.contains(part), "{told}");
    }
    // The same number of another protocol is another port.
    let (_, _, refused) = two().with(3, spec("c").udp(443), &[]).fold(done(&two()));
    assert_eq!(refused, [""; 0]);
}

#[test]
fn an_older_service_takes_a_port_that_a_younger_one_has() {
    let both = two().with(2, spec("b").port(443).port(8443), &["192.0.2.7"]);
    let seen = done(&both);
    let clash = both.with(1, spec("a").port(80).port(443), &["192.0.2.7"]);
    assert_eq!(clash.plan(&seen).stages.len(), 2, "it is closed before it is opened");
    let (seen, texts, refused) = clash.fold(seen);
    assert_eq!(
        texts,
        [
            "uid-a: listen on 192.0.2.7:8443/TCP -> :30443 for 1 node",
            "uid-a: listen on 192.0.2.7:80/TCP -> :30080, 192.0.2.7:443/TCP -> :30443 for 1 node",
        ]
    );
    assert_eq!(refused.len(), 1);
    assert!(refused[0].contains("port 443/TCP") && refused[0].contains("default/a"), "{refused:?}");
    assert_eq!(seen.readiness(&uid("b")), Readiness::Ready(vec![Address::Ip(ip("192.0.2.7"))]));
}

/// A port that goes from one to another is closed before it is opened.
#[test]
fn members_swap_their_ports() {
    let swapped = Group::default().with(1, spec("a").port(443), &["192.0.2.7"]).with(
        2,
        spec("b").port(80),
        &["192.0.2.7"],
    );
    let (_, texts, refused) = swapped.fold(done(&two()));
    assert_eq!(refused, [""; 0]);
    assert_eq!(
        texts,
        [
            "uid-b: stop listening",
            "uid-a: stop listening",
            "uid-a: listen on 192.0.2.7:443/TCP -> :30443 for 1 node",
            "uid-b: listen on 192.0.2.7:80/TCP -> :30080 for 1 node",
        ]
    );
}

#[test]
fn who_is_on_hold_keeps_its_ports_and_moves_nobody() {
    let seen = done(&two());
    let mut held = two().with(0, spec("c").port(443), &[]);
    held.goal.members.insert(uid("b"), Member::held());
    let (after, texts, refused) = held.fold(seen.clone());
    assert_eq!((after, texts), (seen, vec![]));
    assert!(refused[0].contains("port 443/TCP of the group is taken"), "{refused:?}");
}

#[test]
fn the_oldest_decides_about_the_address_and_all_move_with_it() {
    let asks =
        |shows: &[&str]| {
            Group::default()
                .with(1, spec("a").port(80).setting(ADDRESSES, "192.0.2.9"), shows)
                .with(2, spec("b").port(443), shows)
        };
    let (seen, _, refused) = asks(&["192.0.2.7"]).fold(done(&two()));
    assert_eq!(refused, [""; 0]);
    for name in ["a", "b"] {
        let seat = seen.seat(&uid(name)).unwrap();
        assert_eq!(seat.addresses, [ip("192.0.2.9"), ip("192.0.2.7")], "{name}");
        assert_eq!(seat.open.as_ref().unwrap().listeners.len(), 2);
    }
    let (seen, _, _) = asks(&["192.0.2.9"]).fold(seen);
    for name in ["a", "b"] {
        assert_eq!(seen.seat(&uid(name)).unwrap().addresses, [ip("192.0.2.9")], "{name}");
    }
}

#[test]
fn who_asks_for_another_address_or_pool_than_the_group_has_is_refused() {
    let refused = |key: &str, value: &str, parts: [&str; 2]| {
        let asks = two().with(2, spec("b").port(443).setting(key, value), &["192.0.2.7"]);
        let (seen, texts, refused) = asks.fold(done(&two()));
        assert_eq!((seen, texts), (done(&two()), vec![]));
        assert_eq!(refused.len(), 1);
        assert!(parts.iter().all(|part| refused[0].contains(part)), "{refused:?}");
    };
    refused(ADDRESSES, "192.0.2.9", ["192.0.2.9 is not the address of the group", "default/a"]);
    refused(POOL, "front", [POOL, "the one without a name"]);
    // The same is no other.
    let same = two().with(2, spec("b").port(443).setting(ADDRESSES, "192.0.2.7"), &["192.0.2.7"]);
    assert_eq!(same.fold(done(&two())).2, [""; 0]);
}

#[test]
fn a_family_that_the_oldest_lacks_is_decided_by_the_next() {
    let (v4, v6) = (Family::IPv4, Family::IPv6);
    let mixed = Group::default()
        .with(1, spec("a").port(80), &["192.0.2.7"])
        .with(2, spec("b").port(443).families([v6, v4]), &["2001:db8::7", "192.0.2.7"])
        .with(3, spec("c").port(22).families([v6]), &["2001:db8::7"]);
    let seen = done(&mixed);
    let of = |name| seen.seat(&uid(name)).unwrap().addresses.clone();
    assert_eq!(of("a"), [ip("192.0.2.7")]);
    assert_eq!(of("b"), [ip("2001:db8::7"), ip("192.0.2.7")]);
    assert_eq!(of("c"), [ip("2001:db8::7")]);
}
