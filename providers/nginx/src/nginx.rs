use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seaway_box::supervisor::Program;
use seaway_box::{Complaint, Daemon, Entry, Pulse, Sick, Site, Text, command};
use seaway_core::setting::{CONNECT_TIMEOUT, IDLE_TIMEOUT, PROXY_PROTOCOL, declared};
use seaway_core::{
    AffinitySupport, Capabilities, Digest, Protocol, ProviderError, ProxyProtocol, ServiceUid,
    Target, Warning,
};
use tokio::runtime::Handle;

use crate::checks::Checks;
use crate::config::Config;
use crate::frame::{self, Running};
use crate::master::Master;
use crate::program::Binary;
use crate::reload;
use crate::render::Terms;
use crate::{verdict, whole};

/// The name of our file in the folder: what is to be included within `stream { }`.
pub const FILE_NAME: &str = "seaway.conf";
/// How long the parser may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a verdict of ours is good for in statuses.
const HEALTH_EVERY: Duration = Duration::from_secs(1);

/// Nginx on this box.
#[derive(Debug)]
pub struct Nginx {
    config: Config,
    binary: Binary,
    master: Master,
    checks: Checks,
    terms: Terms,
    /// The main config, if that is ours.
    main: Option<String>,
}

impl Nginx {
    /// Finds the binary and what it can do.
    ///
    /// # Errors
    /// If the config names what can't be, or this Nginx can't do what is needed.
    pub async fn connect(config: Config) -> Result<Self, ProviderError> {
        config.check()?;
        let binary = Binary::find(config.binary.as_deref(), config.modules.as_deref()).await?;
        let (main, master) = if config.start {
            let main = whole::ours(&config, &binary, &config.folder.join(FILE_NAME));
            (Some(main), Master::ours(program(&config, &binary), config.pid_file()))
        } else {
            undrained(&config).await;
            let (pid_file, error_log) = (config.pid_file(), config.error_log.clone());
            (None, Master::Theirs { pid_file, error_log })
        };
        let terms = Terms::of(&config, main.as_deref().map(whole::digest));
        let checks = Checks::new(&config, Handle::current());
        Ok(Self { config, binary, master, checks, terms, main })
    }

    /// The words of the parser about a main config, if it does not take it.
    async fn parse(&self, main: &Path) -> Result<Option<String>, Complaint> {
        let main = main.to_string_lossy().into_owned();
        let arguments = ["-t", "-q", "-e", "stderr", "-c", &main];
        let said = command::run(&self.binary.path, arguments, PATIENCE)
            .await
            .map_err(|error| unchecked(&error))?;
        Ok((!said.success).then_some(said.stderr))
    }

    fn hint(&self) -> String {
        if self.config.start {
            return "its last words are in Seaway's log".to_owned();
        }
        let (file, main) = (self.config.folder.join(FILE_NAME), &self.config.main_config);
        format!(
            "is there `include {};` within `stream {{ }}` of {}?",
            file.display(),
            main.display()
        )
    }
}

impl Daemon for Nginx {
    type Running = Running;
    type Change = Infallible;

