use std::collections::BTreeMap;
use std::net::IpAddr;

use std::time::Duration;

use seaway_core::{ErrorKind, Family, Moment, ServiceRef};

use crate::{Holder, Order, Pool, Pools, Ranges, Refusal, Slot, Wish, ranges};

mod asked;
mod kept;
mod shared;

fn pool(text: &[&str]) -> Pool {
    Pool::new("test", Ranges::parse(text).unwrap())
}

fn uid(name: &str) -> Holder {
    Holder::own(service(name).uid)
}

fn service(name: &str) -> ServiceRef {
    ServiceRef {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        uid: format!("uid-{name}").into(),
    }
}

fn order(pool: Option<&str>, slots: &[Slot]) -> Order {
    Order { pool: pool.map(str::to_owned), slots: slots.to_vec() }
}

/// Gives a Service what it asks for of the pool without a name.
fn reserve(pool: &mut Pool, name: &str, slots: &[Slot]) -> Result<Vec<IpAddr>, Refusal> {
    let order = order(None, slots);
    pool.reserve(&uid(name), &service(name), &order, Moment::default())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

const ANY4: Slot = Slot { family: Family::IPv4, wish: None };
const ANY6: Slot = Slot { family: Family::IPv6, wish: None };

#[test]
fn addresses_are_given_in_order_and_used_again() {
    let mut pool = pool(&["192.0.2.1-192.0.2.2", "192.0.2.9"]);
    for (name, expected) in [("a", "192.0.2.1"), ("b", "192.0.2.2"), ("c", "192.0.2.9")] {
        assert_eq!(reserve(&mut pool, name, &[ANY4]), Ok(vec![ip(expected)]));
    }
    let refusal = reserve(&mut pool, "d", &[ANY4]).unwrap_err();
    assert!(refusal.to_string().contains("all 3 of 192.0.2.1-192.0.2.2, 192.0.2.9 are taken"));
    pool.release(&uid("b"), &[ip("192.0.2.2")]);
    assert_eq!(reserve(&mut pool, "d", &[ANY4]), Ok(vec![ip("192.0.2.2")]));
}

#[test]
fn a_service_keeps_what_it_has() {
    let mut pool = pool(&["192.0.2.0/24"]);
    let first = reserve(&mut pool, "a", &[ANY4]).unwrap();
    assert_eq!(reserve(&mut pool, "a", &[ANY4]).unwrap(), first);
    assert_eq!(pool.all()[&uid("a")], first);
}

#[test]
fn a_claimed_address_is_given_to_nobody_else() {
    let mut pool = pool(&["192.0.2.1-192.0.2.2"]);
    pool.take(&uid("old"), ip("192.0.2.1")).unwrap();
    assert_eq!(reserve(&mut pool, "new", &[ANY4]), Ok(vec![ip("192.0.2.2")]));
    let wish = Slot { family: Family::IPv4, wish: Some(Wish::Rather(ip("192.0.2.1"))) };
    assert_eq!(reserve(&mut pool, "new", &[wish]), Ok(vec![ip("192.0.2.2")]));
    assert_eq!(reserve(&mut pool, "old", &[ANY4]), Ok(vec![ip("192.0.2.1")]));
}

#[test]
fn an_address_that_was_asked_for_is_had_or_refused() {
    let mut pool = pool(&["192.0.2.0/29"]);
    let only = |text| Slot { family: Family::IPv4, wish: Some(Wish::Only(ip(text))) };
    assert_eq!(reserve(&mut pool, "a", &[only("192.0.2.5")]), Ok(vec![ip("192.0.2.5")]));
    let taken = reserve(&mut pool, "b", &[only("192.0.2.5")]).unwrap_err();
    assert_eq!(taken.told().kind(), ErrorKind::Conflict);
    assert!(taken.to_string().contains("192.0.2.5 is taken by the Service default/a;"), "{taken}");
    let foreign = reserve(&mut pool, "b", &[only("198.51.100.1")]).unwrap_err();
    assert!(foreign.to_string().contains("192.0.2.0/29"), "{foreign}");
    assert_eq!(foreign.told().kind(), ErrorKind::InvalidSpec);
    assert!(!pool.all().contains_key(&uid("b")));
}

#[test]
fn both_families_or_none() {
    let mut pool = pool(&["192.0.2.1", "2001:db8::1"]);
    assert_eq!(
        reserve(&mut pool, "a", &[ANY6, ANY4]),
        Ok(vec![ip("2001:db8::1"), ip("192.0.2.1")])
    );
    pool.release(&uid("a"), &[ip("192.0.2.1")]);
    assert!(reserve(&mut pool, "b", &[ANY4, ANY6]).is_err());
    assert!(!pool.all().contains_key(&uid("b")), "the IPv4 address went back");
}

#[test]
fn nobody_can_release_what_another_has() {
    let mut pool = pool(&["192.0.2.1"]);
    reserve(&mut pool, "a", &[ANY4]).unwrap();
    pool.release(&uid("b"), &[ip("192.0.2.1")]);
    assert!(reserve(&mut pool, "b", &[ANY4]).is_err());
}

#[test]
fn the_holder_of_a_claimed_address_is_named_once_it_is_known() {
    let mut pool = pool(&["192.0.2.1"]);
    pool.take(&uid("a"), ip("192.0.2.1")).unwrap();
    let told = |pool: &mut Pool| pool.take(&uid("b"), ip("192.0.2.1")).unwrap_err().to_string();
    assert!(told(&mut pool).contains("with the uid uid-a"));
    pool.introduce(&uid("a"), &service("a"));
    assert!(told(&mut pool).contains("default/a"));
    pool.release(&uid("a"), &[ip("192.0.2.1")]);
    pool.introduce(&uid("a"), &service("a"));
    assert_eq!(pool.names, BTreeMap::new(), "who has nothing is forgotten");
}

#[test]
fn another_address_comes_before_those_of_before() {
    let mut pool = pool(&["192.0.2.0/29"]);
    reserve(&mut pool, "a", &[ANY4]).unwrap();
    let wish = Slot { family: Family::IPv4, wish: Some(Wish::Only(ip("192.0.2.5"))) };
    let both = vec![ip("192.0.2.5"), ip("192.0.2.0")];
    assert_eq!(reserve(&mut pool, "a", &[wish]), Ok(both.clone()));
    assert_eq!(pool.of(&uid("a")), both);
}

/// The lowest free address is given, whatever came and went before.
#[test]
fn what_is_given_is_what_a_simple_pool_would_give() {
    let mut pool = pool(&["192.0.2.0/26", "198.51.100.0/27"]);
    let ranges = Ranges::parse(&["192.0.2.0/26", "198.51.100.0/27"]).unwrap();
    let all: Vec<IpAddr> = ranges
        .iter()
        .flat_map(|range| {
            std::iter::successors(Some(*range.start()), |ip| ranges::next(*ip))
                .take_while(|ip| range.contains(ip))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut taken: BTreeMap<IpAddr, String> = BTreeMap::new();
    // A linear congruential generator (Knuth's constants), so that a failure can be seen again.
    let mut state = 42_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for round in 0..3000 {
        let name = format!("s{round}");
        match random(3) {
            0 if !taken.is_empty() => {
                let ip = *taken.keys().nth(random(taken.len())).unwrap();
                pool.release(&uid(&taken.remove(&ip).unwrap()), &[ip]);
            }
            1 => {
                let ip = all[random(all.len())];
                assert_eq!(pool.take(&uid(&name), ip).is_ok(), !taken.contains_key(&ip));
                taken.entry(ip).or_insert(name);
            }
            _ => {
                let expected = all.iter().copied().find(|ip| !taken.contains_key(ip));
                let got = reserve(&mut pool, &name, &[ANY4]).ok();
                assert_eq!(got, expected.map(|ip| vec![ip]), "round {round}");
                taken.extend(expected.map(|ip| (ip, name)));
            }
        }
    }
}
