use std::collections::BTreeSet;
use std::net::IpAddr;

use seaway_box::places::{Error, Interface, Mark, Standing, is_local};
use seaway_testkit::namespace::{alone, ip, powerless, sysctl};

const V4: &str = "192.0.2.7";
const V6: &str = "2001:db8::7";

fn set<const N: usize>(addresses: [&str; N]) -> BTreeSet<IpAddr> {
    addresses.map(|ip| ip.parse().unwrap()).into()
}

async fn open(name: &str) -> Interface {
    Interface::open(name, Mark::SEAWAY).await.unwrap()
}

async fn put(interface: &Interface, ip: &str) -> Result<Standing, Error> {
    interface.put(ip.parse().unwrap()).await
}

async fn take(interface: &Interface, ip: &str) -> bool {
    interface.take(ip.parse().unwrap()).await.unwrap()
}

#[test]
fn what_is_put_there_is_local_and_ours_until_it_is_taken_off() {
    alone("interface::what_is_put_there_is_local_and_ours_until_it_is_taken_off", async || {
        let lo = open("lo").await;
        assert_eq!(lo.ours().await.unwrap(), set([]));
        for ip in [V4, V6] {
            assert_eq!(put(&lo, ip).await.unwrap(), Standing::Usable);
            assert_eq!(is_local(ip.parse().unwrap()), Ok(true));
        }
        assert_eq!(lo.ours().await.unwrap(), set([V4, V6]));
        let listed = ip("-oneline address show dev lo");
        assert!(
            listed.contains("192.0.2.7/32 ") && listed.contains("2001:db8::7/128 "),
            "{listed}"
        );

        for ip in [V4, V6] {
            assert!(take(&lo, ip).await);
            assert!(!take(&lo, ip).await, "the second time there is nothing to take");
            assert_eq!(is_local(ip.parse().unwrap()), Ok(false));
        }
        assert_eq!(lo.ours().await.unwrap(), set([]));
        assert_eq!(is_local("127.0.0.1".parse().unwrap()), Ok(true));
    });
}

#[test]
fn the_second_put_changes_nothing() {
    alone("interface::the_second_put_changes_nothing", async || {
        let lo = open("lo").await;
        for ip in [V4, V6, V4, V6] {
            assert_eq!(put(&lo, ip).await.unwrap(), Standing::Usable);
        }
        assert_eq!(lo.places().await.unwrap().len(), 4, "ours, 127.0.0.1 and ::1");
    });
}

#[test]
fn many_are_put_there_at_once_beside_what_is_there() {
    alone("interface::many_are_put_there_at_once_beside_what_is_there", async || {
        let lo = open("lo").await;
        ip("address add 192.0.2.1/32 dev lo");
        put(&lo, "192.0.2.2").await.unwrap();
        let all = set(["192.0.2.1", "192.0.2.2", "192.0.2.3", V4, V6]);
        assert_eq!(lo.put_all(&all).await.unwrap(), Standing::Usable);
        assert_eq!(lo.ours().await.unwrap(), set(["192.0.2.2", "192.0.2.3", V4, V6]));
        assert_eq!(lo.put_all(&set([])).await.unwrap(), Standing::Usable);
    });
}

#[test]
fn an_address_of_somebody_else_is_as_good_and_is_left() {
    alone("interface::an_address_of_somebody_else_is_as_good_and_is_left", async || {
        let lo = open("lo").await;
        let others = ["192.0.2.7/32", "198.51.100.7/24", "2001:db8::7/128", "2001:db8:1::7/64"];
        for other in others {
            let at_once = if other.contains(':') { " nodad" } else { "" };
            ip(&format!("address add {other} dev lo{at_once}"));
        }
        let before = ip("-oneline address show dev lo");
        for ip in others.map(|other| other.split('/').next().unwrap()) {
            assert_eq!(put(&lo, ip).await.unwrap(), Standing::Usable);
            assert!(!take(&lo, ip).await);
        }
        assert_eq!(lo.ours().await.unwrap(), set([]));
        assert_eq!(ip("-oneline address show dev lo"), before);
    });
}

