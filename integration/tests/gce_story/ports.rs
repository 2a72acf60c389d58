//! Ports come and go one at a time, and no forwarding rule goes while one of its ports is wanted.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::site::Site;

const DELETE: &str = "compute.forwardingRules.delete";

/// The ports of a spec: `tcp:80`.
fn spec(ports: &[&str]) -> Value {
    let port = |port: &&str| {
        let (protocol, number) = port.split_once(':').unwrap();
        json!({
            "name": port.replace(':', "-"),
            "protocol": protocol.to_uppercase(),
            "port": number.parse::<u16>().unwrap(),
            "targetPort": 8080,
        })
    };
    json!({ "ports": ports.iter().map(port).collect::<Vec<_>>() })
}

impl Site {
    /// Gives the Service these ports, and returns how many forwarding rules were deleted for it.
    async fn serve(&self, ports: &[&str], ip: IpAddr) -> usize {
        self.gce.reset_counts();
        assert_eq!(self.follows("web", spec(ports)).await, [ip]);
        let open = ports.iter().map(|port| (ip, (*port).to_owned()));
        assert_eq!(self.open("web"), open.collect::<BTreeSet<_>>());
        self.calls_of(DELETE)
    }
}

#[tokio::test]
async fn a_port_that_comes_or_goes_leaves_all_others_alone() {
    let site = Site::new(3).await;
    let seaway = site.seaway().await;
    let mut ports = vec!["tcp:80", "tcp:443", "tcp:8080", "tcp:8443", "tcp:9000"];
    site.create("web", spec(&ports)).await;
    let ip = site.converges("web").await[0];
    let five = site.rules("web");
    assert_eq!(five.len(), 1, "{five:?}");

    for port in ["tcp:9001", "tcp:9002", "udp:53", "udp:54"] {
        let before = site.rules("web");
        ports.push(port);
        assert_eq!(site.serve(&ports, ip).await, 0, "{port}");
        let now = site.rules("web");
        assert!(before.iter().all(|(id, ports)| now[id] == *ports), "{before:?} -> {now:?}");
        assert_eq!(now.len(), before.len() + 1);
    }
    // Four of the first five go, and the rule stays for the last.
    let all = site.rules("web");
    for port in ["tcp:80", "tcp:443", "tcp:8443", "tcp:9000"] {
        ports.retain(|it| *it != port);
        assert_eq!(site.serve(&ports, ip).await, 0, "{port}");
        assert_eq!(site.rules("web"), all);
    }
    // One comes back: the rule has it still.
    ports.push("tcp:443");
    assert_eq!(site.serve(&ports, ip).await, 0);
    assert_eq!(site.rules("web"), all);

    // A rule goes with the last of its ports, and no other goes with it.
    for port in ["tcp:9002", "udp:54"] {
        let before = site.rules("web");
        ports.retain(|it| *it != port);
        assert_eq!(site.serve(&ports, ip).await, 1, "{port}");
        let now = site.rules("web");
        assert!(now.iter().all(|(id, ports)| before[id] == *ports), "{before:?} -> {now:?}");
        assert_eq!(now.len() + 1, before.len());
    }
    assert!(five.keys().all(|id| site.rules("web").contains_key(id)));
    site.close(seaway).await;
}

#[tokio::test]
async fn the_last_port_of_a_protocol_takes_its_backend_service_along() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("web", spec(&["tcp:53", "udp:53"])).await;
    let ip = site.converges("web").await[0];
    assert_eq!(site.things("backendServices", "web").len(), 2);
    site.serve(&["udp:53"], ip).await;
    let left = site.things("backendServices", "web");
    assert_eq!((left.len(), &left[0]["protocol"]), (1, &json!("UDP")));
    site.serve(&["tcp:80", "udp:53"], ip).await;
    site.close(seaway).await;
}
