use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seaway_box::{Complaint, Daemon, Pulse, Site, Text};
use seaway_core::setting::{
    CONNECT_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTIONS, PROXY_PROTOCOL, declared,
};
use seaway_core::{
    AffinitySupport, Capabilities, Digest, Protocol, ProviderError, ProxyProtocol, ServiceUid,
    Target,
};

use crate::change::{self, Change, Kind};
use crate::check;
use crate::config::Config;
use crate::leaving::{Leaving, idle};
use crate::process::Process;
use crate::render::{self, OURS};
use crate::running::{Running, Server};
use crate::runtime::{Info, Socket, rows};
use crate::{NAME, reload, targets, tell};

/// How often the health of targets may be asked for: an answer tells of all servers at once.
const HEALTH_EVERY: Duration = Duration::from_secs(10);

/// The HAProxy of a box. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Haproxy(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) socket: Socket,
    pub(crate) process: Process,
    leaving: Mutex<Leaving>,
    /// The worker that took over the table of clients from the one before.
    pub(crate) taught: Mutex<Option<u32>>,
}

impl Haproxy {
    /// The HAProxy that the config speaks of. Nothing is read, written or started yet.
    pub fn new(config: Config) -> Self {
        let socket = Socket::new(config.stats_socket());
        let process = Process::new(&config);
        let (leaving, taught) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { config, socket, process, leaving, taught }))
    }

    /// It is whole between two statements, so a panic elsewhere does not spoil it.
    fn leaving(&self) -> MutexGuard<'_, Leaving> {
        self.0.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker that answers, if one does.
    pub(crate) async fn info(&self) -> Result<Option<Info>, ProviderError> {
        let answer = self.0.socket.ask("show info").await?;
        Ok(answer.map(|answer| Info::parse(&answer)))
    }

    async fn servers(&self) -> Result<BTreeMap<String, BTreeMap<String, Server>>, ProviderError> {
        let answer = self.0.socket.tell("show servers state").await?;
        let mut servers: BTreeMap<String, BTreeMap<String, Server>> = BTreeMap::new();
        let mut maint: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows(&answer).filter(|row| row.backend.starts_with(OURS)) {
            let (id, address, port) = (row.id, row.address, row.port);
            let server = Server { id, address, port, maint: row.maint, idle: false };
            if row.maint {
                maint.entry(row.backend.to_owned()).or_default().insert(row.server.to_owned());
            }
            let of_backend = servers.entry(row.backend.to_owned()).or_default();
            of_backend.insert(row.server.to_owned(), server);
        }
        self.leaving().set(maint);
        let leaving = self.leaving().all();
        let idle = idle(&self.0.socket, &leaving).await?;
        for (backend, of_backend) in &mut servers {
            for name in leaving.get(backend).into_iter().flatten() {
                if let Some(server) = of_backend.get_mut(name) {
                    server.idle = idle.contains(&format!("{backend}/{name}"));
                }
            }
        }
        Ok(servers)
    }
}

/// Who is to be deleted, by backend.
fn deleted(changes: &[Change]) -> BTreeMap<String, BTreeSet<String>> {
    let mut deleted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.kind == Kind::Delete) {
        deleted.entry(change.backend.clone()).or_default().insert(change.server.clone());
    }
    deleted
}

impl Daemon for Haproxy {
    type Running = Running;
    type Change = Change;

    const NAME: &'static str = NAME;
    const TRIES_ALL: bool = true;
    const PROXY_PROTOCOL: &'static [ProxyProtocol] = &[ProxyProtocol::V1, ProxyProtocol::V2];

    fn capabilities(&self) -> Capabilities {
        let settings = [PROXY_PROTOCOL, MAX_CONNECTIONS, IDLE_TIMEOUT, CONNECT_TIMEOUT];
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp]),
            elsewhere: vec!["nginx".to_owned(), "embedded".to_owned()],
            source_ranges: true,
            affinity: AffinitySupport::ClientIpWithTimeout,
            settings: settings.map(declared).to_vec(),
            health_every: Some(HEALTH_EVERY),
            ..Capabilities::default()
        }
    }

    fn render(&self, site: &Site) -> Text {
        render::render(&self.0.config, site)
    }

    async fn check(&self, file: &Path) -> Result<(), Complaint> {
        check::check(&self.0.config, file).await
    }

    async fn adopt(&self) -> Result<(), ProviderError> {
        self.0.process.adopt().await
    }

    async fn running(&self) -> Result<Option<Running>, ProviderError> {
        let Some(info) = self.info().await? else {
            // It may run without our file, and so without our socket.
            let runs = self.0.process.runs().await?;
            return Ok(runs.then(Running::default));
        };
        let frame = render::loaded(&info.description);
        Ok(Some(Running { frame, servers: self.servers().await? }))
    }

    fn loaded(running: &Running) -> Option<&Digest> {
        running.frame.as_ref()
    }

    fn changes(&self, site: &Site, running: &Running) -> Vec<Change> {
        change::changes(&self.0.config, site, running)
    }

    fn learn(running: &mut Running, change: &Change) {
        change::learn(running, change);
    }

    async fn tell(&self, changes: &[Change]) -> Result<(), ProviderError> {
        let idle = idle(&self.0.socket, &deleted(changes)).await?;
        for change in changes {
            if change.kind == Kind::Delete && !idle.contains(&change.name()) {
                // It still has connections: the pulse turns once it has none.
                continue;
            }
            tell::tell(&self.0.socket, change).await?;
            let (backend, server) = (&change.backend, &change.server);
            match &change.kind {
                Kind::Maint => self.leaving().put(backend, server),
                Kind::Ready(_) | Kind::Delete => self.leaving().take(backend, server),
                Kind::Add { .. } | Kind::Move(_) => {}
            }
        }
        Ok(())
    }

    async fn reload(&self, frame: &Digest) -> Result<Running, ProviderError> {
        reload::reload(self, frame).await
    }

    fn starts(&self) -> bool {
        self.0.process.is_ours()
    }

    fn foresee(&self, site: &Site, frame: &Digest) -> Running {
        Running::fresh(site, frame)
    }

    fn watch(&self, site: &Site) {
        self.leaving().watch(site);
    }

    async fn targets(
        &self,
        site: &Site,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        targets::targets(&self.0.socket, site).await
    }

    async fn pulse(&self) -> Pulse {
        let info = match self.info().await {
            Ok(Some(info)) => info,
            Ok(None) => return "down".to_owned(),
            Err(error) => return error.to_string(),
        };
        let leaving = self.leaving().all();
        let idle = idle(&self.0.socket, &leaving).await.unwrap_or_default();
        let idle: Vec<_> = idle.into_iter().collect();
        format!("{} {} {}", info.pid, info.description, idle.join(" "))
    }

    async fn close(&self, grace: Duration) {
        self.0.process.close(grace).await;
    }
}
