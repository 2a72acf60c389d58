//! One config for many Services, like a daemon on a box: applied in batches, refused as a whole if
//! one part is bad.
//!
//! A new config is written beside the live one, checked by the daemon, put in the live one's place,
//! and loaded. Addresses come from a pool, and the file remembers who has which.

pub mod daemon;
mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{
    Address, Affinity, AffinitySupport, BalancerKey, Capabilities, Context, Digest, ErrorKind,
    Family, Goal, Key, LbSpec, Mark, Member, Plan, Planned, Protocol, Provider, ProviderError,
    Readiness, ServiceUid, SettingKey, SourceRanges, TrafficPolicy,
};
use serde::{Deserialize, Serialize};

use self::daemon::{Daemon, Rejected};
pub use self::desk::Desk;

/// The name of the one load balancer.
const BOX: &str = "box";

/// The annotation that is copied into the config as it is, for the daemon to judge.
pub const OPTION: &str = "toy.seaway.dev/option";

/// What one Service has in the config: one line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose it is.
    pub mark: Mark,
    /// Where it listens.
    pub addresses: Vec<IpAddr>,
    /// Where each port leads.
    pub fronts: Vec<(u16, Protocol, BTreeSet<String>)>,
    /// Who is let in.
    pub admits: SourceRanges,
    /// Whether a client stays with its node.
    pub affinity: Option<Affinity>,
    /// How the health of nodes is told.
    pub health: TrafficPolicy,
    /// An option of the daemon.
    pub option: Option<String>,
}

/// The config, as lines by Service.
pub type Config = BTreeMap<ServiceUid, Entry>;

/// What the box has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    live: Config,
    candidate: Option<Config>,
    /// The digest of what the daemon runs; none before its first load.
    running: Option<Digest>,
    /// The Services in what the daemon runs.
    serving: BTreeSet<ServiceUid>,
}

/// One change of the box.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Writes a config beside the live one.
    Write(Config),
    /// Asks the daemon whether it would take it.
    Check,
    /// Puts it in the live one's place.
    Install,
    /// Lets the daemon load the live one.
    Reload,
    /// Removes what was written beside the live one.
    Discard,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(config) => write!(f, "write a config for {} Services", config.len()),
            Self::Check => f.write_str("check the new config"),
            Self::Install => f.write_str("install the new config"),
            Self::Reload => f.write_str("reload the daemon"),
            Self::Discard => f.write_str("remove the refused config"),
        }
    }
}

impl seaway_core::Step for Step {}

/// The provider of one box.
#[derive(Debug)]
pub struct OneFile {
    cluster: seaway_core::ClusterId,
    daemon: Arc<Daemon>,
    pool: Vec<IpAddr>,
}

impl OneFile {
    /// The provider of the box that `daemon` runs on, with these addresses to give out.
    pub const fn new(
        cluster: seaway_core::ClusterId,
        daemon: Arc<Daemon>,
        pool: Vec<IpAddr>,
    ) -> Self {
        Self { cluster, daemon, pool }
    }

    /// The config that the box should have, and who can't have what it asks for.
    fn wanted(
        &self,
        goal: &Goal,
        seen: &Observed,
    ) -> (Config, BTreeMap<ServiceUid, ProviderError>) {
        let mut config: Config = BTreeMap::new();
        let mut refused = BTreeMap::new();
        // Whoever has an address, or had one, keeps it; the others choose after them.
        let mut taken: BTreeSet<IpAddr> = BTreeSet::new();
        for (uid, member) in &goal.members {
            taken.extend(Self::kept(member, seen.live.get(uid)));
        }
        for (uid, member) in &goal.members {
            let had = seen.live.get(uid);
            let Some(spec) = member.spec() else {
                config.extend(had.map(|entry| (uid.clone(), entry.clone())));
                continue;
            };
            let chosen = if goal.follows {
                // Another controller chooses, and the file is not asked.
                let mut shown = Self::kept(member, None);
                shown.retain(|ip| spec.families.contains(&Family::of(*ip)));
                Ok(shown)
            } else {
                self.addresses(spec, &Self::kept(member, had), &mut taken)
            };
            match chosen {
                Ok(addresses) => {
                    config.insert(uid.clone(), self.entry(spec, addresses, goal));
                }
                Err(error) => {
                    config.extend(had.map(|entry| (uid.clone(), entry.clone())));
                    refused.insert(uid.clone(), error);
                }
            }
        }
        (config, refused)
    }

    /// The addresses that a Service has by now: the file knows, else its status.
    fn kept(member: &Member, had: Option<&Entry>) -> Vec<IpAddr> {
        had.map_or_else(
            || {
                let ip = |address: &Address| match address {
                    Address::Ip(ip) => Some(*ip),
                    Address::Hostname(_) => None,
                };
                member.published.iter().filter_map(ip).collect()
            },
            |entry| entry.addresses.clone(),
        )
    }

