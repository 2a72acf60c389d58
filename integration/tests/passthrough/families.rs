//! Both families, and both protocols, with all that a status can say of an address.

use std::net::{IpAddr, Ipv6Addr};

use seaway_integration::{ask_udp, until, visit};
use serde_json::json;

use crate::site::{Site, vip};

/// An address that no machine has (RFC 3849).
const VIP6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10));

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn tcp_and_udp_are_served_on_the_addresses_of_both_families() {
    let port = |name: &str, protocol: &str, number: u16| json!({ "name": name, "protocol": protocol, "port": number, "targetPort": 8080 });
    let ports = json!([port("web", "TCP", 80), port("dns", "UDP", 53), port("dns-tcp", "TCP", 53)]);
    let dual = json!({ "ipFamilyPolicy": "RequireDualStack", "ports": ports });
    let site = Site::new(vip(50), dual).await;
    let ports = json!([
        { "port": 80, "protocol": "TCP" },
        { "port": 53, "protocol": "UDP" },
        { "port": 53, "protocol": "TCP" },
    ]);
    let both = [site.at.ip(), VIP6];
    let shown = both.map(|ip| json!({ "ip": ip, "ipMode": "VIP", "ports": ports }));
    site.shows(json!(shown)).await;
    assert_eq!(site.cluster.steer_status("web", "node-1").await, both);
    for ip in both {
        // A datagram that comes too early is remembered by the node with no pod for it: TCP first.
        for number in [80, 53] {
            let at = (ip, number).into();
            let answer = until(&format!("{at} answers"), async || visit(at).await.ok()).await;
            assert_eq!((answer.via.as_str(), answer.on.as_str()), ("node-1", "node-2"));
        }
        let answer = ask_udp((ip, 53).into(), "who?").await;
        assert_eq!((answer.via.as_str(), answer.on.as_str()), ("node-1", "node-2"));
    }
}
