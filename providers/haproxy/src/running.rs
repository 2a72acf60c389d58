use std::collections::BTreeMap;
use std::net::IpAddr;

use seaway_box::Site;
use seaway_core::Digest;

use crate::render::{self, Names, ports};

/// What the running daemon tells of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// The frame of ours that it has loaded; none if it runs without our file.
    pub frame: Option<Digest>,
    /// Its servers, by backend and name: of our backends only.
    pub servers: BTreeMap<String, BTreeMap<String, Server>>,
}

/// A server of a backend.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// The number of the node.
    pub id: u32,
    /// Where the node is reached.
    pub address: IpAddr,
    /// At which port.
    pub port: u16,
    /// It is in maintenance: it gets no new connections, and keeps those that it has.
    pub maint: bool,
    /// It is in maintenance and has no connections left, so it can be deleted.
    pub idle: bool,
}

/// Whether it has connections is no property of it: nobody changed it when they ended.
impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.address, self.port, self.maint)
            == (other.id, other.address, other.port, other.maint)
    }
}

impl Running {
    /// What a daemon has that has just loaded the config of `site`.
    pub(crate) fn fresh(site: &Site, frame: &Digest) -> Self {
        let mut servers = BTreeMap::new();
        for entry in site.entries.values() {
            let names = Names::of(entry);
            for port in ports(entry) {
                let of_port = entry.targets.iter().map(|(node, target)| {
                    let server = Server {
                        id: site.numbers.of(node),
                        address: target.address,
                        port: port.node_port,
                        maint: target.out,
                        idle: false,
                    };
                    (render::server(site, node), server)
                });
                let of_port: BTreeMap<_, _> = of_port.collect();
                // HAProxy tells no servers of a backend that has none.
                if !of_port.is_empty() {
                    servers.insert(names.port(port), of_port);
                }
            }
        }
        Self { frame: Some(frame.clone()), servers }
    }
}