    const NAME: &'static str = crate::NAME;
    const CHECKS: bool = true;
    const PROXY_PROTOCOL: &'static [ProxyProtocol] = &[ProxyProtocol::V1];

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            mixed_protocols: true,
            source_ranges: true,
            affinity: AffinitySupport::ClientIp,
            settings: [PROXY_PROTOCOL, IDLE_TIMEOUT, CONNECT_TIMEOUT].map(declared).to_vec(),
            health_every: Some(HEALTH_EVERY),
            ..Capabilities::default()
        }
    }

    fn warnings(&self, entry: &Entry) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if let Some(affinity) = entry.affinity {
            warnings.push(Warning::new(
                "AffinityTimeoutIgnored",
                format!(
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds: {}: provider nginx keeps a \
                     client with its node for as long as the set of nodes is the same, whatever the \
                     timeout",
                    affinity.timeout.as_secs()
                ),
            ));
        }
        let udp = entry.ports.iter().any(|port| port.protocol == Protocol::Udp);
        if udp && entry.tuning.proxy_protocol.is_some() {
            warnings.push(Warning::new(
                "ProxyProtocolTcpOnly",
                format!("{PROXY_PROTOCOL}: provider nginx sends it on TCP ports only"),
            ));
        }
        warnings
    }

    fn render(&self, site: &Site) -> Text {
        self.terms.render(site)
    }

    async fn check(&self, file: &Path) -> Result<(), Complaint> {
        let around = self.config.folder.join("check.conf");
        let text = whole::for_check(&self.config.folder, &self.binary, file);
        whole::write(&around, &text).await.map_err(|error| unchecked(&error))?;
        let Some(words) = self.parse(&around).await? else { return Ok(()) };
        let text = tokio::fs::read_to_string(file).await.unwrap_or_default();
        verdict::read(&words, file, &text, self.config.start)
    }

    /// Of a daemon that is not ours to start: the main config, with our file in it. With one that is
    /// refused it would go on, and could not be started anew.
    async fn approve(&self) -> Result<(), Complaint> {
        if self.config.start {
            return Ok(());
        }
        let main = &self.config.main_config;
        let Some(words) = self.parse(main).await? else { return Ok(()) };
        let live = self.config.folder.join(FILE_NAME);
        let text = tokio::fs::read_to_string(&live).await.unwrap_or_default();
        verdict::read(&words, &live, &text, false).or_else(|complaint| {
            // Who is not root may read no keys and write no logs: that says nothing of the config.
            if complaint.message.contains("(13: ") {
                return Ok(());
            }
            let (main, words) = (main.display(), complaint.message);
            let message = format!("nginx does not take {main}, and goes on as it was: {words}");
            Err(Complaint { message, ..complaint })
        })
    }

    async fn adopt(&self) -> Result<(), ProviderError> {
        self.master.adopt().await
    }

    /// Workers whose master died serve on, and can't be told anything any more.
    async fn running(&self) -> Result<Option<Running>, ProviderError> {
        if self.master.pid().await?.is_none() {
            return Ok(None);
        }
        let frame = frame::ask(self.config.frame_address()).await?;
        Ok(Some(Running { frame }))
    }

    fn loaded(running: &Running) -> Option<&Digest> {
        running.frame.as_ref()
    }

    fn changes(&self, _: &Site, _: &Running) -> Vec<Infallible> {
        Vec::new()
    }

    fn learn(_: &mut Running, change: &Infallible) {
        match *change {}
    }

    async fn tell(&self, _: &[Infallible]) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn reload(&self, frame: &Digest) -> Result<Running, ProviderError> {
        if let Some(main) = &self.main {
            whole::write(&main_path(&self.config), main).await?;
        }
        reload::reload(&self.master, self.config.frame_address(), frame, &self.hint()).await
    }

    fn starts(&self) -> bool {
        self.config.start
    }

    fn foresee(&self, _: &Site, frame: &Digest) -> Running {
        Running { frame: Some(frame.clone()) }
    }

    fn watch(&self, site: &Site) {
        self.checks.watch(site);
    }

    fn sick(&self) -> BTreeSet<Sick> {
        self.checks.sick()
    }

    async fn turned(&self) {
        self.checks.turned().await;
    }

    async fn targets(
        &self,
        site: &Site,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        Ok(self.checks.targets(site))
    }

    async fn pulse(&self) -> Pulse {
        // What can't be told differs from what can, and that is all that matters here.
        let frame = frame::ask(self.config.frame_address()).await.ok();
        let pid = self.master.pid().await.ok();
        format!("{frame:?} {pid:?} {}", self.checks.turns())
    }

    async fn close(&self, grace: Duration) {
        self.master.close(grace).await;
    }
}

fn program(config: &Config, binary: &Binary) -> Program {
    let arguments = ["-e", "stderr", "-g", "daemon off;", "-c"];
    Program::new(crate::NAME, &binary.path).args(arguments).args([main_path(config)])
}

fn main_path(config: &Config) -> PathBuf {
    config.folder.join("nginx.conf")
}

fn unchecked(error: &ProviderError) -> Complaint {
    Complaint { kind: error.kind(), line: None, message: error.message().to_owned() }
}

/// Without a bound, workers of before go on for as long as they have a connection.
async fn undrained(config: &Config) {
    let main = tokio::fs::read_to_string(&config.main_config).await.unwrap_or_default();
    let bound = main.lines().any(|line| line.trim_start().starts_with("worker_shutdown_timeout"));
    if !bound {
        let (main, seconds) = (config.main_config.display(), config.drain_seconds);
        tracing::warn!(
            "{main} has no `worker_shutdown_timeout {seconds}s;`: after a reload, old workers go on \
             for as long as they have a connection"
        );
    }
}
