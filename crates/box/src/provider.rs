use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seaway_core::{
    BalancerKey, Capabilities, ClusterId, Context, ErrorKind, Goal, IpMode, Key, LbSpec, Plan,
    Provider, ProviderError, Readiness, ServiceUid, Target, TargetKind,
};
use seaway_pool::{Ranges, Request};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::daemon::{Daemon, Pulse, Sick};
use crate::folder::{Folder, Stamp};
use crate::lock::Lock;
use crate::observed::{Draft, Observed};
use crate::places::{Interface, Mark};
use crate::plan::{self, Terms};
use crate::record::{File, Record};
use crate::site::Site;
use crate::step::{Fact, Step};

/// The name of the one load balancer of a box.
const BOX: &str = "box";

/// How often it is felt whether the daemon lives and the file stands.
const BEAT: Duration = Duration::from_secs(1);

/// How long to wait for further checks to turn.
const TOGETHER: Duration = Duration::from_millis(50);

/// How often it is tried to have the box, if another one has it.
const HELD_EVERY: Duration = Duration::from_secs(10);

/// How long changes are gathered: many of them then cost one reload.
const GATHER: Duration = Duration::from_secs(1);

/// Where a provider works, and with what.
#[derive(Debug)]
pub struct Place {
    /// The cluster that it serves.
    pub cluster: ClusterId,
    /// The addresses that it gives to Services.
    pub pool: Ranges,
    /// The folder of our files.
    pub folder: PathBuf,
    /// The name of the config file in it.
    pub file: &'static str,
    /// The interface that addresses are put on, and the mark that tells which of them are ours.
    pub interface: Option<(String, Mark)>,
}

/// Load balancers of one daemon on this box. A clone is another handle of the same.
pub struct BoxProvider<D: Daemon>(Arc<Inner<D>>);

/// What a provider works on.
pub struct Inner<D: Daemon> {
    pub(crate) daemon: D,
    pub(crate) folder: Folder,
    cluster: ClusterId,
    pool: Ranges,
    interface: Option<Interface>,
    /// Held for as long as we live, once we work here: who only looks never has it.
    lock: OnceCell<Lock>,
    known: Mutex<Known>,
    /// The file that was written for a site last.
    last: Mutex<Option<Arc<File>>>,
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
struct Known {
    /// What the file was written for.
    site: Option<Arc<Site>>,
    /// The targets that our own checks had found down when they were asked last: another look tells
    /// the same until [`Provider::stirred`] has told of a change.
    sick: BTreeSet<Sick>,
    /// How it felt last.
    beat: Option<Beat>,
}

/// The file, the addresses on the interface, and the daemon.
type Beat = (Option<Stamp>, BTreeMap<IpAddr, bool>, Pulse);

impl<D: Daemon> Clone for BoxProvider<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Daemon> std::ops::Deref for BoxProvider<D> {
    type Target = Inner<D>;

    fn deref(&self) -> &Inner<D> {
        &self.0
    }
}

impl<D: Daemon> fmt::Debug for BoxProvider<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxProvider")
            .field("daemon", &self.daemon)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl<D: Daemon> BoxProvider<D> {
    /// Load balancers by `daemon`; nothing is written yet.
    ///
    /// # Errors
    /// If the folder can't be made or read, or there is no such interface.
    pub async fn open(daemon: D, place: Place) -> Result<Self, ProviderError> {
        let Place { cluster, pool, folder, file, interface } = place;
        let folder = Folder::open(folder, file).await?;
        let interface = match interface {
            Some((name, mark)) => Some(Interface::open(name, mark).await?),
            None => None,
        };
        let (lock, known, last) = (OnceCell::new(), Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { daemon, folder, cluster, pool, interface, lock, known, last })))
    }

    /// Ends what is ours to end, open connections after `grace` at the latest.
    ///
    /// What another one writes to is not ours.
    pub async fn close(&self, grace: Duration) {
        if self.lock.initialized() {
            self.daemon.close(grace).await;
        }
    }

    /// Makes sure that nobody else writes to this box.
    pub(crate) async fn hold_box(&self) -> Result<(), ProviderError> {
        let taking = async {
            let lock = Lock::take(self.folder.path()).await?;
            self.daemon.adopt().await?;
            Ok(lock)
        };
        self.lock.get_or_try_init(|| taking).await.map(drop)
    }

    pub(crate) fn interface(&self) -> Result<&Interface, ProviderError> {
        // Only what was put there is taken off, and without an interface nothing is put anywhere.
        self.interface.as_ref().ok_or_else(|| {
            let message = format!("providers.{}.interface is not set", D::NAME);
            ProviderError::new(ErrorKind::Unexpected, "interface", message)
        })
    }

    /// Takes note of what the file is for now.
    pub(crate) fn watch(&self, site: &Arc<Site>) {
        self.daemon.watch(site);
        let sick = self.daemon.sick();
        let mut known = self.known();
        known.sick = sick;
        known.site = Some(Arc::clone(site));
    }

    /// It is whole between two statements, so a panic elsewhere does not spoil it.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn observe(&self) -> Result<Observed<D>, ProviderError> {
        let live = self.read(self.folder.live().await?)?;
        let draft = match self.folder.candidate().await? {
            None => Draft::None,
            Some(text) => match Record::read(&text, &self.cluster) {
                Ok(Some(record)) if record.intact => Draft::Ready(record.digest),
                Ok(_) | Err(_) => Draft::Scrap,
            },
        };
        let running = self.daemon.running().await?;
        let placed = self.placed().await?;
        if let Some(live) = &live
            && self.known().site.as_ref() != Some(&live.site)
        {
            self.watch(&live.site);
        }
        let sick = self.known().sick.clone();
        let live = live.map(Arc::new);
        let mut seen = Observed { live, draft, running, loaded: None, placed, sick };
        seen.recognise();
        Ok(seen)
    }

    async fn placed(&self) -> Result<BTreeMap<IpAddr, bool>, ProviderError> {
        let Some(interface) = &self.interface else { return Ok(BTreeMap::new()) };
        let places = interface.places().await?.into_iter();
        let concerns = places.filter(|(ip, place)| place.ours || self.pool.contains(*ip));
        Ok(concerns.map(|(ip, place)| (ip, place.ours)).collect())
    }

    fn read(&self, text: Option<String>) -> Result<Option<Record>, ProviderError> {
        let Some(text) = text else { return Ok(None) };
        Record::read(&text, &self.cluster).map_err(|foreign| {
            let message = format!("{}: {foreign}", self.folder.live_path().display());
            ProviderError::new(ErrorKind::Conflict, "config file", message)
        })
    }

    /// Waits for one beat, or until a check turns, and tells whether it differs from the one before,
    /// or from what the checks told.
    async fn feel(&self) -> bool {
        tokio::select! {
            () = sleep(BEAT) => {}
            // The new nodes of a Service are checked together: what they tell is one change.
            () = self.daemon.turned() => sleep(TOGETHER).await,
        }
        // A folder that can't be read is told by the passes.
        let stamp = self.folder.stamp().await.unwrap_or_default();
        let placed = self.placed().await.unwrap_or_default();
        let beat = (stamp, placed, self.daemon.pulse().await);
        let sick = self.daemon.sick();
        let mut known = self.known();
        let turned = known.sick != sick;
        known.sick = sick;
        let before = known.beat.replace(beat);
        turned || (before.is_some() && before != known.beat)
    }
}

