use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use seaway_health::{Check, Checks, OnTurn};
use tokio_util::sync::CancellationToken;

use super::counters::{Counter, MemberCounters};
use super::{HealthCheck, Target};

/// Moves on whenever a target may have become usable or unusable, anywhere in the plane.
#[derive(Debug, Default)]
pub(super) struct Epoch(AtomicU64);

impl Epoch {
    pub(super) fn now(&self) -> u64 {
        self.0.load(Acquire)
    }

    pub(super) fn next(&self) {
        self.0.fetch_add(1, AcqRel);
    }
}

impl OnTurn for Epoch {
    fn turned(&self) {
        self.next();
    }
}

/// One target of one listener: a node's address and the listener's target port.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) node: Arc<str>,
    pub(super) address: SocketAddr,
    /// Ends the connections to this target.
    pub(super) end: CancellationToken,
    pub(super) open: Counter,
    pub(super) served: Counter,
    pub(super) failed: Counter,
    pub(super) counters: MemberCounters,
    draining: AtomicBool,
    retired: AtomicBool,
    /// Counts the drains that began or ended, so that a drain limit knows whether it still holds.
    drains: AtomicU64,
    watch: ArcSwapOption<Watch>,
}

/// What one member makes of a check, which it may share with many balancers.
#[derive(Debug)]
struct Watch {
    check: Arc<Check>,
    /// 1 + the passes of the check when a connection to the member failed; 0: never.
    suspected: AtomicU64,
}

impl Member {
    fn new(node: &str, address: SocketAddr, end: CancellationToken) -> Self {
        Self {
            node: node.into(),
            address,
            end,
            open: Counter::default(),
            served: Counter::default(),
            failed: Counter::default(),
            counters: MemberCounters::default(),
            draining: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            drains: AtomicU64::new(0),
            watch: ArcSwapOption::empty(),
        }
    }

    /// Whether new connections may go here, health aside.
    pub(super) fn in_service(&self) -> bool {
        !self.draining.load(Acquire) && !self.retired.load(Acquire)
    }

    pub(super) fn up(&self) -> bool {
        self.watch.load().as_ref().is_none_or(|watch| watch.up())
    }

    /// Why it is down, if it is.
    pub(super) fn trouble(&self) -> Option<String> {
        let watch = self.watch.load_full()?;
        if watch.up() {
            return None;
        }
        let told = watch.check.trouble().map(|trouble| String::clone(&trouble));
        Some(told.unwrap_or_else(|| {
            if watch.check.up() { "a connection to it failed" } else { "not checked yet" }
                .to_owned()
        }))
    }

    fn watch(&self, check: Arc<Check>) {
        let suspected = AtomicU64::new(0);
        self.watch.store(Some(Arc::new(Watch { check, suspected })));
    }
}

impl Watch {
    fn up(&self) -> bool {
        self.check.up() && self.suspected.load(Acquire) <= self.check.passes()
    }

    fn suspect(&self) {
        // In this order, a pass in between either clears the suspicion or is announced later.
        self.suspected.store(self.check.passes() + 1, Release);
        self.check.announce_next_pass();
    }
}

/// What a balancer wants of one listener's targets.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) targets: &'a BTreeMap<String, Target>,
    pub(super) port: u16,
    pub(super) health: &'a HealthCheck,
    /// The port that a TCP check connects to.
    pub(super) check_port: Option<u16>,
}

/// The targets of one listener.
#[derive(Debug)]
pub(super) struct Pool {
    members: ArcSwap<Vec<Arc<Member>>>,
    ring: ArcSwap<Ring>,
    cursor: AtomicUsize,
    epoch: Arc<Epoch>,
}

/// The members that get new connections, sorted by node name.
#[derive(Debug)]
pub(super) struct Ring {
    epoch: u64,
    /// All of them are down: better tried than refused.
    desperate: bool,
    members: Vec<Arc<Member>>,
}

impl Pool {
    pub(super) fn new(epoch: Arc<Epoch>) -> Self {
        let ring = Ring { epoch: epoch.now(), desperate: false, members: Vec::new() };
        Self {
            members: ArcSwap::default(),
            ring: ArcSwap::from_pointee(ring),
            cursor: AtomicUsize::new(0),
            epoch,
        }
    }

    pub(super) fn members(&self) -> Arc<Vec<Arc<Member>>> {
        self.members.load_full()
    }

