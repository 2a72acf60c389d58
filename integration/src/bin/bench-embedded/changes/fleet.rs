use std::net::Ipv4Addr;

use super::node::Change;

/// How many nodes there are when all are.
pub(super) const NODES: usize = 12;
/// So many are always in service.
const LEAST: usize = 5;

/// The nodes, and what becomes of each next: the same at every run, and in every cluster.
#[derive(Debug)]
pub(super) struct Fleet {
    nodes: Vec<Node>,
    dice: u64,
}

/// A node, as it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) ip: Ipv4Addr,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Gone,
    In,
    Excluded,
    Draining,
}

impl Fleet {
    /// Nodes with the addresses that follow this one. None is there yet.
    pub(super) fn after(block: Ipv4Addr) -> Self {
        let node = |number| Node {
            name: format!("node-{number}"),
            ip: Ipv4Addr::from(u32::from(block) + number),
            state: State::Gone,
        };
        let nodes = (1..).take(NODES).map(node).collect();
        Self { nodes, dice: 1 }
    }

    pub(super) fn ips(&self) -> Vec<Ipv4Addr> {
        self.nodes.iter().map(|node| node.ip).collect()
    }

    /// Has all of them come.
    pub(super) fn all_come(&mut self) -> Vec<(Node, Change)> {
        (0..NODES).map(|place| self.turn(place, Change::Come)).collect()
    }

    /// So many changes, each of another node.
    pub(super) fn next(&mut self, count: usize) -> Vec<(Node, Change)> {
        let mut changed = Vec::new();
        (0..count).map(|_| self.one(&mut changed)).collect()
    }

    fn one(&mut self, changed: &mut Vec<usize>) -> (Node, Change) {
        let serving = self.nodes.iter().filter(|node| node.state == State::In).count();
        loop {
            let place = self.roll(NODES);
            let is_in = self.nodes[place].state == State::In;
            if changed.contains(&place) || is_in && serving <= LEAST {
                continue;
            }
            changed.push(place);
            let change = match self.nodes[place].state {
                State::Gone => Change::Come,
                State::Excluded => Change::Include,
                // The autoscaler deletes what it has drained, or thinks better of it.
                State::Draining => [Change::Go, Change::Resume][self.roll(2)],
                State::In => [Change::Go, Change::Exclude, Change::Drain][self.roll(3)],
            };
            return self.turn(place, change);
        }
    }

    fn turn(&mut self, place: usize, change: Change) -> (Node, Change) {
        let node = &mut self.nodes[place];
        node.state = match change {
            Change::Come | Change::Include | Change::Resume => State::In,
            Change::Go => State::Gone,
            Change::Exclude => State::Excluded,
            Change::Drain => State::Draining,
        };
        (node.clone(), change)
    }

    /// A number below `sides`, by a generator of Knuth's (The Art of Computer Programming, 3.3.4).
    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.dice >> 33).unwrap() % sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_mixed_and_leave_enough_nodes() {
        let mut fleet = Fleet::after([127, 0, 0, 0].into());
        assert_eq!(fleet.ips()[NODES - 1], Ipv4Addr::new(127, 0, 0, 12));
        fleet.all_come();
        let mut kinds = Vec::new();
        for _ in 0..100 {
            let changes = fleet.next(3);
            let [(a, _), (b, _), (c, _)] = &changes[..] else { panic!("{changes:?}") };
            assert!(a.name != b.name && b.name != c.name && a.name != c.name);
            let serving = fleet.nodes.iter().filter(|node| node.state == State::In).count();
            assert!(serving >= LEAST);
            kinds.extend(changes.into_iter().map(|(_, change)| change));
        }
        for kind in Change::ALL {
            let count = kinds.iter().filter(|other| **other == kind).count();
            assert!(count >= 15, "{kind:?} {count}");
        }
    }
}