#[test]
fn an_address_with_the_mark_of_another_is_not_ours() {
    alone("interface::an_address_with_the_mark_of_another_is_not_ours", async || {
        let other = Interface::open("lo", Mark::new(84).unwrap()).await.unwrap();
        put(&other, V4).await.unwrap();
        let lo = open("lo").await;
        put(&lo, V6).await.unwrap();
        assert_eq!(lo.ours().await.unwrap(), set([V6]));
        assert_eq!(other.ours().await.unwrap(), set([V4]));
        assert!(!take(&lo, V4).await && !take(&other, V6).await);
    });
}

#[test]
fn an_address_of_another_interface_is_not_ours() {
    alone("interface::an_address_of_another_interface_is_not_ours", async || {
        ip("link add left type veth peer name right");
        put(&open("left").await, V4).await.unwrap();
        assert_eq!(open("right").await.ours().await.unwrap(), set([]));
        assert!(!take(&open("right").await, V4).await);
        assert_eq!(open("left").await.ours().await.unwrap(), set([V4]));
    });
}

#[test]
fn the_machine_does_not_speak_from_an_address_of_ours_by_itself() {
    alone("interface::the_machine_does_not_speak_from_an_address_of_ours_by_itself", async || {
        ip("link add left type veth peer name right");
        put(&open("left").await, V6).await.unwrap();
        let listed = ip("-6 -oneline address show dev left deprecated");
        assert!(listed.contains("2001:db8::7/128 "), "{listed}");
        assert!(listed.contains("valid_lft forever preferred_lft 0sec"), "{listed}");
    });
}

#[test]
fn an_interface_that_came_back_is_found_by_its_name() {
    alone("interface::an_interface_that_came_back_is_found_by_its_name", async || {
        ip("link add left type veth peer name right");
        let left = open("left").await;
        put(&left, V4).await.unwrap();
        ip("link delete left");
        let error = left.ours().await.unwrap_err();
        assert!(matches!(error, Error::NoInterface { .. }), "{error}");
        ip("link add other type veth peer name left");
        assert_eq!(left.ours().await.unwrap(), set([]));
        put(&left, V4).await.unwrap();
        assert_eq!(left.ours().await.unwrap(), set([V4]));
    });
}

#[test]
fn an_unknown_interface_is_told_with_those_that_there_are() {
    alone("interface::an_unknown_interface_is_told_with_those_that_there_are", async || {
        ip("link add left type veth peer name right");
        for name in ["eth7", "", "a-name-that-no-interface-can-have"] {
            let error = Interface::open(name, Mark::SEAWAY).await.unwrap_err();
            let Error::NoInterface { interface, there } = error else { panic!("{error}") };
            assert_eq!(interface, name);
            assert!(["left", "lo", "right"].iter().all(|known| there.iter().any(|n| n == known)));
        }
    });
}

#[test]
fn without_the_capability_an_address_is_seen_but_not_put_there() {
    powerless(
        "interface::without_the_capability_an_address_is_seen_but_not_put_there",
        async || {
            let lo = open("lo").await;
            assert_eq!(lo.ours().await.unwrap(), set([]));
            for ip in [V4, V6] {
                let error = put(&lo, ip).await.unwrap_err();
                assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
                assert!(error.to_string().contains(&format!("put {ip} on lo")), "{error}");
            }
            assert_eq!(put(&lo, "127.0.0.1").await.unwrap(), Standing::Usable);
        },
    );
}

#[test]
fn an_interface_where_ipv6_is_off_says_so() {
    alone("interface::an_interface_where_ipv6_is_off_says_so", async || {
        ip("link add left type veth peer name right");
        sysctl("net/ipv6/conf/left/disable_ipv6", "1");
        let error = put(&open("left").await, V6).await.unwrap_err();
        assert!(matches!(error, Error::NoIpv6 { .. }), "{error}");
    });
}
