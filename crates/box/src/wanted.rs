//! From a goal to the site that a box is to have.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::setting::Tuning;
use seaway_core::{
    ClusterId, ErrorKind, Goal, LbSpec, Member, Moment, Plan, ProviderError, ServiceUid,
    TrafficPolicy,
};
use seaway_pool::{
    Holder, Order, Overhang, Past, Pool, Pools, Ranges, Request, fitting, shown, slots,
};

use crate::daemon::{Daemon, Sick};
use crate::observed::Observed;
use crate::site::{Check, Entry, Port, Site, Target};

/// How long the status of a Service may take to show a new address, before the old one is looked at
/// again.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// What is to be told with a site.
type Remarks<D> = Plan<crate::step::Step<<D as Daemon>::Change>>;

/// The site that `goal` asks for, with refusals and warnings in `plan`.
pub(crate) fn site<D: Daemon>(
    daemon: &D,
    (cluster, ranges): (&ClusterId, &Ranges),
    goal: &Goal,
    seen: &Observed<D>,
    plan: &mut Remarks<D>,
) -> Site {
    let nothing = Site::empty(cluster.clone());
    let live = seen.live.as_ref().map_or(&nothing, |live| &live.site);
    let taken = if goal.follows { taken(goal) } else { BTreeMap::new() };
    let mut site = Site::empty(cluster.clone());
    let pools = Pools::from(ranges.clone());
    let mut wanted = Vec::new();
    for (uid, member) in &goal.members {
        let tuned = member.spec().map(|spec| {
            let tuning = Tuning::of(spec, D::NAME, D::PROXY_PROTOCOL)?;
            let request = Request::of(spec)?;
            // Whoever chooses addresses is the one to refuse those that can't be.
            if !goal.follows {
                request.check(spec, &pools)?;
            }
            Ok((member, spec, tuning, request))
        });
        match tuned {
            Some(Ok(asked)) => wanted.push(asked),
            Some(Err(error)) => {
                plan.refused.insert(uid.clone(), error);
                keep(&mut site, live, uid, &taken);
            }
            None => keep(&mut site, live, uid, &taken),
        }
    }
    let mut seats = Seats::new(D::NAME, ranges, goal, seen);
    // Who has an address keeps it; then come those that ask for a certain one, the oldest first.
    wanted.sort_by_key(|(_, spec, _, request)| {
        let seated = seats.has(&spec.service.uid);
        (!seated, request.addresses.is_empty(), spec.created, spec.service.uid.clone())
    });
    for (member, spec, tuning, request) in wanted {
        let uid = &spec.service.uid;
        let seated = if goal.follows {
            follow(ranges, spec, member)
        } else {
            seats.seat(spec, member, &request, plan)
        };
        match seated {
            Ok(addresses) => {
                let had = live.entries.get(uid);
                let entry = entry::<D>(spec, goal, (&seen.sick, had), addresses, tuning);
                for warning in daemon.warnings(&entry) {
                    plan.warn(uid, warning);
                }
                site.entries.insert(uid.clone(), entry);
            }
            Err(error) => {
                plan.refused.insert(uid.clone(), error);
                keep(&mut site, live, uid, &taken);
            }
        }
    }
    let nodes: BTreeSet<_> = site.entries.values().flat_map(|entry| entry.targets.keys()).collect();
    site.numbers = live.numbers.with(&nodes);
    let edited = seen.live.as_ref().is_some_and(|live| !live.intact);
    site.repairs = live.repairs + u32::from(edited);
    site
}

/// Leaves a Service as it is, but for addresses that another has been given.
fn keep(site: &mut Site, live: &Site, uid: &ServiceUid, taken: &BTreeMap<IpAddr, &ServiceUid>) {
    let Some(entry) = live.entries.get(uid) else { return };
    let mut entry = entry.clone();
    entry.addresses.retain(|ip| taken.get(ip).is_none_or(|holder| *holder == uid));
    if !entry.addresses.is_empty() {
        site.entries.insert(uid.clone(), entry);
    }
}

/// The addresses that the leader has given: what it took from a Service may still be ours to give up.
fn taken(goal: &Goal) -> BTreeMap<IpAddr, &ServiceUid> {
    let present = goal.members.iter().filter(|(_, member)| member.spec().is_some());
    present
        .flat_map(|(uid, member)| shown(&member.published).into_iter().map(move |ip| (ip, uid)))
        .collect()
}

/// The addresses that another controller has chosen.
fn follow(ranges: &Ranges, spec: &LbSpec, member: &Member) -> Result<Vec<IpAddr>, ProviderError> {
    let shown = shown(&member.published);
    let ours = shown.iter().copied().filter(|ip| ranges.contains(*ip));
    let ours: Vec<_> = ours.collect();
    if ours.is_empty() {
        let message = format!(
            "the status of {} shows no address of the pool {ranges} yet: the leader chooses it",
            spec.service
        );
        return Err(ProviderError::new(ErrorKind::Unavailable, "address", message));
    }
    Ok(ours)
}

