//! Which nodes a Service gets where there are too many for all: the same ones in every process, with
//! the zones in balance, and few of them others when a node comes or goes (rendezvous hashing).

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// A node to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate<'a> {
    /// Its instance.
    pub id: &'a str,
    /// Its zone.
    pub zone: Option<&'a str>,
    /// It has a pod of the Service, and the Service has no use for nodes that have none.
    pub preferred: bool,
}

/// All candidates in the order in which `service` wants them: preferred ones first, and of those the
/// best of each zone, then the second of each, and so on.
pub(crate) fn ranked<'a>(service: &str, candidates: &[Candidate<'a>]) -> Vec<&'a str> {
    let mut zones: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for candidate in candidates {
        let zone = zones.entry((!candidate.preferred, candidate.zone)).or_default();
        zone.push((weight(service, candidate.id), candidate.id));
    }
    let mut order = Vec::with_capacity(candidates.len());
    for ((last, zone), mut nodes) in zones {
        nodes.sort_unstable();
        // Which zone comes first is the Service's own affair, lest one zone have the odd one of all.
        let first = weight(service, zone.unwrap_or_default());
        order.extend(nodes.into_iter().enumerate().map(|(rank, (_, id))| (last, rank, first, id)));
    }
    order.sort_unstable();
    order.into_iter().map(|(.., id)| id).collect()
}

fn weight(service: &str, thing: &str) -> [u8; 8] {
    let mut hasher = Sha256::new();
    hasher.update(service);
    hasher.update([0]);
    hasher.update(thing);
    let digest = hasher.finalize();
    let mut weight = [0; 8];
    weight.copy_from_slice(&digest[..8]);
    weight
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ZONES: [&str; 3] = ["a", "b", "c"];

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("i-{number:04x}")).collect()
    }

    fn candidates(ids: &[String]) -> Vec<Candidate<'_>> {
        let zones = ZONES.iter().cycle();
        ids.iter()
            .zip(zones)
            .map(|(id, zone)| Candidate { id, zone: Some(zone), preferred: false })
            .collect()
    }

    #[test]
    fn zones_are_in_balance() {
        let ids = ids(300);
        let all = candidates(&ids);
        for service in ["s1", "s2", "s3"] {
            let chosen: BTreeSet<_> = ranked(service, &all).into_iter().take(50).collect();
            for zone in ZONES {
                let of_zone =
                    all.iter().filter(|it| it.zone == Some(zone) && chosen.contains(it.id));
                assert!([16, 17].contains(&of_zone.count()), "{service} {zone}");
            }
        }
    }

    #[test]
    fn a_node_that_goes_moves_one_and_no_more() {
        let ids = ids(300);
        let mut all = candidates(&ids);
        let before: Vec<_> = ranked("s", &all).into_iter().take(50).collect();
        all.retain(|it| it.id != before[7]);
        let after: BTreeSet<_> = ranked("s", &all).into_iter().take(50).collect();
        let lost = before.iter().filter(|id| !after.contains(*id)).count();
        assert!(lost <= 2, "{lost} of 50 were replaced");
    }

    #[test]
    fn services_have_different_nodes_and_each_always_the_same() {
        let ids = ids(300);
        let all = candidates(&ids);
        assert_eq!(ranked("s", &all), ranked("s", &all));
        assert_ne!(ranked("s", &all)[..50], ranked("t", &all)[..50]);
    }

    #[test]
    fn nodes_with_a_pod_come_first() {
        let ids = ids(9);
        let mut all = candidates(&ids);
        all[8].preferred = true;
        assert_eq!(ranked("s", &all)[0], all[8].id);
    }
}
