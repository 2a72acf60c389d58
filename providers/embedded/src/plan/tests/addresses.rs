use super::*;

#[test]
fn a_published_address_is_taken_again() {
    let listens = "listen on 192.0.2.7:80/TCP -> :30080 for 2 nodes";
    check_new(&case(a()).shows(&["192.0.2.7"]), &["reserve 192.0.2.7", listens]);
    // At a restart it was claimed already.
    let claimed = has(&["192.0.2.7"], None);
    let (_, texts) = case(a()).shows(&["192.0.2.7"]).fold(claimed);
    assert_eq!(texts, [listens]);
}

#[test]
fn a_published_address_of_another_pool_is_given_up() {
    let new = "listen on the IPv4 address, port 80/TCP -> :30080 for 2 nodes";
    check_new(&case(a()).shows(&["198.51.100.1"]), &["reserve an IPv4 address", new]);
}

#[test]
fn families_are_served_as_far_as_the_pool_has_them() {
    use Family::{IPv4, IPv6};
    check_new(
        &case(a().families([IPv6])).nodes([node("node-1").and_at("2001:db8:1::1").build()]),
        &[
            "reserve an IPv6 address",
            "listen on the IPv6 address, port 80/TCP -> :30080 for 1 node",
        ],
    );
    let dual = case(a().families([IPv6, IPv4]));
    check_new(
        &dual.clone().shows(&["192.0.2.7", "2001:db8::7"]),
        &[
            "reserve 2001:db8::7 and 192.0.2.7",
            "listen on [2001:db8::7]:80/TCP -> :30080, 192.0.2.7:80/TCP -> :30080 for 2 nodes",
        ],
    );
    // One family that the pool doesn't have is left out.
    check_new(
        &dual.within(config(&["192.0.2.0/28"])),
        &[
            "reserve an IPv4 address",
            "listen on the IPv4 address, port 80/TCP -> :30080 for 2 nodes",
        ],
    );
}

#[test]
fn the_preferred_family_is_told_first() {
    use Family::{IPv4, IPv6};
    let (v4, v6) = ("192.0.2.7", "2001:db8::7");
    let ready = |case: Case, addresses: &[&str]| {
        let addresses = addresses.iter().map(|text| Address::Ip(ip(text))).collect();
        let claimed = has(&[v4, v6], None);
        assert_eq!(case.fold(claimed).0.readiness(&uid("a")), Readiness::Ready(addresses));
    };
    ready(case(a().families([IPv6, IPv4])).shows(&[v4, v6]), &[v6, v4]);
    ready(case(a().families([IPv4, IPv6])).shows(&[v4, v6]), &[v4, v6]);
}

#[test]
fn a_second_family_is_added_and_given_up() {
    use Family::{IPv4, IPv6};
    let one = case(a()).shows(&["192.0.2.7"]);
    let two = case(a().families([IPv4, IPv6])).shows(&["192.0.2.7", "2001:db8::7"]);
    let listens = "listen on 192.0.2.7:80/TCP -> :30080 for 2 nodes";
    check(
        &one,
        &two.clone().shows(&["192.0.2.7"]),
        &[
            "reserve 192.0.2.7 and an IPv6 address",
            "listen on 192.0.2.7:80/TCP -> :30080, the IPv6 address, port 80/TCP -> :30080 for 2 \
             nodes",
        ],
    );
    check(&two, &one, &[listens, "release 2001:db8::7"]);
    // As long as the status shows it, nobody else gets it.
    check(&two, &case(a()).shows(&["192.0.2.7", "2001:db8::7"]), &[listens]);
}

#[test]
fn an_old_address_listens_until_the_status_shows_the_new_one() {
    let before = case(a()).shows(&["192.0.2.7"]);
    let asked = case(a().requested(ip("192.0.2.9")));
    let moving = asked.clone().shows(&["192.0.2.7"]);
    check(
        &before,
        &moving,
        &[
            "reserve 192.0.2.9",
            "listen on 192.0.2.9:80/TCP -> :30080, 192.0.2.7:80/TCP -> :30080 for 2 nodes",
        ],
    );
    let (seen, _) = moving.fold(before.done());
    assert_eq!(seen.readiness(&uid("a")), Readiness::Ready(vec![Address::Ip(ip("192.0.2.9"))]));
    assert_eq!(moving.plan(&seen).look_again, Some(SHOWN_AFTER));
    let (seen, texts) = asked.clone().shows(&["192.0.2.9"]).fold(seen);
    assert_eq!(texts, ["listen on 192.0.2.9:80/TCP -> :30080 for 2 nodes", "release 192.0.2.7"]);
    assert_eq!(of(&seen).addresses, [ip("192.0.2.9")]);
    // One that was never shown need not be kept.
    check(
        &case(a().requested(ip("192.0.2.7"))),
        &asked,
        &[
            "reserve 192.0.2.9",
            "listen on 192.0.2.9:80/TCP -> :30080 for 2 nodes",
            "release 192.0.2.7",
        ],
    );
}

#[test]
fn a_request_that_is_taken_back_moves_nothing() {
    let asked = case(a().requested(ip("192.0.2.9"))).shows(&["192.0.2.9"]);
    check(&asked, &case(a()).shows(&["192.0.2.9"]), &[]);
    // In the middle of a move, the address that is shown is kept.
    let (moving, _) = case(a().requested(ip("192.0.2.9")))
        .shows(&["192.0.2.7"])
        .fold(case(a()).shows(&["192.0.2.7"]).done());
    let (seen, texts) = case(a()).shows(&["192.0.2.7"]).fold(moving);
    assert_eq!(texts, ["listen on 192.0.2.7:80/TCP -> :30080 for 2 nodes", "release 192.0.2.9"]);
    assert_eq!(of(&seen).addresses, [ip("192.0.2.7")]);
}

#[test]
fn an_address_that_can_not_be_is_refused_and_what_is_there_stays() {
    let before = case(a()).shows(&["192.0.2.7"]).done();
    let refused = |spec: SpecBuilder, parts: [&str; 2]| {
        for seen in [Observed::default(), before.clone()] {
            let error = case(spec.clone()).shows(&["192.0.2.7"]).refusal(&seen);
            assert_eq!((error.kind(), error.class()), (ErrorKind::InvalidSpec, Class::Terminal));
            assert!(parts.iter().all(|part| error.to_string().contains(part)), "{error}");
        }
    };
    let pool = "192.0.2.0/28, 2001:db8::/124";
    refused(a().requested(ip("198.51.100.1")), ["198.51.100.1 is not in the pool", pool]);
    refused(a().requested(ip("2001:db8::7")), ["2001:db8::7 is an IPv6 address", "has IPv4 only"]);
}

#[test]
fn what_is_reserved_is_not_ready() {
    let reserved = has(&["192.0.2.7"], None);
    assert_eq!(reserved.readiness(&uid("a")), Readiness::Gone);
    // A second family whose port could not be opened hides nothing that is.
    let open = of(&case(a()).shows(&["192.0.2.7"]).done()).open;
    let partly = has(&["2001:db8::7", "192.0.2.7"], open);
    assert_eq!(partly.readiness(&uid("a")), Readiness::Ready(vec![Address::Ip(ip("192.0.2.7"))]));
}
