use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{Address, Family, LbSpec, Mark, ServiceUid};

use super::daemon::Daemon;
use super::{OPTION, OneFile};
use crate::{Bench, Fault, Front, ManualClock, Served, Thing, cluster_id};

/// A box with such a daemon on it.
#[derive(Debug)]
pub struct Desk {
    /// The daemon.
    pub daemon: Arc<Daemon>,
}

fn pool() -> Vec<IpAddr> {
    let v4 = (200..=205).map(|last| IpAddr::from([198, 18, 0, last]));
    let v6 = (1..=6).map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]));
    v4.chain(v6).collect()
}

impl Bench for Desk {
    type Provider = OneFile;

    async fn open(_: Arc<ManualClock>) -> Self {
        Self { daemon: Arc::default() }
    }

    async fn provider(&self) -> OneFile {
        OneFile::new(cluster_id(), Arc::clone(&self.daemon), pool())
    }

    async fn inventory(&self) -> Vec<Thing> {
        let state = self.daemon.state();
        let mut things = vec![Thing::new("the user's file", None, &state.users_file)];
        let ours = Some(Mark::shared(cluster_id()));
        things.extend(state.candidate.map(|config| Thing::new("candidate", ours, config)));
        for (place, config) in [("line", Some(state.live)), ("running line", state.running)] {
            for entry in config.into_iter().flatten().map(|(_, entry)| entry) {
                things.push(Thing::new(place, Some(entry.mark.clone()), entry));
            }
        }
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let entry = self.daemon.state().running?.remove(uid)?;
        let front = |targets| Front {
            targets,
            admits: Some(entry.admits.clone()),
            affinity: Some(entry.affinity),
            health: Some(entry.health),
        };
        Some(Served {
            addresses: entry.addresses.into_iter().map(Address::Ip).collect(),
            fronts: entry
                .fronts
                .into_iter()
                .map(|(port, protocol, targets)| ((port, protocol), front(targets)))
                .collect(),
        })
    }

    async fn plant_foreign(&self) {
        self.daemon.tamper(|state| "listen ssh".clone_into(&mut state.users_file));
    }

    async fn inject(&self, fault: Fault) -> bool {
        // A daemon on one's own box does not throttle.
        let able = fault == Fault::Unavailable;
        if able {
            self.daemon.inject(fault);
        }
        able
    }

    async fn wipe(&self) -> bool {
        self.daemon.tamper(|state| {
            (state.owner, state.candidate, state.running) = (None, None, None);
            state.live.clear();
        });
        true
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.settings.insert(OPTION.to_owned(), "bad".to_owned());
        Some(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let good = pool().into_iter().rev().find(|ip| Family::of(*ip) == family)?;
        Some((good, Some([192, 0, 2, 99].into())))
    }
}
