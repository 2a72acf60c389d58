use std::collections::{BTreeMap, BTreeSet};

use seaway_box::Site;
use seaway_core::{Health, ProviderError, ServiceUid, Target};

use crate::render::{Names, ports, server};
use crate::runtime::{Op, Socket, Words, rows, words};

/// With more backends than this, one answer about all of them is the cheaper one.
const ONE_BY_ONE: usize = 32;

/// What HAProxy thinks of the targets.
pub(crate) async fn targets(
    socket: &Socket,
    site: &Site,
) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
    let states = socket.tell("show servers state").await?;
    let seen = health(&states);
    let down: BTreeSet<_> = seen
        .iter()
        .filter(|(_, health)| **health == Health::Unhealthy)
        .map(|((backend, _), _)| *backend)
        .collect();
    let mut said = Words::new();
    if down.len() > ONE_BY_ONE {
        said = words(&socket.tell("show stat -1 4 -1").await?);
    } else {
        for backend in down {
            said.extend(words(&socket.tell(&format!("show stat {backend} 4 -1")).await?));
        }
    }
    Ok(judge(site, &seen, &said))
}

type Seen<'a> = BTreeMap<(&'a str, &'a str), Health>;

fn health(states: &str) -> Seen<'_> {
    let seen = rows(states).map(|row| {
        let health = match (row.maint, row.op, row.checked()) {
            (true, _, _) => Health::Draining,
            (false, _, false) => Health::Unknown,
            (false, Op::Stopped, true) => Health::Unhealthy,
            (false, Op::Running, true) => Health::Healthy,
        };
        ((row.backend, row.server), health)
    });
    seen.collect()
}

fn judge(site: &Site, seen: &Seen<'_>, said: &Words) -> BTreeMap<ServiceUid, Vec<Target>> {
    let entries = site.entries.iter().map(|(uid, entry)| {
        let names = Names::of(entry);
        let backends: Vec<_> = ports(entry).map(|port| names.port(port)).collect();
        let targets = entry.targets.iter().map(|(node, target)| {
            let name = server(site, node);
            let at = |backend: &String| {
                seen.get(&(backend.as_str(), name.as_str())).copied().unwrap_or(Health::Unknown)
            };
            // A node is as bad as its worst port.
            let worst = backends.iter().map(|backend| (at(backend), backend));
            let worst = worst.max_by_key(|(health, _)| badness(*health));
            let (health, backend) = worst.unzip();
            let words = backend.and_then(|backend| said.get(&format!("{backend}/{name}")));
            let health = health.unwrap_or(Health::Unknown);
            let reason = words.filter(|_| health == Health::Unhealthy).cloned();
            Target { node: node.clone(), address: Some(target.address), health, reason }
        });
        (uid.clone(), targets.collect())
    });
    entries.collect()
}

const fn badness(health: Health) -> u8 {
    match health {
        Health::Healthy => 0,
        Health::Unknown => 1,
        Health::Draining => 2,
        Health::Unhealthy => 3,
    }
}

#[cfg(test)]
mod tests;
