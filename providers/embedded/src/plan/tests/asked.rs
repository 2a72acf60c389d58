//! Addresses and pools that a Service asks for, and what it is warned of.

use super::*;

const POOL: &str = "seaway.dev/address-pool";
const ADDRESSES: &str = "seaway.dev/load-balancer-ips";

/// With the pool `front` besides, which has no IPv6.
fn several() -> Config {
    let pools = [("front".to_owned(), Ranges::parse(&["198.51.100.0/28"]).unwrap())];
    Config { pools: pools.into(), ..both() }
}

#[test]
fn a_service_that_names_another_pool_moves_there() {
    let before = case(a()).within(several()).shows(&["192.0.2.7"]);
    let after = || case(a().setting(POOL, "front")).within(several());
    let (seen, texts) = after().shows(&["192.0.2.7"]).fold(before.done());
    let new = "the IPv4 address, port 80/TCP -> :30080";
    assert_eq!(
        texts,
        [
            "reserve an IPv4 address",
            &format!("listen on {new}, 192.0.2.7:80/TCP -> :30080 for 2 nodes"),
        ]
    );
    assert_eq!(of(&seen).addresses.len(), 2, "the old one is kept until the new one is shown");
    // In truth the pool gave one.
    let (seen, _) = after()
        .shows(&["198.51.100.3", "192.0.2.7"])
        .fold(has(&["198.51.100.3", "192.0.2.7"], None));
    let (seen, texts) = after().shows(&["198.51.100.3"]).fold(seen);
    assert_eq!(texts, ["listen on 198.51.100.3:80/TCP -> :30080 for 2 nodes", "release 192.0.2.7"]);
    assert_eq!(of(&seen).addresses, [ip("198.51.100.3")]);
}

#[test]
fn a_pool_of_one_family_serves_that_family() {
    use Family::{IPv4, IPv6};
    let dual = case(a().families([IPv6, IPv4]).setting(POOL, "front")).within(several());
    check_new(
        &dual,
        &[
            "reserve an IPv4 address",
            "listen on the IPv4 address, port 80/TCP -> :30080 for 2 nodes",
        ],
    );
    let six = case(a().families([IPv6]).setting(POOL, "front")).within(several());
    let error = six.refusal(&Observed::default()).to_string();
    assert!(error.contains(POOL) && error.contains("\"front\" has IPv4 addresses only"), "{error}");
}

#[test]
fn a_pool_that_is_not_there_is_refused_and_what_is_there_stays() {
    let before = case(a()).within(several()).shows(&["192.0.2.7"]).done();
    let asked = case(a().setting(POOL, "back")).within(several()).shows(&["192.0.2.7"]);
    let error = asked.refusal(&before);
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    assert!(error.to_string().contains("\"back\" is not the name of a pool; use front"), "{error}");
}

#[test]
fn an_address_of_each_family_can_be_asked_for() {
    use Family::{IPv4, IPv6};
    let asked = a().families([IPv4, IPv6]).setting(ADDRESSES, "2001:db8::5,192.0.2.5");
    check_new(
        &case(asked),
        &[
            "reserve 192.0.2.5 and 2001:db8::5",
            "listen on 192.0.2.5:80/TCP -> :30080, [2001:db8::5]:80/TCP -> :30080 for 2 nodes",
        ],
    );
    let error = case(a().requested(ip("192.0.2.4")).setting(ADDRESSES, "192.0.2.5"));
    let error = error.refusal(&Observed::default()).to_string();
    assert!(error.contains(ADDRESSES) && error.contains("does not have 192.0.2.4"), "{error}");
}

#[test]
fn a_local_service_is_warned_that_the_client_is_lost() {
    let warnings = |spec: SpecBuilder| {
        let case = case(spec);
        case.plan(&case.done()).warnings.remove(&uid("a")).unwrap_or_default()
    };
    assert!(warnings(a()).is_empty());
    let told = warnings(a().local(31_999));
    assert_eq!(told.len(), 1);
    let told = told.first().unwrap();
    assert_eq!(told.reason, "ClientAddressLost");
    assert!(told.message.contains("seaway.dev/proxy-protocol: v2"), "{told:?}");
    assert!(warnings(a().local(31_999).setting("seaway.dev/proxy-protocol", "v2")).is_empty());
}
