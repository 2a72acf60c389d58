//! A daemon in a folder of its own, with addresses of its own, and nodes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seaway_box::{Check, Complaint, Daemon, Entry, File, Folder, Port, Site, Target, Tuning};
use seaway_core::{Digest, Protocol, ProviderError, ServiceRef, SourceRanges};
use seaway_provider_nginx::{Config, FILE_NAME, Nginx};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

pub(crate) const PORT: u16 = 8080;
pub(crate) const NODE_PORT: u16 = 30_080;

const STARTED: &str = "start = true\nworkers = 2";

pub(crate) struct Lab {
    pub(crate) nginx: Nginx,
    pub(crate) folder: Folder,
    net: [u8; 2],
    home: TempDir,
}

pub(crate) fn home() -> TempDir {
    let home = tempfile::Builder::new().prefix("seaway-nginx-").tempdir().unwrap();
    // The workers of a daemon that root starts are somebody else.
    let modes = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(home.path(), modes).unwrap();
    home
}

impl Lab {
    /// A daemon that is ours to start; it is not yet.
    pub(crate) async fn new() -> Self {
        Self::within(home(), STARTED).await
    }

    /// The same with another Seaway: the one of before is gone without a word.
    pub(crate) async fn again(mut self) -> Self {
        let home = std::mem::replace(&mut self.home, home());
        drop(self);
        Self::within(home, STARTED).await
    }

    pub(crate) async fn within(home: TempDir, more: &str) -> Self {
        let path = home.path().join("seaway");
        let text = format!(
            "pool = ['127.0.0.0/8']\nfolder = '{}'\ncheck-interval = '100ms'\n{more}",
            path.display()
        );
        let folder = Folder::open(&path, FILE_NAME).await.unwrap();
        let config: Config = toml::from_str(&text).unwrap();
        let nginx = match Nginx::connect(config).await {
            Ok(nginx) => nginx,
            Err(error) => panic!("{error}; sudo bash integration/setup/daemons.sh installs it"),
        };
        let digest = Digest::of(&path.to_string_lossy());
        let part = |at: usize| u8::from_str_radix(&digest.as_str()[at..at + 2], 16).unwrap().max(1);
        Self { nginx, folder, net: [part(8), part(10)], home }
    }

    /// An address that no other lab has.
    pub(crate) fn ip(&self, last: u8) -> IpAddr {
        let [b, c] = self.net;
        Ipv4Addr::new(127, b, c, last).into()
    }

    pub(crate) fn front(&self) -> SocketAddr {
        SocketAddr::new(self.ip(1), PORT)
    }

    /// A Service at the front that leads to these nodes.
    pub(crate) fn entry(&self, nodes: &[&Node]) -> Entry {
        let target = |node: &&Node| {
            (node.name.as_str().into(), Target { address: node.address.ip(), out: false })
        };
        Entry {
            service: ServiceRef {
                namespace: "default".into(),
                name: "web".into(),
                uid: "uid".into(),
            },
            addresses: vec![self.ip(1)],
            ports: vec![Port { port: PORT, protocol: Protocol::Tcp, node_port: NODE_PORT }],
            targets: nodes.iter().map(target).collect(),
            sources: SourceRanges::Anyone,
            affinity: None,
            check: Check::Connect,
            tuning: Tuning::default(),
        }
    }

    /// The way that every config goes: written beside the live one, checked, installed, loaded.
    pub(crate) async fn serve(&self, entries: impl IntoIterator<Item = Entry>) {
        let file = self.write(entries).await;
        self.check().await.unwrap();
        self.load(&file).await.unwrap();
    }

    pub(crate) async fn write(&self, entries: impl IntoIterator<Item = Entry>) -> File {
        let mut site = Site::empty("lab".into());
        let entries = entries.into_iter().map(|entry| (entry.service.uid.clone(), entry));
        site.entries = entries.collect::<BTreeMap<_, _>>();
        self.nginx.watch(&site);
        let text = self.nginx.render(&site);
        let file = File::new(Arc::new(site), &text);
        self.folder.write(file.text.clone()).await.unwrap();
        file
    }

    pub(crate) async fn check(&self) -> Result<(), Complaint> {
        self.nginx.check(self.folder.candidate_path()).await
    }

    pub(crate) async fn load(&self, file: &File) -> Result<(), ProviderError> {
        self.folder.install().await.unwrap();
        let running = self.nginx.reload(&file.frame).await?;
        assert_eq!(running.frame.as_ref(), Some(&file.frame));
        assert_eq!(self.nginx.running().await.unwrap(), Some(running));
        Ok(())
    }

    pub(crate) async fn node(&self, last: u8) -> Node {
        Node::start(SocketAddr::new(self.ip(last), NODE_PORT)).await
    }
}

impl Drop for Lab {
    /// A supervisor leaves its daemon running, which is not what a test wants.
    fn drop(&mut self) {
        for file in ["seaway/nginx.pid", "theirs.pid"] {
            end(&self.home.path().join(file));
        }
    }
}

fn end(pid_file: &Path) {
    let pid = std::fs::read_to_string(pid_file).ok().and_then(|text| text.trim().parse().ok());
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// A node that tells its name to who connects, and sends back what it hears.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    _task: AbortOnDropHandle<()>,
}

impl Node {
    pub(crate) async fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let name = format!("node-{}", address.ip());
        let greeting = format!("{name}\n");
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { continue };
                let greeting = greeting.clone();
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    if to.write_all(greeting.as_bytes()).await.is_ok() {
                        let _ = tokio::io::copy(&mut from, &mut to).await;
                    }
                });
            }
        });
        Self { name, address, _task: AbortOnDropHandle::new(task) }
    }
}

/// A connection to a front, and the name of the node behind it.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    pub(crate) node: String,
}

impl Client {
    pub(crate) async fn connect(front: SocketAddr) -> std::io::Result<Self> {
        let mut stream = BufReader::new(TcpStream::connect(front).await?);
        let mut node = String::new();
        stream.read_line(&mut node).await?;
        Ok(Self { stream, node: node.trim().to_owned() })
    }

    /// Whether the connection still carries something, there and back.
    pub(crate) async fn echo(&mut self) -> std::io::Result<()> {
        self.stream.write_all(b"ping").await?;
        let mut answer = [0; 4];
        self.stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, b"ping");
        Ok(())
    }

    /// Says all, and reads the rest until the other side has said all too.
    pub(crate) async fn finish(mut self) -> String {
        self.stream.write_all(b"last words").await.unwrap();
        self.stream.shutdown().await.unwrap();
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).await.unwrap();
        rest
    }
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), wait).await.is_ok(), "never: {what}");
}
