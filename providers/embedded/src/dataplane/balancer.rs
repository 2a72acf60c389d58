use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Error, HealthCheck, Sources, Tuning};

/// Names one balancer of the plane; the plane gives it no meaning.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct BalancerId {
    id: Arc<str>,
    /// What people call it. It distinguishes nothing.
    label: Option<Arc<str>>,
}

impl BalancerId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// The same, and what logs and messages are to call it. The label that a balancer is opened with
    /// stays with it.
    #[must_use]
    pub fn called(self, label: &str) -> Self {
        Self { label: Some(label.into()), ..self }
    }
}

impl From<&str> for BalancerId {
    fn from(id: &str) -> Self {
        Self { id: id.into(), label: None }
    }
}

impl From<String> for BalancerId {
    fn from(id: String) -> Self {
        id.as_str().into()
    }
}

impl From<BalancerId> for String {
    fn from(id: BalancerId) -> Self {
        id.as_str().to_owned()
    }
}

impl PartialEq for BalancerId {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for BalancerId {}

impl PartialOrd for BalancerId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BalancerId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

impl Hash for BalancerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// Its label, or the name itself.
impl fmt::Display for BalancerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label.as_ref().unwrap_or(&self.id))
    }
}

/// What one balancer is to be: everything that the plane knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balancer {
    /// Where it listens; no two with the same address and protocol.
    pub listeners: Vec<Listener>,
    /// Where it sends to, by node name.
    pub targets: BTreeMap<String, Target>,
    /// Who may use it.
    pub sources: Sources,
    /// How long a client stays with its target after its last new connection; none: no affinity.
    pub affinity: Option<Duration>,
    /// How targets are checked.
    pub health: HealthCheck,
    /// How its traffic is carried.
    #[serde(default)]
    pub tuning: Tuning,
}

/// One open port of a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Where clients connect to.
    pub address: SocketAddr,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port of every target that this listener sends to: the NodePort.
    pub target_port: u16,
}

impl Listener {
    pub(super) fn door(&self) -> Door {
        Door { address: self.address, protocol: self.protocol }
    }
}

/// The transport protocol of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Flows of datagrams, one per client address and port.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        })
    }
}

/// One node that a balancer sends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The node's address.
    pub address: IpAddr,
    /// Gets nothing new; open connections live on.
    pub draining: bool,
    /// Serves before its first check has passed; a first check that fails ends that at once.
    pub assume_up: bool,
}

impl Target {
    /// A target that serves at once.
    pub fn new(address: IpAddr) -> Self {
        Self { address, draining: false, assume_up: true }
    }
}

/// What the operating system tells listeners apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Door {
    pub(super) address: SocketAddr,
    pub(super) protocol: Protocol,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol, self.address)
    }
}

impl Balancer {
    /// Refuses what could never be opened, before anything is touched.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let mut doors = BTreeSet::new();
        for listener in &self.listeners {
            let door = listener.door();
            if door.address.port() == 0 || listener.target_port == 0 {
                return Err(Error::invalid(format!("{door} has a port 0")));
            }
            if !doors.insert(door) {
                return Err(Error::invalid(format!("{door} is listed twice")));
            }
        }
        self.health.validate().map_err(|invalid| Error::invalid(invalid.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_what_people_read_and_distinguishes_nothing() {
        let (plain, called) = (BalancerId::from("5274"), BalancerId::from("5274").called("web"));
        assert_eq!((plain.to_string(), called.to_string()), ("5274".into(), "web".into()));
        assert_eq!(called.as_str(), "5274");
        let mut all = BTreeMap::from([(called, 1)]);
        assert_eq!(all.insert(plain.clone(), 2), Some(1));
        assert_eq!(all.into_keys().next().unwrap().to_string(), "web", "it stays");
        assert_eq!(serde_json::to_string(&plain).unwrap(), "\"5274\"");
    }
}
