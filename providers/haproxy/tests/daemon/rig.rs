use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seaway_box::{Check, Complaint, Daemon, Entry, Port, Site, Target, Tuning};
use seaway_core::{NodeName, Protocol, ServiceRef, SourceRanges};
use seaway_provider_haproxy::{Change, Config, Haproxy, Running};
use seaway_testkit::machine::installed;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};

use crate::node::Node;

/// Every rig has a /24 of the loopback network for itself: ports are free there.
static NEXT: AtomicU8 = AtomicU8::new(1);

/// A HAProxy that Seaway started, in a folder of its own.
#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) haproxy: Haproxy,
    pub(crate) config: Config,
    net: u8,
    _folder: TempDir,
}

pub(crate) fn config(folder: &TempDir, more: &str) -> Config {
    let mut text = format!(
        "pool = ['127.0.0.0/8']\nfolder = '{}'\nbinary = '{}'\n{more}\n",
        folder.path().display(),
        installed("haproxy").display()
    );
    for (key, value) in [("start", "true"), ("check-interval", "'100ms'")] {
        if !more.contains(key) {
            writeln!(text, "{key} = {value}").unwrap();
        }
    }
    let config: Config = toml::from_str(&text).unwrap();
    config.check().unwrap();
    config
}

impl Rig {
    pub(crate) fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder, more);
        let haproxy = Haproxy::new(config.clone());
        let net = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { haproxy, config, net, _folder: folder }
    }

    pub(crate) fn ip(&self, last: u8) -> IpAddr {
        // Tests of one machine run in several processes: the process makes the second part.
        let second = 64 + u8::try_from(std::process::id() % 128).unwrap();
        Ipv4Addr::new(127, second, self.net, last).into()
    }

    /// A port that nobody has at any of the addresses of the rig.
    pub(crate) async fn port(&self) -> u16 {
        let listener = TcpListener::bind((self.ip(250), 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    }

    pub(crate) async fn nodes(&self, count: u8) -> Vec<Node> {
        let port = self.port().await;
        let mut nodes = Vec::new();
        for number in 1..=count {
            let name = format!("node-{number}");
            nodes.push(Node::start(&name, self.ip(100 + number), port).await);
        }
        nodes
    }

    /// A site with one Service, which leads to these nodes.
    pub(crate) async fn site(&self, nodes: &[&Node]) -> (Site, SocketAddr) {
        let at = SocketAddr::new(self.ip(1), self.port().await);
        let mut site = Site::empty("test".into());
        let node_port = nodes[0].at.port();
        let port = Port { port: at.port(), protocol: Protocol::Tcp, node_port };
        let entry = entry("web", vec![at.ip()], vec![port]);
        site.entries.insert(entry.service.uid.clone(), entry);
        lead(&mut site, nodes);
        (site, at)
    }

    /// Writes the config, has it checked and loaded.
    pub(crate) async fn load(&self, site: &Site) -> Running {
        self.write(site);
        self.check().await.unwrap();
        self.haproxy.reload(&self.haproxy.render(site).frame()).await.unwrap()
    }

    pub(crate) fn write(&self, site: &Site) {
        let mut text = String::new();
        let rendered = self.haproxy.render(site);
        rendered.write(&rendered.frame(), &mut text);
        std::fs::write(self.config.file(), text).unwrap();
        self.haproxy.watch(site);
    }

    pub(crate) async fn check(&self) -> Result<(), Complaint> {
        self.haproxy.check(&self.config.file()).await
    }

    /// Changes the running daemon until nothing is left to do; what was done.
    pub(crate) async fn steer(&self, site: &Site) -> Vec<Change> {
        self.write(site);
        let mut running = self.running().await;
        assert_eq!(running.frame, Some(self.haproxy.render(site).frame()), "no reload is needed");
        let changes = self.haproxy.changes(site, &running);
        self.haproxy.tell(&changes).await.unwrap();
        for change in &changes {
            Haproxy::learn(&mut running, change);
        }
        assert_eq!(running, self.running().await, "what was learned is what is");
        changes
    }

    pub(crate) async fn running(&self) -> Running {
        self.haproxy.running().await.unwrap().expect("it runs")
    }

    /// The worker; another one after each reload.
    pub(crate) async fn worker(&self) -> String {
        self.haproxy.pulse().await.split(' ').next().unwrap().to_owned()
    }

    /// What HAProxy answers, past the provider.
    pub(crate) async fn ask(&self, command: &str) -> String {
        self.exchange("haproxy.sock", command).await
    }

    /// Tells the master process something, past the provider, as anybody on the box may.
    pub(crate) async fn order(&self, command: &str) {
        self.exchange("master.sock", command).await;
    }

    async fn exchange(&self, socket: &str, command: &str) -> String {
        let socket = self.config.folder.join(socket);
        // A master that has just loaded its files does not listen yet.
        until("somebody listens", async || UnixStream::connect(&socket).await.is_ok()).await;
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        stream.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub(crate) async fn close(&self) {
        self.haproxy.close(Duration::from_millis(100)).await;
    }
}

/// A test that failed leaves no daemon behind.
impl Drop for Rig {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.config.folder.join("haproxy.pid"));
        let pid = pid.ok().and_then(|text| text.trim().parse().ok()).and_then(Pid::from_raw);
        let name = pid.and_then(|pid| {
            std::fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero())).ok()
        });
        if let Some(pid) = pid.filter(|_| name.is_some_and(|name| name.trim() == "haproxy")) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

pub(crate) fn entry(name: &str, addresses: Vec<IpAddr>, ports: Vec<Port>) -> Entry {
    Entry {
        service: ServiceRef {
            namespace: "default".to_owned(),
            name: name.to_owned(),
            uid: format!("uid-{name}").into(),
        },
        addresses,
        ports,
        targets: BTreeMap::new(),
        sources: SourceRanges::Anyone,
        affinity: None,
        check: Check::Connect,
        tuning: Tuning::default(),
    }
}

/// Has all Services lead to these nodes, and no other.
pub(crate) fn lead(site: &mut Site, nodes: &[&Node]) {
    let names: Vec<NodeName> = nodes.iter().map(|node| node.name.as_str().into()).collect();
    site.numbers = site.numbers.with(&names.iter().collect::<BTreeSet<_>>());
    for entry in site.entries.values_mut() {
        let targets = names.iter().cloned().zip(nodes);
        let targets =
            targets.map(|(name, node)| (name, Target { address: node.at.ip(), out: false }));
        entry.targets = targets.collect();
    }
}

/// Waits until something is so, as long as a slow machine may need.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !so().await {
        assert!(tokio::time::Instant::now() < deadline, "never so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