    fn addresses(
        &self,
        spec: &LbSpec,
        kept: &[IpAddr],
        taken: &mut BTreeSet<IpAddr>,
    ) -> Result<Vec<IpAddr>, ProviderError> {
        let mut chosen = Vec::new();
        for family in &spec.families {
            let fits = |ip: &IpAddr| Family::of(*ip) == *family;
            let asked = spec.requested_address.filter(fits);
            let mine = kept.iter().copied().find(|ip| fits(ip) && asked.is_none_or(|it| it == *ip));
            let free = |ip: &IpAddr| self.pool.contains(ip) && !taken.contains(ip);
            let found = match (mine, asked) {
                (Some(ip), _) => ip,
                (None, Some(ip)) if free(&ip) => ip,
                (None, Some(ip)) => {
                    let why = format!("{ip} is not free in the pool");
                    return Err(ProviderError::new(ErrorKind::Conflict, "loadBalancerIP", why));
                }
                (None, None) => {
                    let mut pool = self.pool.iter().copied();
                    pool.find(|ip| fits(ip) && free(ip)).ok_or_else(|| {
                        let why = format!("the pool has no free {family} address left");
                        ProviderError::new(ErrorKind::QuotaExceeded, "pool", why)
                    })?
                }
            };
            taken.insert(found);
            chosen.push(found);
        }
        Ok(chosen)
    }

    fn entry(&self, spec: &LbSpec, addresses: Vec<IpAddr>, goal: &Goal) -> Entry {
        let fronts = spec.ports.iter().map(|port| {
            let target = |node: &seaway_core::Node| {
                let ip = node.address(Family::IPv4).or_else(|| node.address(Family::IPv6))?;
                Some(format!("{ip}:{}", port.node_port?))
            };
            (port.port, port.protocol, goal.targets(spec).filter_map(target).collect())
        });
        Entry {
            mark: Mark::of(self.cluster.clone(), spec.service.uid.clone()),
            addresses,
            fronts: fronts.collect(),
            admits: spec.source_ranges.clone(),
            affinity: spec.affinity,
            health: spec.traffic_policy,
            option: spec.settings.get(OPTION).cloned(),
        }
    }
}

impl Provider for OneFile {
    type Observed = Observed;
    type Step = Step;
    type Fact = Step;

    const NAME: &'static str = "one-file";

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            mixed_protocols: true,
            families: BTreeSet::from([Family::IPv4, Family::IPv6]),
            source_ranges: true,
            affinity: AffinitySupport::ClientIpWithTimeout,
            requested_addresses: true,
            settings: vec![SettingKey { key: OPTION.to_owned(), doc: "an option".to_owned() }],
            node_selection: true,
            gather: Duration::from_secs(1),
            on_box: true,
            ..Capabilities::default()
        }
    }

    fn balancer(&self, _: &LbSpec) -> BalancerKey {
        BalancerKey::Shared(BOX.into())
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let state = self.daemon.read(&self.cluster).await?;
        let seen = Observed {
            live: state.live,
            candidate: state.candidate,
            running: state.running.as_ref().map(Digest::of),
            serving: state.running.into_iter().flat_map(BTreeMap::into_keys).collect(),
        };
        Ok(BTreeMap::from([(Key::shared(BOX), seen)]))
    }

    fn plan(&self, _: &BalancerKey, goal: &Goal, seen: &Observed, _: &Observed) -> Plan<Step> {
        let (config, refused) = self.wanted(goal, seen);
        let mut plan = Plan { refused, ..Plan::default() };
        let mut then = |step| {
            plan.stage(vec![Planned::common(step)]);
        };
        if config == seen.live {
            if seen.candidate.is_some() {
                then(Step::Discard);
            }
            let nothing = seen.running.is_none() && config.is_empty();
            if !nothing && seen.running.as_ref() != Some(&Digest::of(&config)) {
                then(Step::Reload);
            }
        } else {
            if seen.candidate.as_ref() != Some(&config) {
                then(Step::Write(config));
            }
            then(Step::Check);
            then(Step::Install);
            then(Step::Reload);
        }
        plan
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step,
        seen: &Observed,
        _: &Observed,
    ) -> Result<Step, ProviderError> {
        match step {
            Step::Write(config) => self.daemon.write(config.clone()).await?,
            Step::Check => self.daemon.check().await?.map_err(|Rejected { line, message }| {
                let error = ProviderError::new(ErrorKind::InvalidSpec, "check", message);
                let culprit = seen.candidate.as_ref().and_then(|config| config.keys().nth(line));
                match culprit {
                    Some(uid) => error.blame(uid.clone()),
                    None => error,
                }
            })?,
            Step::Install => self.daemon.install(&self.cluster).await?,
            Step::Reload => self.daemon.reload().await?,
            Step::Discard => self.daemon.discard().await?,
        }
        Ok(step.clone())
    }

    fn learn(&self, seen: &mut Observed, done: Step) {
        match done {
            Step::Write(config) => seen.candidate = Some(config),
            Step::Check => {}
            Step::Install => seen.live = seen.candidate.take().unwrap_or_default(),
            Step::Reload => {
                seen.running = Some(Digest::of(&seen.live));
                seen.serving = seen.live.keys().cloned().collect();
            }
            Step::Discard => seen.candidate = None,
        }
    }

    fn foresee(&self, step: &Step, _: &Observed, _: &Observed) -> Step {
        step.clone()
    }

    /// A daemon that died, or came back with another config, is nobody's doing.
    fn altered(&self, left: &Observed, found: &Observed) -> bool {
        left.live != found.live
    }

    async fn stirred(&self, _: &Context) -> BTreeSet<Key> {
        self.daemon.stirred().await;
        BTreeSet::from([Key::shared(BOX)])
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.live.keys().chain(&seen.serving).cloned().collect()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed) -> Readiness {
        match seen.live.get(uid) {
            Some(entry) if seen.serving.contains(uid) => {
                Readiness::Ready(entry.addresses.iter().copied().map(Address::Ip).collect())
            }
            None if !seen.serving.contains(uid) => Readiness::Gone,
            _ => Readiness::Pending { look_again: Duration::from_secs(1) },
        }
    }
}
