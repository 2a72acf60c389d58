use std::net::{IpAddr, SocketAddr};

use seaway_core::SourceRanges;
use seaway_testkit::namespace::{alone, ip};

use crate::clients::ask;
use crate::rig::Rig;

const FRONT: &str = "2001:db8::1";
/// In the range that is admitted, and out of it.
const INSIDE: &str = "2001:db8:1::9";
const OUTSIDE: &str = "2001:db8:2::9";

#[test]
fn a_client_is_compared_with_the_ranges_of_its_own_family() {
    const NAME: &str = "families::a_client_is_compared_with_the_ranges_of_its_own_family";
    alone(NAME, async || {
        for address in [FRONT, INSIDE, OUTSIDE] {
            ip(&format!("address add {address}/128 dev lo nodad"));
        }
        let rig = Rig::new("");
        let nodes = rig.nodes(1).await;
        let (mut site, at) = rig.site(&[&nodes[0]]).await;
        let front: IpAddr = FRONT.parse().unwrap();
        let uid = site.entries.keys().next().unwrap().clone();
        site.entries.get_mut(&uid).unwrap().addresses.push(front);
        let [inside, outside]: [IpAddr; 2] = [INSIDE, OUTSIDE].map(|ip| ip.parse().unwrap());
        let clients = [(rig.ip(9), at), (rig.ip(10), at)]
            .into_iter()
            .chain([inside, outside].map(|client| (client, SocketAddr::new(front, at.port()))));
        let clients: Vec<_> = clients.collect();
        let one = format!("{}/32", rig.ip(9));
        // IPv4 in the range and out of it, IPv6 likewise.
        for (ranges, admitted) in [
            (vec![one.as_str(), "2001:db8:1::/48"], [true, false, true, false]),
            (vec!["2001:db8:1::/48"], [false, false, true, false]),
            (vec![one.as_str()], [true, false, false, false]),
            (vec!["::/0"], [false, false, true, true]),
            (vec!["0.0.0.0/0"], [true, true, false, false]),
            // IPv4 addresses in the clothes of IPv6.
            (vec!["::ffff:0:0/96", "2002::/16"], [false, false, false, false]),
            (vec!["0.0.0.0/0", "::/0"], [true, true, true, true]),
        ] {
            let prefixes = ranges.iter().map(|range| range.parse().unwrap()).collect();
            site.entries.get_mut(&uid).unwrap().sources = SourceRanges::Only(prefixes);
            rig.load(&site).await;
            for ((from, to), admitted) in clients.iter().zip(admitted) {
                let answer = ask(*from, *to).await;
                assert_eq!(answer.is_ok(), admitted, "{from} of {ranges:?}: {answer:?}");
            }
        }
        rig.close().await;
    });
}
