use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cell::shell;
use super::host::{Host, SYSCTLS};

/// The network of a story, with a client on it.
#[derive(Debug)]
pub struct Rack {
    client: Host,
}

impl Rack {
    /// Lays the network in the cell of this story. The cell itself is on it, as [`Self::own`].
    pub async fn new() -> Self {
        let (v4, v6) = lan(1);
        // A bridge without an address of its own takes that of a port, and another one when a box dies.
        shell(&format!(
            "{SYSCTLS}
            ip link add lan address 02:00:00:00:00:01 type bridge forward_delay 0 mcast_snooping 0
            ip address add {v4}/24 dev lan
            ip address add {v6}/64 dev lan nodad
            ip link set lan up"
        ));
        let client = Host::boot("client", lan(2)).await;
        // Every one of them is an address of its own, and neighbours are told so.
        client.shell("ip route add local 198.18.0.128/25 dev lo");
        Self { client }
    }

    /// The address of the cell itself, where the sandbox is.
    pub fn own() -> Ipv4Addr {
        lan(1).0
    }

    /// The client.
    pub fn client(&self) -> &Host {
        &self.client
    }

    /// The address of the client with this number, below 127. None is that of another one.
    pub fn client_ip(number: u8) -> IpAddr {
        Ipv4Addr::new(198, 18, 0, 128 + number).into()
    }

    /// An address that no machine has, for load balancers: number 0 to 63.
    pub fn floating(number: u8) -> IpAddr {
        assert!(number < 64, "there are 64 floating addresses");
        Ipv4Addr::new(198, 18, 0, 64 + number).into()
    }

    /// The same for IPv6.
    pub fn floating6(number: u8) -> IpAddr {
        Ipv6Addr::new(0xfd18, 0, 0, 0, 0, 0, 1, number.into()).into()
    }

    /// Switches a box on, from which the nodes of a sandbox in the cell can be reached. Its name is a
    /// small letter.
    pub async fn boot(&self, name: &str) -> Host {
        let &[letter @ b'a'..=b'z'] = name.as_bytes() else { panic!("{name:?} is no letter") };
        let own = lan(11 + letter - b'a');
        let host = Host::boot(name, own).await;
        // The nodes are loopback addresses of the cell. A box keeps a few of its own, and looks for
        // the others there.
        host.shell(&format!(
            "ip route add local 127.0.0.0/16 dev lo table local
            ip route del local 127.0.0.0/8 dev lo table local
            ip route add 127.0.0.0/8 via {} src {}",
            Self::own(),
            own.0
        ));
        host
    }
}

/// The addresses of a machine on the network.
fn lan(number: u8) -> (Ipv4Addr, Ipv6Addr) {
    let v6 = Ipv6Addr::new(0xfd18, 0, 0, 0, 0, 0, 0, number.into());
    (Ipv4Addr::new(198, 18, 0, number), v6)
}
