//! IPv6 asks the link before an address is usable (RFC 4862, section 5.4).

use std::net::IpAddr;

use futures::{Stream, StreamExt};
use rtnetlink::MulticastGroup;
use seaway_box::places::{Error, Interface, Mark, Standing};
use seaway_testkit::namespace::{alone, ip, sysctl};

const ADDRESS: &str = "2001:db8::7";

/// Two interfaces with a cable between them, as two machines on one link. The kernel does not wait
/// at random, as many machines that start at once would have to.
fn link() {
    ip("link add left type veth peer name right");
    for end in ["left", "right"] {
        sysctl(&format!("net/ipv6/conf/{end}/router_solicitation_delay"), "0");
        sysctl(&format!("net/ipv6/neigh/{end}/retrans_time_ms"), "50");
    }
}

/// How an address stands once the link has been asked. Each piece of news is a reason to look again,
/// and there is one when the kernel is done.
async fn verdict<N>(
    left: &Interface,
    ip: IpAddr,
    news: &mut (impl Stream<Item = N> + Unpin),
) -> Standing {
    loop {
        let standing = left.places().await.unwrap()[&ip].standing;
        if standing != Standing::Tentative {
            return standing;
        }
        news.next().await.unwrap();
    }
}

#[test]
fn an_address_that_the_link_was_not_asked_about_is_not_yet_usable() {
    alone(
        "duplicate::an_address_that_the_link_was_not_asked_about_is_not_yet_usable",
        async || {
            link();
            let address: IpAddr = ADDRESS.parse().unwrap();
            let left = Interface::open("left", Mark::SEAWAY).await.unwrap();
            // Nothing is asked of a link that is not up.
            assert_eq!(left.put(address).await.unwrap(), Standing::Tentative);
            assert_eq!(left.put(address).await.unwrap(), Standing::Tentative);
            assert_eq!(left.ours().await.unwrap(), [address].into());
        },
    );
}

#[test]
fn an_address_that_another_machine_has_is_an_error_until_it_is_gone_there() {
    const TEST: &str =
        "duplicate::an_address_that_another_machine_has_is_an_error_until_it_is_gone_there";
    alone(TEST, async || {
        link();
        let address: IpAddr = ADDRESS.parse().unwrap();
        let left = Interface::open("left", Mark::SEAWAY).await.unwrap();
        let (carrier, _handle, mut news) =
            rtnetlink::new_multicast_connection(&[MulticastGroup::Ipv6Ifaddr]).unwrap();
        let carrier = tokio::spawn(carrier);
        ip(&format!("address add {ADDRESS}/128 dev right nodad"));
        assert_eq!(left.put(address).await.unwrap(), Standing::Tentative);
        ip("link set left up");
        ip("link set right up");

        assert_eq!(verdict(&left, address, &mut news).await, Standing::Duplicate);
        let error = left.put(address).await.unwrap_err();
        assert!(
            matches!(&error, Error::Duplicate { address: of, .. } if *of == address),
            "{error}"
        );
        assert_eq!(left.ours().await.unwrap(), [address].into());
        assert_eq!(verdict(&left, address, &mut news).await, Standing::Duplicate);
        let other = "2001:db8::8".parse().unwrap();
        let error = left.put_all(&[address, other].into()).await.unwrap_err();
        assert!(
            matches!(&error, Error::Duplicate { address: of, .. } if *of == address),
            "{error}"
        );
        assert_eq!(left.ours().await.unwrap(), [address, other].into(), "the other one is there");

        ip(&format!("address delete {ADDRESS}/128 dev right"));
        while left.put(address).await.ok() != Some(Standing::Usable) {
            news.next().await.unwrap();
        }
        carrier.abort();
    });
}
