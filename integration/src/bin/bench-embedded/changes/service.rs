use std::net::{IpAddr, SocketAddr};

use seaway_integration::{Cluster, service};
use serde_json::{Value, json};

/// How many there are, each with an address of its own.
pub(super) const SERVICES: usize = 2;
/// The ports that stay, of each.
const STAYING: usize = 3;
const FIRST_PORT: u16 = 8000;
/// The port that comes and goes. Each time it is the same: old connections through it drain, while it
/// is served again.
const PASSING: u16 = 8100;

/// A Service, and its ports as they stand.
#[derive(Debug)]
pub(super) struct Service {
    number: usize,
    ip: IpAddr,
    /// The NodePorts of the ports that stay.
    node_ports: [u16; STAYING],
    passing: bool,
}

/// What happens to the ports of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortChange {
    /// The passing port comes.
    Add,
    /// It goes.
    Remove,
    /// A port that stays gets another NodePort.
    Move,
}

/// The change with this number, and the Service that it is made to. After every fifth the passing
/// ports are closed.
pub(super) const fn change(number: usize) -> (usize, PortChange) {
    let one = (number / 5) % SERVICES;
    let other = (one + 1) % SERVICES;
    match number % 5 {
        0 => (one, PortChange::Add),
        1 => (other, PortChange::Move),
        2 => (other, PortChange::Add),
        3 => (one, PortChange::Remove),
        _ => (other, PortChange::Remove),
    }
}

impl Service {
    /// All NodePorts that Services may have: below those from which clients take their own.
    pub(super) fn all_node_ports() -> Vec<u16> {
        let places = (0..STAYING).flat_map(|place| [(place, false), (place, true)]);
        let of = |number| {
            let staying = places.clone().map(move |(place, moved)| staying(number, place, moved));
            staying.chain([passing(number)])
        };
        (0..SERVICES).flat_map(of).collect()
    }

    /// Creates it, and waits for its address.
    pub(super) async fn create(cluster: &Cluster, number: usize) -> Self {
        let node_ports = std::array::from_fn(|place| staying(number, place, false));
        let mut new = Self { number, ip: [0, 0, 0, 0].into(), node_ports, passing: false };
        // Without pods: what is behind the NodePorts is ours.
        cluster.create(&service(&new.name(), "nobody", new.ports())).await;
        new.ip = cluster.address(&new.name()).await;
        new
    }

    fn name(&self) -> String {
        format!("service-{}", self.number)
    }

    /// The ports that stay, and their NodePorts.
    pub(super) fn staying(&self) -> impl Iterator<Item = (SocketAddr, u16)> {
        let at = (FIRST_PORT..).map(|port| SocketAddr::new(self.ip, port));
        at.zip(self.node_ports)
    }

    /// The port that comes and goes, and its NodePort.
    pub(super) fn passing(&self) -> (SocketAddr, u16) {
        (SocketAddr::new(self.ip, PASSING), passing(self.number))
    }

    /// Makes a change; `turn` chooses the port that moves. Returns the port that it is about, and its
    /// NodePort.
    pub(super) async fn make(
        &mut self,
        cluster: &Cluster,
        change: PortChange,
        turn: usize,
    ) -> (SocketAddr, u16) {
        let place = turn % STAYING;
        match change {
            PortChange::Add => self.passing = true,
            PortChange::Remove => self.passing = false,
            PortChange::Move => {
                let was = staying(self.number, place, false);
                let moves = self.node_ports[place] == was;
                self.node_ports[place] = staying(self.number, place, moves);
            }
        }
        cluster.patch_spec(&self.name(), self.ports()).await;
        match change {
            PortChange::Add | PortChange::Remove => self.passing(),
            PortChange::Move => self.staying().nth(place).unwrap(),
        }
    }

    fn ports(&self) -> Value {
        let passing = self.passing.then(|| self.passing());
        let ports = self.staying().chain(passing).map(|(at, node_port)| {
            let port = at.port();
            json!({ "name": format!("port-{port}"), "port": port, "nodePort": node_port })
        });
        json!({ "ports": ports.collect::<Vec<_>>() })
    }
}

/// The NodePorts of a Service lie in a hundred of its own.
fn staying(service: usize, place: usize, moved: bool) -> u16 {
    u16::try_from(31_000 + 100 * service + 10 * usize::from(moved) + place).unwrap()
}

fn passing(service: usize) -> u16 {
    u16::try_from(31_000 + 100 * service + 20).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_before_they_go_and_none_is_left() {
        let mut open = [false; SERVICES];
        let mut moves = 0;
        for number in 0..50 {
            let (service, change) = change(number);
            match change {
                PortChange::Add => assert!(!std::mem::replace(&mut open[service], true)),
                PortChange::Remove => assert!(std::mem::replace(&mut open[service], false)),
                PortChange::Move => moves += 1,
            }
        }
        assert_eq!((open, moves), ([false; SERVICES], 10));
    }

    #[test]
    fn no_node_port_is_given_twice() {
        let mut all = Service::all_node_ports();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), SERVICES * (2 * STAYING + 1));
        assert!(all.iter().all(|port| (30_000..32_768).contains(port)));
    }
}
