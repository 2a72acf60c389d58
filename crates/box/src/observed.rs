use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Address, Digest, Family, Readiness, ServiceUid};

use crate::daemon::{Daemon, Sick};
use crate::record::Record;
use crate::site::Site;

/// How soon to look again at what is being made.
const SOON: Duration = Duration::from_secs(1);

/// What a box has.
#[derive(Debug)]
pub struct Observed<D: Daemon> {
    /// The config file; none if there is nothing in it.
    pub(crate) live: Option<Arc<Record>>,
    /// What is written beside it.
    pub(crate) draft: Draft,
    /// What the daemon tells of itself; none if it does not run.
    pub(crate) running: Option<D::Running>,
    /// What the daemon has loaded, if that is known.
    pub(crate) loaded: Option<Arc<Site>>,
    /// The addresses of ours, and of our pool, that are on the interface, and whether we put them
    /// there.
    pub(crate) placed: BTreeMap<IpAddr, bool>,
    /// The targets that our own checks found down.
    pub(crate) sick: BTreeSet<Sick>,
}

/// What is written beside the config file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Draft {
    /// Nothing.
    #[default]
    None,
    /// Something that can't be read.
    Scrap,
    /// A config with this digest.
    Ready(Digest),
    /// The same, and the daemon's parser takes it.
    Checked(Digest),
}

// Derived, these would ask as much of the daemon itself.
impl<D: Daemon> Clone for Observed<D> {
    fn clone(&self) -> Self {
        Self {
            live: self.live.clone(),
            draft: self.draft.clone(),
            running: self.running.clone(),
            loaded: self.loaded.clone(),
            placed: self.placed.clone(),
            sick: self.sick.clone(),
        }
    }
}

impl<D: Daemon> Default for Observed<D> {
    fn default() -> Self {
        Self {
            live: None,
            draft: Draft::None,
            running: None,
            loaded: None,
            placed: BTreeMap::new(),
            sick: BTreeSet::new(),
        }
    }
}

impl<D: Daemon> PartialEq for Observed<D> {
    fn eq(&self, other: &Self) -> bool {
        self.live == other.live
            && self.draft == other.draft
            && self.running == other.running
            && self.loaded == other.loaded
            && self.placed == other.placed
            && self.sick == other.sick
    }
}

impl<D: Daemon> Observed<D> {
    /// The frame that the daemon has loaded.
    pub(crate) fn frame(&self) -> Option<&Digest> {
        self.running.as_ref().and_then(D::loaded)
    }

    /// What the daemon has loaded, if it is what stands in the file.
    pub(crate) fn recognise(&mut self) {
        let live = self.live.as_ref().filter(|live| self.frame() == Some(&live.frame));
        self.loaded = live.map(|live| Arc::clone(&live.site));
    }

    /// The Services that have something here.
    pub(crate) fn holds(&self) -> BTreeSet<ServiceUid> {
        self.sites().flat_map(|site| site.entries.keys().cloned()).collect()
    }

    /// Who holds which addresses: in the file, or in the daemon.
    pub(crate) fn held(&self) -> BTreeMap<ServiceUid, Vec<IpAddr>> {
        let mut held: BTreeMap<ServiceUid, Vec<IpAddr>> = BTreeMap::new();
        for (uid, entry) in self.sites().flat_map(|site| &site.entries) {
            let known = held.entry(uid.clone()).or_default();
            let fresh = entry.addresses.iter().filter(|ip| !known.contains(ip));
            let fresh: Vec<_> = fresh.copied().collect();
            known.extend(fresh);
        }
        held
    }

    fn sites(&self) -> impl Iterator<Item = &Site> {
        let live = self.live.iter().map(|live| &*live.site);
        live.chain(self.loaded.as_deref())
    }

    /// Where clients are to connect: of each family the first address.
    pub(crate) fn readiness(&self, uid: &ServiceUid) -> Readiness {
        let entry = self.loaded.as_ref().and_then(|site| site.entries.get(uid));
        let Some(entry) = entry else {
            let written = self.live.as_ref().is_some_and(|it| it.site.entries.contains_key(uid));
            return if written { Readiness::Pending { look_again: SOON } } else { Readiness::Gone };
        };
        let mut ready: Vec<IpAddr> = Vec::new();
        for ip in &entry.addresses {
            if ready.iter().all(|other| Family::of(*other) != Family::of(*ip)) {
                ready.push(*ip);
            }
        }
        Readiness::Ready(ready.into_iter().map(Address::Ip).collect())
    }
}