/// Who has which address of the pool.
struct Seats {
    pool: Pool,
    held: BTreeMap<ServiceUid, Vec<IpAddr>>,
    ranges: Ranges,
}

impl Seats {
    fn new<D: Daemon>(
        provider: &'static str,
        ranges: &Ranges,
        goal: &Goal,
        seen: &Observed<D>,
    ) -> Self {
        let mut pool = Pool::new(provider, ranges.clone());
        // Who is not a member leaves with this very config, and its addresses are free in it.
        let held = seen.held().into_iter().filter(|(uid, _)| goal.members.contains_key(uid));
        let held: BTreeMap<_, _> = held.collect();
        for (uid, addresses) in &held {
            take(&mut pool, uid, addresses);
        }
        // An address that a status shows was given, whoever forgot that since; the older Service
        // comes first if two show one.
        let mut members: Vec<_> = goal.members.iter().collect();
        members.sort_by_key(|(_, member)| member.spec().map(|spec| spec.created));
        for (uid, member) in members {
            take(&mut pool, uid, &shown(&member.published));
            if let Some(spec) = member.spec() {
                pool.introduce(&Holder::own(uid.clone()), &spec.service);
            }
        }
        Self { pool, held, ranges: ranges.clone() }
    }

    fn has(&self, uid: &ServiceUid) -> bool {
        !self.pool.of(&Holder::own(uid.clone())).is_empty()
    }

    /// The addresses of a Service: its own of before where it has any, else free ones.
    fn seat<S>(
        &mut self,
        spec: &LbSpec,
        member: &Member,
        request: &Request,
        plan: &mut Plan<S>,
    ) -> Result<Vec<IpAddr>, ProviderError> {
        let uid = &spec.service.uid;
        let shown = shown(&member.published);
        let holder = Holder::own(uid.clone());
        let past = Past { shown: &shown, held: self.pool.of(&holder), mates: &[] };
        let order = Order { pool: None, slots: slots(&self.ranges, request, spec, past) };
        // Nothing is kept here for who is gone: the pool is made anew in every pass.
        let given = self.pool.reserve(&holder, &spec.service, &order, Moment::default());
        let given = given.map_err(|refusal| refusal.told())?;
        let slots = order.slots;
        let mut addresses = fitting(&self.ranges, &slots, &given).unwrap_or_default();
        let held = self.held.get(uid).map_or(&[][..], Vec::as_slice);
        let over = Overhang::of(&addresses, held, &shown);
        if !over.shown.is_empty() {
            addresses.extend(over.served(&slots));
            plan.look_again_in(SHOWN_AFTER);
        }
        Ok(addresses)
    }
}

/// What can't be taken is another's, or of a pool of before.
fn take(pool: &mut Pool, uid: &ServiceUid, addresses: &[IpAddr]) {
    let holder = Holder::own(uid.clone());
    for ip in addresses {
        if let Err(refusal) = pool.take(&holder, *ip) {
            tracing::debug!(%uid, %ip, %refusal, "an address is not kept");
        }
    }
}

fn entry<D: Daemon>(
    spec: &Arc<LbSpec>,
    goal: &Goal,
    (sick, had): (&BTreeSet<Sick>, Option<&Entry>),
    addresses: Vec<IpAddr>,
    tuning: Tuning,
) -> Entry {
    let uid = &spec.service.uid;
    let check = match spec.traffic_policy {
        TrafficPolicy::Cluster => Check::Connect,
        TrafficPolicy::Local { health_check_node_port } => Check::Http(health_check_node_port),
    };
    let answers_for_itself = D::CHECKS && check != Check::Connect;
    let targets = goal.targets(spec).filter_map(|node| {
        // A NodePort answers on the families of its Service, and on no others.
        let address = spec.families.iter().find_map(|family| node.address(*family))?;
        let known = || had.is_some_and(|had| had.targets.contains_key(&node.name));
        let down = || sick.contains(&Sick { service: uid.clone(), node: node.name.clone() });
        let out = node.draining || (answers_for_itself && !known()) || down();
        Some((node.name.clone(), Target { address, out }))
    });
    let ports = spec.ports.iter().filter_map(|port| {
        // Refused by the capabilities where it has none.
        let node_port = port.node_port?;
        Some(Port { port: port.port, protocol: port.protocol, node_port })
    });
    Entry {
        service: spec.service.clone(),
        addresses,
        ports: ports.collect(),
        targets: targets.collect(),
        sources: spec.source_ranges.clone(),
        affinity: spec.affinity,
        check,
        tuning,
    }
}