impl<D: Daemon> Provider for BoxProvider<D> {
    type Observed = Observed<D>;
    type Step = Step<D::Change>;
    type Fact = Fact<D::Change, D::Running>;

    const NAME: &'static str = D::NAME;

    fn capabilities(&self) -> Capabilities {
        let mut daemon = self.daemon.capabilities();
        daemon.settings.push(Request::addresses_declared());
        Capabilities {
            target_kind: TargetKind::NodePort,
            families: self.pool.families(),
            proxy_protocol: D::PROXY_PROTOCOL.iter().copied().collect(),
            requested_addresses: true,
            ip_mode: IpMode::Proxy,
            gather: GATHER,
            node_selection: true,
            on_box: true,
            ..daemon
        }
    }

    fn balancer(&self, _: &LbSpec) -> BalancerKey {
        BalancerKey::Shared(BOX.into())
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed<D>>, ProviderError> {
        Ok(BTreeMap::from([(Key::shared(BOX), self.observe().await?)]))
    }

    async fn stirred(&self, _: &Context) -> BTreeSet<Key> {
        loop {
            // Who only looks, as in a dry run, never comes here. Who comes second is told so again and
            // again: it may be meant to be the only one.
            if let Err(error) = self.hold_box().await {
                tracing::error!("{error}");
                sleep(HELD_EVERY).await;
            } else if self.feel().await {
                break;
            }
        }
        BTreeSet::from([Key::shared(BOX)])
    }

    /// Only people edit the file and take addresses off; the rest is the daemon's own doing.
    fn altered(&self, left: &Observed<D>, found: &Observed<D>) -> bool {
        left.live != found.live || left.placed != found.placed
    }

    fn plan(
        &self,
        _: &BalancerKey,
        goal: &Goal,
        seen: &Observed<D>,
        _: &Observed<D>,
    ) -> Plan<Step<D::Change>> {
        let terms = Terms {
            daemon: &self.daemon,
            cluster: &self.cluster,
            pool: &self.pool,
            places: self.interface.is_some(),
            last: &self.last,
        };
        plan::plan(&terms, goal, seen)
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step<D::Change>,
        seen: &Observed<D>,
        _: &Observed<D>,
    ) -> Result<Fact<D::Change, D::Running>, ProviderError> {
        self.make(step, seen).await
    }

    fn learn(&self, seen: &mut Observed<D>, fact: Fact<D::Change, D::Running>) {
        seen.learn(fact);
    }

    fn foresee(
        &self,
        step: &Step<D::Change>,
        _: &Observed<D>,
        _: &Observed<D>,
    ) -> Fact<D::Change, D::Running> {
        if let Step::Reload(file) = step {
            let running = self.daemon.foresee(&file.site, &file.frame);
            return Fact::Loaded(Arc::clone(&file.site), running);
        }
        Fact::Done(step.clone())
    }

    fn holds(&self, seen: &Observed<D>) -> BTreeSet<ServiceUid> {
        seen.holds()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed<D>) -> Readiness {
        seen.readiness(uid)
    }

    async fn targets(
        &self,
        _: &Context,
        _: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        let site = self.known().site.clone();
        match site {
            Some(site) => self.daemon.targets(&site).await,
            None => Ok(BTreeMap::new()),
        }
    }
}
