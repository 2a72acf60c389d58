//! The ports that clients may use, and where connections through them came out.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_integration::until;
use tokio::time::Instant;

use super::talk::Via;

/// How long after a change new connections may still go by what was before.
const GRACE: Duration = Duration::from_secs(2);
/// So many connections in a row come by every node in turn, and a few more by those that begin at the
/// same moment.
pub(super) const IN_A_ROW: usize = super::fleet::NODES + super::clients::CLIENTS;

/// The ports of a cluster's Services that are served, and the nodes that are to get nothing new.
#[derive(Debug, Default)]
pub(super) struct Front {
    doors: Mutex<Vec<Arc<Door>>>,
    out: Mutex<BTreeMap<Ipv4Addr, Instant>>,
}

/// A port that is served, as it is known to be.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) at: SocketAddr,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    node_port: u16,
    since: Instant,
    /// The last connections, in the order of their answers: when they began, and where they came out.
    last: VecDeque<(Instant, Via)>,
}

/// What clients are to see of a change, in connections that begin after it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// The node gets its share of every port.
    In(Ipv4Addr),
    /// It gets nothing.
    Out(Ipv4Addr),
    /// All that enters here goes to this NodePort.
    Through(SocketAddr, u16),
}

impl Front {
    /// Lets clients use a port that is known to be served.
    pub(super) fn open(&self, at: SocketAddr, node_port: u16) {
        let seen = Seen { node_port, since: Instant::now(), last: VecDeque::new() };
        self.doors.lock().unwrap().push(Arc::new(Door { at, seen: Mutex::new(seen) }));
    }

    /// Lets no client begin at a port any more, and waits for those that have begun: a port may refuse
    /// them once it is not served.
    pub(super) async fn close(&self, at: SocketAddr) {
        let door = {
            let mut doors = self.doors.lock().unwrap();
            let place = doors.iter().position(|door| door.at == at).unwrap();
            doors.swap_remove(place)
        };
        let left = async || (Arc::strong_count(&door) == 1).then_some(());
        until(&format!("nobody is about to enter at {at}"), left).await;
    }

    /// A port for the client with this number, in turn.
    pub(super) fn door(&self, number: u64) -> Arc<Door> {
        let doors = self.doors.lock().unwrap();
        let place = usize::try_from(number).unwrap() % doors.len();
        Arc::clone(&doors[place])
    }

    fn doors(&self) -> Vec<Arc<Door>> {
        self.doors.lock().unwrap().clone()
    }

    /// Notes that a port goes to another NodePort now.
    pub(super) fn moves(&self, at: SocketAddr, node_port: u16) {
        let doors = self.doors();
        let mut seen = doors.iter().find(|door| door.at == at).unwrap().seen.lock().unwrap();
        (seen.node_port, seen.since) = (node_port, Instant::now());
    }

    /// Notes that a node is to get nothing new from now on.
    pub(super) fn leaves(&self, node: Ipv4Addr) {
        self.out.lock().unwrap().entry(node).or_insert_with(Instant::now);
    }

    /// Notes that it may get something again.
    pub(super) fn returns(&self, node: Ipv4Addr) {
        self.out.lock().unwrap().remove(&node);
    }

    /// Notes where a new connection came out. False: it should have gone elsewhere.
    pub(super) fn saw(&self, door: &Door, begun: Instant, via: Via) -> bool {
        let late = |since: Instant| begun > since + GRACE;
        let out = self.out.lock().unwrap().get(&via.node).copied();
        let mut seen = door.seen.lock().unwrap();
        if seen.last.len() == 4 * IN_A_ROW {
            seen.last.pop_front();
        }
        seen.last.push_back((begun, via));
        !out.is_some_and(late) && (via.port == seen.node_port || !late(seen.since))
    }

    /// Waits until clients see a change that was made at `since`.
    pub(super) async fn shows(&self, sign: Sign, since: Instant) {
        until(&format!("clients see {sign:?}"), async || {
            self.doors().iter().all(|door| door.shows(sign, since)).then_some(())
        })
        .await;
    }
}

impl Door {
    fn shows(&self, sign: Sign, since: Instant) -> bool {
        let seen = self.seen.lock().unwrap();
        let fresh = seen.last.iter().rev().filter(|(begun, _)| *begun > since).map(|(_, via)| via);
        let fresh: Vec<&Via> = fresh.take(IN_A_ROW).collect();
        let all = |good: &dyn Fn(&Via) -> bool| {
            fresh.len() == IN_A_ROW && fresh.iter().all(|via| good(via))
        };
        match sign {
            Sign::In(node) => fresh.iter().any(|via| via.node == node),
            Sign::Out(node) => all(&|via| via.node != node),
            Sign::Through(at, port) => at != self.at || all(&|via| via.port == port),
        }
    }
}