    /// Makes the members what is wanted, keeping those that stay. Returns those that began to
    /// drain with it, each with the number of that drain.
    pub(super) fn set(
        &self,
        wanted: &Wanted<'_>,
        checks: &Arc<Checks>,
        end: &CancellationToken,
    ) -> Vec<(Arc<Member>, u64)> {
        let old = self.members.load_full();
        let mut kept: HashMap<(&str, SocketAddr), &Arc<Member>> =
            old.iter().map(|member| ((&*member.node, member.address), member)).collect();
        let mut members = Vec::with_capacity(wanted.targets.len());
        let mut leaving = Vec::new();
        for (node, target) in wanted.targets {
            let address = SocketAddr::new(target.address, wanted.port);
            // A member whose drain limit has passed ends what it gets: it can't come back.
            let known = kept
                .get(&(node.as_str(), address))
                .filter(|known| target.draining || !known.end.is_cancelled());
            let member = if let Some(&known) = known {
                let known = Arc::clone(known);
                kept.remove(&(node.as_str(), address));
                known
            } else {
                Arc::new(Member::new(node, address, end.child_token()))
            };
            let key = wanted.health.key(target.address, wanted.check_port);
            let now = member.watch.load_full();
            if now.as_ref().is_none_or(|watch| !watch.check.is(&key)) {
                let up = now.map_or(target.assume_up, |watch| watch.up());
                member.watch(checks.subscribe(key, up));
            }
            if member.draining.swap(target.draining, AcqRel) != target.draining {
                let drain = member.drains.fetch_add(1, AcqRel) + 1;
                if target.draining {
                    leaving.push((Arc::clone(&member), drain));
                }
            }
            members.push(member);
        }
        leaving.extend(kept.into_values().map(|gone| (Arc::clone(gone), retire(gone))));
        self.members.store(Arc::new(members));
        self.epoch.next();
        leaving
    }

    /// Takes all members out of service, their checks too; open connections live on.
    pub(super) fn retire(&self) {
        for member in self.members.swap(Arc::default()).iter() {
            retire(member);
        }
        self.epoch.next();
    }

    /// Who gets new connections now.
    pub(super) fn ring(&self) -> Arc<Ring> {
        // Read first: what changes while the ring is made makes it stale at once.
        let epoch = self.epoch.now();
        let ring = self.ring.load();
        if ring.epoch == epoch {
            return Arc::clone(&ring);
        }
        let all = self.members.load();
        let pick =
            |up: bool| all.iter().filter(move |member| member.in_service() && (!up || member.up()));
        let mut members: Vec<_> = pick(true).cloned().collect();
        let desperate = members.is_empty();
        if desperate {
            members = pick(false).cloned().collect();
        }
        let ring = Arc::new(Ring { epoch, desperate, members });
        self.ring.store(Arc::clone(&ring));
        ring
    }

    /// The next in turn that isn't in `tried`.
    pub(super) fn next(&self, ring: &Ring, tried: &[Arc<Member>]) -> Option<Arc<Member>> {
        let turn = self.cursor.fetch_add(1, Relaxed);
        let members = ring.members.len();
        (0..members)
            .map(|offset| &ring.members[turn.wrapping_add(offset) % members])
            .find(|member| !is_in(member, tried))
            .cloned()
    }

    /// A connection to `member` failed: it is down at once, until its check passes again.
    pub(super) fn suspect(&self, member: &Member) {
        if let Some(watch) = &*member.watch.load() {
            watch.suspect();
        }
        self.epoch.next();
    }
}

impl Ring {
    /// The member of this node, if it gets new connections and isn't in `tried`.
    pub(super) fn find(&self, node: &str, tried: &[Arc<Member>]) -> Option<Arc<Member>> {
        let at = self.members.binary_search_by(|member| (*member.node).cmp(node)).ok()?;
        let member = &self.members[at];
        (!is_in(member, tried)).then(|| Arc::clone(member))
    }

    /// Whether an established flow should stay with this member.
    pub(super) fn keeps(&self, member: &Member) -> bool {
        member.in_service() && (self.desperate || member.up())
    }
}

fn is_in(member: &Arc<Member>, tried: &[Arc<Member>]) -> bool {
    tried.iter().any(|other| Arc::ptr_eq(member, other))
}

fn retire(member: &Member) -> u64 {
    member.retired.store(true, Release);
    // Open connections keep the member alive, and must not keep its check running.
    member.watch.store(None);
    member.drains.fetch_add(1, AcqRel) + 1
}

/// Ends the connections of a leaving member at its drain limit, unless it came back.
pub(super) async fn end_after(member: Weak<Member>, drain: u64, limit: Duration) {
    tokio::time::sleep(limit).await;
    if let Some(member) = member.upgrade()
        && member.drains.load(Acquire) == drain
    {
        member.end.cancel();
    }
}
