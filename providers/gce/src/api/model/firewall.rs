use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;
use seaway_core::Protocol;

/// A firewall rule that lets traffic in (`INGRESS`, `allowed`, priority 1000).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Who may come: of one family.
    pub sources: BTreeSet<IpNet>,
    /// Which addresses they may reach; none: all.
    pub destinations: BTreeSet<IpNet>,
    /// What is open.
    pub open: BTreeSet<Open>,
    /// The network tags of the instances that it is for; none: all of the network.
    pub target_tags: BTreeSet<String>,
}

/// Ports that are open. They sort by protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// The protocol.
    pub protocol: Protocol,
    /// The first port.
    pub from: u16,
    /// The last port.
    pub to: u16,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(f, "{}/{}", self.from, self.protocol)
        } else {
            write!(f, "{}-{}/{}", self.from, self.to, self.protocol)
        }
    }
}
