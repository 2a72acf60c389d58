use super::*;

const NEW: &str = "192.0.2.1";

fn keeping(text: &[&str]) -> Pool {
    pool(text).keeping(Duration::from_mins(1))
}

/// A Service of a name, which is not the one of before.
fn again(name: &str) -> (Holder, ServiceRef) {
    let service = ServiceRef { uid: format!("uid-{name}-2").into(), ..service(name) };
    (Holder::own(service.uid.clone()), service)
}

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn any(pool: &mut Pool, (holder, service): (Holder, ServiceRef), now: Moment) -> IpAddr {
    pool.reserve(&holder, &service, &order(None, &[ANY4]), now).unwrap()[0]
}

fn named(name: &str) -> (Holder, ServiceRef) {
    (uid(name), service(name))
}

#[test]
fn a_service_that_comes_back_has_its_address_again() {
    let mut pool = keeping(&["192.0.2.0/29"]);
    any(&mut pool, named("a"), at(0));
    let before = any(&mut pool, named("b"), at(0));
    pool.leave(&uid("a"), &[ip("192.0.2.0")], at(0));
    pool.leave(&uid("b"), &[before], at(1));
    assert_eq!(any(&mut pool, named("c"), at(2)), ip("192.0.2.2"), "others get others");
    assert_eq!(any(&mut pool, again("b"), at(60)), before);
    assert_eq!(
        any(&mut pool, again("a"), at(60)),
        ip("192.0.2.0"),
        "the time is over, and it is free"
    );
}

#[test]
fn what_was_kept_long_enough_is_anybodys() {
    let mut pool = keeping(&["192.0.2.1-192.0.2.9"]);
    any(&mut pool, named("a"), at(0));
    pool.leave(&uid("a"), &[ip(NEW)], at(0));
    assert_eq!(any(&mut pool, named("b"), at(59)), ip("192.0.2.2"));
    assert_eq!(any(&mut pool, named("c"), at(60)), ip(NEW));
    assert_eq!(any(&mut pool, again("a"), at(61)), ip("192.0.2.3"));
}

#[test]
fn another_gets_what_is_kept_only_if_nothing_else_is_free() {
    let mut pool = keeping(&["192.0.2.1-192.0.2.3"]);
    for name in ["a", "b", "c"] {
        any(&mut pool, named(name), at(0));
    }
    pool.leave(&uid("b"), &[ip("192.0.2.2")], at(1));
    pool.leave(&uid("a"), &[ip(NEW)], at(2));
    assert_eq!(any(&mut pool, named("d"), at(3)), ip("192.0.2.2"), "that of whom left first");
    assert_eq!(any(&mut pool, again("a"), at(3)), ip(NEW));
}

/// Who asks for it by name means it.
#[test]
fn what_is_kept_is_given_to_who_asks_for_it() {
    let mut pool = keeping(&["192.0.2.1-192.0.2.3"]);
    any(&mut pool, named("a"), at(0));
    pool.leave(&uid("a"), &[ip(NEW)], at(0));
    let only = Slot { family: Family::IPv4, wish: Some(Wish::Only(ip(NEW))) };
    let got = pool.reserve(&uid("b"), &service("b"), &order(None, &[only]), at(1));
    assert_eq!(got, Ok(vec![ip(NEW)]));
    assert_eq!(any(&mut pool, again("a"), at(2)), ip("192.0.2.2"));
}

/// One that was asked for lies above all that was ever given in order.
#[test]
fn what_is_kept_is_passed_over_wherever_it_lies() {
    let mut pool = keeping(&["192.0.2.1-192.0.2.3"]);
    let only = Slot { family: Family::IPv4, wish: Some(Wish::Only(ip("192.0.2.2"))) };
    pool.reserve(&uid("a"), &service("a"), &order(None, &[only]), at(0)).unwrap();
    pool.leave(&uid("a"), &[ip("192.0.2.2")], at(0));
    assert_eq!(any(&mut pool, named("b"), at(1)), ip(NEW));
    assert_eq!(any(&mut pool, named("c"), at(1)), ip("192.0.2.3"));
    assert_eq!(any(&mut pool, named("d"), at(60)), ip("192.0.2.2"));
}

#[test]
fn nothing_is_kept_without_a_span_nor_of_who_only_moves() {
    let mut pool = pool(&["192.0.2.1-192.0.2.3"]);
    any(&mut pool, named("a"), at(0));
    pool.leave(&uid("a"), &[ip(NEW)], at(0));
    assert_eq!(any(&mut pool, named("b"), at(0)), ip(NEW));

    let mut pool = keeping(&["192.0.2.1-192.0.2.3"]);
    any(&mut pool, named("a"), at(0));
    pool.release(&uid("a"), &[ip(NEW)]);
    assert_eq!(any(&mut pool, named("b"), at(0)), ip(NEW));
}
