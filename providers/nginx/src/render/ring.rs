use std::collections::BTreeMap;

use seaway_core::NodeName;

/// How many values the hash of Nginx has: 15 bits of a CRC-32.
const VALUES: u32 = 1 << 15;
/// How many arcs each node has, give or take those that meet.
const ARCS: u32 = 16;

/// Shares the values of Nginx's hash among nodes: who has each arc, and how long it is. The lengths
/// are the weights of the servers of an upstream in this order, which is how `hash` without
/// `consistent` walks them.
///
/// `hash … consistent` would not do: its ring follows from the ports of the servers too, so a client
/// would have another node on each port of a Service.
///
/// # Guarantees
/// A node that comes or goes takes or leaves its own arcs: other clients keep their nodes.
pub(super) fn arcs<'a>(nodes: impl Iterator<Item = &'a NodeName>) -> Vec<(&'a NodeName, u32)> {
    let mut points: BTreeMap<u32, &NodeName> = BTreeMap::new();
    for node in nodes {
        for arc in 0..ARCS {
            // Who comes first by name has a point that two would have, whatever the order.
            let holder = points.entry(place(node, arc)).or_insert(node);
            *holder = (*holder).min(node);
        }
    }
    let mut arcs: Vec<(&NodeName, u32)> = Vec::new();
    let mut add = |node, length| match arcs.last_mut() {
        Some((last, total)) if *last == node => *total += length,
        _ if length > 0 => arcs.push((node, length)),
        _ => {}
    };
    let mut begin = 0;
    for (point, node) in &points {
        add(*node, point + 1 - begin);
        begin = point + 1;
    }
    // The ring closes: what is behind the last point leads to the first one.
    if let Some(first) = points.values().next() {
        add(*first, VALUES - begin);
    }
    arcs
}

/// FNV-1a, with a finish that spreads names that differ in their last letters only. It must never
/// change: clients would change their nodes.
fn place(node: &NodeName, arc: u32) -> u32 {
    let bytes = node.as_str().bytes().chain([0xff]).chain(arc.to_le_bytes());
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 29;
    // The upper 15 bits: always less than VALUES.
    u32::try_from(hash >> 49).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<NodeName> {
        (0..count).map(|i| NodeName::from(format!("node-{i}"))).collect()
    }

    fn owners(nodes: &[NodeName]) -> Vec<NodeName> {
        let arcs = arcs(nodes.iter());
        arcs.iter()
            .flat_map(|(node, length)| std::iter::repeat_n((*node).clone(), *length as usize))
            .collect()
    }

    #[test]
    fn every_value_has_a_node_and_no_node_has_far_more_than_its_share() {
        for count in [1, 2, 3, 10, 100] {
            let nodes = names(count);
            let owners = owners(&nodes);
            assert_eq!(owners.len(), VALUES as usize);
            for node in &nodes {
                let share = owners.iter().filter(|owner| *owner == node).count();
                let fair = owners.len() / count;
                assert!(share > fair / 4 && share < fair * 3, "{node}: {share} of {fair}");
            }
        }
        assert_eq!(arcs(std::iter::empty()), []);
    }

    #[test]
    fn only_the_clients_of_a_node_that_goes_are_moved() {
        let nodes = names(10);
        let before = owners(&nodes);
        let after = owners(&nodes[1..]);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == nodes[0], "{before} to {after}");
        }
    }
}
