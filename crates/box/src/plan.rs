//! From what a box has to what a goal asks for. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use seaway_core::{ClusterId, ErrorKind, Goal, Plan, Planned, ProviderError, Want};
use seaway_pool::Ranges;

use crate::daemon::Daemon;
use crate::observed::{Draft, Observed};
use crate::record::File;
use crate::site::Site;
use crate::step::Step;
use crate::wanted;

/// What a plan rests on besides the goal and what is seen.
pub(crate) struct Terms<'a, D> {
    pub daemon: &'a D,
    pub cluster: &'a ClusterId,
    pub pool: &'a Ranges,
    /// Whether addresses are put on an interface.
    pub places: bool,
    /// The file that was written for a site last.
    pub last: &'a Mutex<Option<Arc<File>>>,
}

impl<D: Daemon> Terms<'_, D> {
    /// The file for a site: the last one if it was for an equal one. It makes hundreds of thousands of
    /// lines, and most passes change nothing.
    fn file(&self, site: Site) -> Arc<File> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(file) if *file.site == site => Arc::clone(file),
            _ => {
                let text = self.daemon.render(&site);
                Arc::clone(last.insert(Arc::new(File::new(Arc::new(site), &text))))
            }
        }
    }
}

/// The way to `goal`.
pub(crate) fn plan<D: Daemon>(
    terms: &Terms<'_, D>,
    goal: &Goal,
    seen: &Observed<D>,
) -> Plan<Step<D::Change>> {
    let Terms { daemon, cluster, pool, places, last: _ } = terms;
    let mut plan = Plan::default();
    let site = wanted::site(*daemon, (cluster, pool), goal, seen, &mut plan);
    if site.entries.is_empty() && seen.live.is_none() && seen.frame().is_none() {
        // Nothing was ever here: then nothing is written either.
        if seen.draft != Draft::None {
            plan.stage(common(Step::Discard));
        }
        return plan;
    }
    let addresses: BTreeSet<IpAddr> = if *places { addresses(&site) } else { BTreeSet::new() };
    let file = terms.file(site);
    let missing = addresses.iter().copied().filter(|ip| !seen.placed.contains_key(ip));
    let missing: BTreeSet<_> = missing.collect();
    if !missing.is_empty() {
        plan.stage(common(Step::Put(missing)));
    }
    write(&mut plan, &file, seen);
    run(*daemon, &mut plan, goal, &file, seen);
    let ours = seen.placed.iter().filter(|(_, ours)| **ours).map(|(ip, _)| *ip);
    let over: BTreeSet<_> = ours.filter(|ip| !addresses.contains(ip)).collect();
    if !over.is_empty() {
        // Only once nothing listens there any more.
        plan.stage(common(Step::Take(over)));
    }
    plan
}

/// Every address that something listens on.
fn addresses(site: &Site) -> BTreeSet<IpAddr> {
    site.entries.values().flat_map(|entry| entry.addresses.iter().copied()).collect()
}

/// The way to the file.
fn write<D: Daemon>(plan: &mut Plan<Step<D::Change>>, file: &Arc<File>, seen: &Observed<D>) {
    if seen.live.as_ref().is_some_and(|live| live.intact && live.digest == file.digest) {
        if seen.draft != Draft::None {
            plan.stage(common(Step::Discard));
        }
        return;
    }
    let (written, checked) = match &seen.draft {
        Draft::None | Draft::Scrap => (false, false),
        Draft::Ready(digest) => (*digest == file.digest, false),
        Draft::Checked(digest) => (*digest == file.digest, *digest == file.digest),
    };
    if !written {
        plan.stage(common(Step::Write(Arc::clone(file))));
    }
    if !checked {
        plan.stage(common(Step::Check(Arc::clone(file))));
    }
    plan.stage(common(Step::Install(Arc::clone(file))));
}

/// The way to a daemon that runs with the file.
fn run<D: Daemon>(
    daemon: &D,
    plan: &mut Plan<Step<D::Change>>,
    goal: &Goal,
    file: &Arc<File>,
    seen: &Observed<D>,
) {
    let reload = || Step::Reload(Arc::clone(file));
    match &seen.running {
        // Nobody is to be served by it.
        None if file.site.entries.is_empty() => {}
        None if daemon.starts() => {
            plan.stage(common(reload()));
        }
        None => stopped::<D>(plan, goal),
        Some(running) if D::loaded(running) != Some(&file.frame) => {
            plan.stage(common(reload()));
        }
        Some(running) => {
            let changes = daemon.changes(&file.site, running);
            if !changes.is_empty() {
                plan.stage(common(Step::Tell(changes)));
            }
        }
    }
}

/// The daemon does not run, and is not ours to start: nobody is served, and whoever leaves may go.
fn stopped<D: Daemon>(plan: &mut Plan<Step<D::Change>>, goal: &Goal) {
    for (uid, member) in &goal.members {
        if matches!(member.want, Want::Present(_)) && !plan.refused.contains_key(uid) {
            let message = format!(
                "{0} does not run on this box: start it (`systemctl start {0}`), or set \
                 providers.{0}.start = true",
                D::NAME
            );
            let error = ProviderError::new(ErrorKind::Unavailable, D::NAME, message);
            plan.refused.insert(uid.clone(), error);
        }
    }
}

fn common<C>(step: Step<C>) -> Vec<Planned<Step<C>>> {
    vec![Planned::common(step)]
}
