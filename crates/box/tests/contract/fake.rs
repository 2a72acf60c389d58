//! A daemon in memory that reads the real file, refuses what it does not like, and can be told of
//! servers while it runs.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_box::{Check, Complaint, Daemon, Pulse, Site, Text};
use seaway_core::{
    Affinity, AffinitySupport, Capabilities, Digest, ErrorKind, Health, NodeName, Protocol,
    ProviderError, ProxyProtocol, ServiceUid, SettingKey, SourceRanges, Target, setting,
};
use serde::{Deserialize, Serialize};

/// How many connections the fake finds too many, so that it refuses the line.
pub(crate) const TOO_MANY: u32 = 666;

/// How many it takes, but not together with what else it loads.
pub(crate) const CLASH: u32 = 667;

/// What it serves of one Service: a line of its config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) uid: ServiceUid,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) ports: Vec<(u16, Protocol, u16)>,
    pub(crate) sources: SourceRanges,
    pub(crate) affinity: Option<Affinity>,
    pub(crate) check: Check,
    pub(crate) most: Option<u32>,
}

type Targets = BTreeMap<NodeName, seaway_box::Target>;

/// What it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    frame: Digest,
    pub(crate) targets: BTreeMap<ServiceUid, Targets>,
}

/// A change that needs no reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lead {
    uid: ServiceUid,
    targets: Targets,
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lead {} to {} nodes", self.uid, self.targets.len())
    }
}

/// The process: it outlives who drives it.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) running: Option<Running>,
    pub(crate) lines: BTreeMap<ServiceUid, Line>,
    /// How often it has loaded a file.
    pub(crate) reloads: u32,
    /// The next call fails.
    pub(crate) broken: bool,
}

#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) process: Arc<Mutex<Process>>,
    pub(crate) live: PathBuf,
    /// Whether it is started by whoever drives it.
    pub(crate) starts: bool,
}

impl Fake {
    fn fail(&self) -> Result<(), ProviderError> {
        if std::mem::take(&mut self.process.lock().unwrap().broken) {
            return Err(ProviderError::new(ErrorKind::Unavailable, "fake", "it is broken"));
        }
        Ok(())
    }
}

fn judge(file: &Path, most: u32) -> Result<(), Complaint> {
    let text = std::fs::read_to_string(file).unwrap();
    let bad = format!("\"most\":{most}");
    match text.lines().position(|line| line.starts_with("serve") && line.contains(&bad)) {
        None => Ok(()),
        Some(line) => Err(Complaint {
            kind: ErrorKind::InvalidSpec,
            line: Some(line + 1),
            message: format!("too many connections: {most}"),
        }),
    }
}

impl Daemon for Fake {
    type Running = Running;
    type Change = Lead;

    const NAME: &'static str = "fake";
    const PROXY_PROTOCOL: &'static [ProxyProtocol] = &[ProxyProtocol::V2];

    fn capabilities(&self) -> Capabilities {
        let settings = [setting::PROXY_PROTOCOL, setting::MAX_CONNECTIONS];
        let settings: Vec<SettingKey> = settings.map(setting::declared).into();
        Capabilities {
            protocols: [Protocol::Tcp, Protocol::Udp].into(),
            mixed_protocols: true,
            source_ranges: true,
            affinity: AffinitySupport::ClientIpWithTimeout,
            settings,
            ..Capabilities::default()
        }
    }

    fn render(&self, site: &Site) -> Text {
        let mut text = Text::default();
        text.stamp(|digest| format!("frame {digest}"));
        for (uid, entry) in &site.entries {
            text.belongs_to(uid);
            let line = Line {
                uid: uid.clone(),
                addresses: entry.addresses.clone(),
                ports: entry.ports.iter().map(|it| (it.port, it.protocol, it.node_port)).collect(),
                sources: entry.sources.clone(),
                affinity: entry.affinity,
                check: entry.check,
                most: entry.tuning.max_connections,
            };
            text.line(format!("serve {}", serde_json::to_string(&line).unwrap()));
            let targets = serde_json::to_string(&(uid, &entry.targets)).unwrap();
            text.loose(format!("lead {targets}"));
        }
        text
    }

    async fn check(&self, file: &Path) -> Result<(), Complaint> {
        judge(file, TOO_MANY)
    }

    async fn approve(&self) -> Result<(), Complaint> {
        judge(&self.live, CLASH)
    }

    async fn running(&self) -> Result<Option<Running>, ProviderError> {
        self.fail()?;
        Ok(self.process.lock().unwrap().running.clone())
    }

    fn loaded(running: &Running) -> Option<&Digest> {
        Some(&running.frame)
    }

    fn changes(&self, site: &Site, running: &Running) -> Vec<Lead> {
        let changed = site.entries.iter().filter(|(uid, entry)| {
            running.targets.get(*uid).is_none_or(|targets| *targets != entry.targets)
        });
        changed
            .map(|(uid, entry)| Lead { uid: uid.clone(), targets: entry.targets.clone() })
            .collect()
    }

    fn learn(running: &mut Running, change: &Lead) {
        running.targets.insert(change.uid.clone(), change.targets.clone());
    }

    async fn tell(&self, changes: &[Lead]) -> Result<(), ProviderError> {
        self.fail()?;
        if let Some(running) = &mut self.process.lock().unwrap().running {
            for change in changes {
                Self::learn(running, change);
            }
        }
        Ok(())
    }

    async fn reload(&self, frame: &Digest) -> Result<Running, ProviderError> {
        self.fail()?;
        let text = std::fs::read_to_string(&self.live).unwrap();
        let part = |word: &'static str| text.lines().filter_map(move |it| it.strip_prefix(word));
        let lines = part("serve ").map(|json| serde_json::from_str::<Line>(json).unwrap());
        let targets = part("lead ").map(|json| serde_json::from_str(json).unwrap());
        let running = Running {
            frame: Digest::parse(part("frame ").next().unwrap()).unwrap(),
            targets: targets.collect(),
        };
        assert_eq!(running.frame, *frame);
        let mut process = self.process.lock().unwrap();
        process.lines = lines.map(|line| (line.uid.clone(), line)).collect();
        process.reloads += 1;
        process.running = Some(running.clone());
        Ok(running)
    }

    fn starts(&self) -> bool {
        self.starts
    }

    fn foresee(&self, site: &Site, frame: &Digest) -> Running {
        let targets = site.entries.iter().map(|(uid, it)| (uid.clone(), it.targets.clone()));
        Running { frame: frame.clone(), targets: targets.collect() }
    }

    async fn targets(
        &self,
        site: &Site,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        let of = |(node, target): (&NodeName, &seaway_box::Target)| Target {
            node: node.clone(),
            address: Some(target.address),
            health: Health::Unknown,
            reason: None,
        };
        let all = site.entries.iter();
        Ok(all.map(|(uid, it)| (uid.clone(), it.targets.iter().map(of).collect())).collect())
    }

    async fn pulse(&self) -> Pulse {
        let process = self.process.lock().unwrap();
        format!("{} {}", process.running.is_some(), process.reloads)
    }

    async fn close(&self, _: Duration) {}
}
