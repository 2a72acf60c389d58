use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use seaway_integration::Cluster;

/// How many nodes there are. A load balancer has so many times 28,000 ports for its connections to
/// them, of which each is held for a while after its connection.
const NODES: u32 = 6;
/// The port at which each contestant listens, at an address of its own.
pub(crate) const PORT: u16 = 8080;

/// The addresses of a run. The sandbox keeps them for load balancers, so nobody else on this machine
/// has them.
#[derive(Debug)]
pub(crate) struct Ground {
    first: Ipv4Addr,
}

impl Ground {
    pub(crate) async fn of(cluster: &Cluster) -> Self {
        Self { first: *cluster.pool(128).await.start() }
    }

    /// What Seaway gives to Services.
    pub(crate) fn pool(&self) -> RangeInclusive<Ipv4Addr> {
        self.first..=self.first
    }

    pub(crate) fn haproxy(&self) -> SocketAddr {
        SocketAddr::new(self.address(1).into(), PORT)
    }

    pub(crate) fn nginx(&self) -> SocketAddr {
        SocketAddr::new(self.address(2).into(), PORT)
    }

    pub(crate) fn nodes(&self) -> Vec<IpAddr> {
        (0..NODES).map(|number| self.address(16 + number).into()).collect()
    }

    /// The first of those that clients have.
    pub(crate) fn clients(&self) -> Ipv4Addr {
        self.address(64)
    }

    fn address(&self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.first) + number)
    }
}
