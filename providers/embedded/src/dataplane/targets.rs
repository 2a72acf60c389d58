use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use seaway_health::{Check, Checks, OnTurn};

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
    pub(super) open: Counter,
    pub(super) served: Counter,
    pub(super) failed: Counter,
    pub(super) counters: MemberCounters,
    draining: AtomicBool,
    retired: AtomicBool,
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
    fn new(node: &str, address: SocketAddr) -> Self {
        Self {
            node: node.into(),
            address,
            open: Counter::default(),
            served: Counter::default(),
            failed: Counter::default(),
            counters: MemberCounters::default(),
            draining: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            watch: ArcSwapOption::empty(),
        }
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
    tier: Tier,
    members: Vec<Arc<Member>>,
}

/// The members that are alike in what speaks against them.
#[derive(Clone, Copy, Debug)]
struct Tier {
    draining: bool,
    /// It does not matter whether they are up.
    any: bool,
}

/// Only the first of these that has a member gets new connections. Who goes soon is better than
/// nobody, as it is among the endpoints of a node (KEP-1669); and who is said to be down is better
/// tried than refused.
const TIERS: [Tier; 4] = [
    Tier { draining: false, any: false },
    Tier { draining: true, any: false },
    Tier { draining: false, any: true },
    Tier { draining: true, any: true },
];

impl Tier {
    fn takes(self, member: &Member) -> bool {
        member.draining.load(Acquire) == self.draining
            && !member.retired.load(Acquire)
            && (self.any || member.up())
    }
}

impl Pool {
    pub(super) fn new(epoch: Arc<Epoch>) -> Self {
        Self {
            members: ArcSwap::default(),
            ring: ArcSwap::from_pointee(Ring::empty(epoch.now())),
            cursor: AtomicUsize::new(0),
            epoch,
        }
    }

    pub(super) fn members(&self) -> Arc<Vec<Arc<Member>>> {
        self.members.load_full()
    }

    /// Makes the members what is wanted, keeping those that stay.
    pub(super) fn set(&self, wanted: &Wanted<'_>, checks: &Arc<Checks>) {
        let old = self.members.load_full();
        let mut kept: HashMap<(&str, SocketAddr), &Arc<Member>> =
            old.iter().map(|member| ((&*member.node, member.address), member)).collect();
        let mut members = Vec::with_capacity(wanted.targets.len());
        for (node, target) in wanted.targets {
            let address = SocketAddr::new(target.address, wanted.port);
            let known = kept.remove(&(node.as_str(), address)).cloned();
            let member = known.unwrap_or_else(|| Arc::new(Member::new(node, address)));
            let key = wanted.health.key(target.address, wanted.check_port);
            let now = member.watch.load_full();
            if now.as_ref().is_none_or(|watch| !watch.check.is(&key)) {
                let up = now.map_or(target.assume_up, |watch| watch.up());
                member.watch(checks.subscribe(key, up));
            }
            member.draining.store(target.draining, Release);
            members.push(member);
        }
        for gone in kept.into_values() {
            retire(gone);
        }
        self.members.store(Arc::new(members));
        self.epoch.next();
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
        let rings = TIERS.into_iter().map(|tier| {
            let members = all.iter().filter(|member| tier.takes(member)).cloned().collect();
            Ring { epoch, tier, members }
        });
        let ring = rings.into_iter().find(|ring| !ring.members.is_empty());
        let ring = Arc::new(ring.unwrap_or_else(|| Ring::empty(epoch)));
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
    const fn empty(epoch: u64) -> Self {
        Self { epoch, tier: TIERS[0], members: Vec::new() }
    }

    /// The member of this node, if it gets new connections and isn't in `tried`.
    pub(super) fn find(&self, node: &str, tried: &[Arc<Member>]) -> Option<Arc<Member>> {
        let at = self.members.binary_search_by(|member| (*member.node).cmp(node)).ok()?;
        let member = &self.members[at];
        (!is_in(member, tried)).then(|| Arc::clone(member))
    }

    /// Whether new connections go to this member, and an established flow should stay with it.
    pub(super) fn keeps(&self, member: &Member) -> bool {
        self.tier.takes(member)
    }
}

fn is_in(member: &Arc<Member>, tried: &[Arc<Member>]) -> bool {
    tried.iter().any(|other| Arc::ptr_eq(member, other))
}

fn retire(member: &Member) {
    member.retired.store(true, Release);
    // Open connections keep the member alive, and must not keep its check running.
    member.watch.store(None);
}
