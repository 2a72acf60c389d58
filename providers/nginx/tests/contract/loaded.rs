//! What the running Nginx has: the config that it has loaded, as far as clients meet it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use seaway_core::{Affinity, Protocol, ServiceUid, SourceRanges};
use seaway_testkit::{Front, uid};

/// A config: the contents of a `stream` block.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// What it answers to who asks which config it is.
    pub(crate) stamp: String,
    pub(crate) servers: Vec<Server>,
    upstreams: BTreeMap<String, Upstream>,
}

/// Where a port of a Service listens, and where it leads.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) owner: ServiceUid,
    pub(crate) binds: Vec<(SocketAddr, Protocol)>,
    allowed: BTreeSet<String>,
    denies: bool,
    upstream: Option<String>,
}

#[derive(Debug, Default)]
struct Upstream {
    targets: BTreeSet<String>,
    hashes: bool,
}

impl Config {
    pub(crate) fn parse(text: &str) -> Self {
        let mut config = Self::default();
        let mut owner = None;
        let mut block = String::new();
        for line in text.lines() {
            let words: Vec<_> = line.trim_end_matches([';', '{']).split_whitespace().collect();
            match (block.as_str(), words.as_slice()) {
                // `# default/a`, before what the Service has.
                ("", ["#", name]) => {
                    owner = name.strip_prefix("default/").map(uid);
                }
                ("", ["upstream", name]) => {
                    config.upstreams.insert((*name).to_owned(), Upstream::default());
                    (*name).clone_into(&mut block);
                }
                ("", ["server"]) => {
                    "server".clone_into(&mut block);
                    config.servers.extend(owner.clone().map(Server::of));
                }
                (_, ["}"]) => block.clear(),
                ("server", ["return", stamp]) if owner.is_none() => {
                    stamp.trim_matches('"').clone_into(&mut config.stamp);
                }
                ("server", words) if owner.is_some() => {
                    config.servers.last_mut().unwrap().read(words);
                }
                (name, words) => {
                    if let Some(upstream) = config.upstreams.get_mut(name) {
                        upstream.read(words);
                    }
                }
            }
        }
        config
    }

    /// What clients find at a server.
    pub(crate) fn front(&self, server: &Server) -> Front {
        let upstream = server.upstream.as_ref().map(|name| &self.upstreams[name]);
        let only = || server.allowed.iter().map(|prefix| prefix.parse().unwrap()).collect();
        Front {
            targets: upstream.map(|upstream| upstream.targets.clone()).unwrap_or_default(),
            // Without nodes there is nothing to shut the door to.
            admits: upstream.map(|_| {
                if server.denies { SourceRanges::Only(only()) } else { SourceRanges::Anyone }
            }),
            affinity: upstream
                .map(|upstream| upstream.hashes.then_some(Affinity { timeout: Duration::ZERO })),
            // Free Nginx checks nobody.
            health: None,
        }
    }
}

impl Server {
    fn of(owner: ServiceUid) -> Self {
        let (binds, allowed) = (Vec::new(), BTreeSet::new());
        Self { owner, binds, allowed, denies: false, upstream: None }
    }

    fn read(&mut self, words: &[&str]) {
        match words {
            ["listen", at, how @ ..] => {
                let udp = how.contains(&"udp");
                let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
                self.binds.push((at.parse().unwrap(), protocol));
            }
            ["allow", prefix] => {
                self.allowed.insert((*prefix).to_owned());
            }
            ["deny", "all"] => self.denies = true,
            ["proxy_pass", name] => self.upstream = Some((*name).to_owned()),
            _ => {}
        }
    }
}

impl Upstream {
    fn read(&mut self, words: &[&str]) {
        match words {
            // One that is `down` too: a check of ours that turns is told to the controller, which is
            // not here.
            ["server", at, ..] => {
                self.targets.insert((*at).to_owned());
            }
            ["hash", "$remote_addr"] => self.hashes = true,
            _ => {}
        }
    }
}

/// What the workers tell of themselves; nothing if there are none.
pub(crate) fn ask(at: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
