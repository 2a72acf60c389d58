//! What the running HAProxy has: the config that it has loaded, and the servers that it tells of.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use seaway_core::{Affinity, ServiceUid, SourceRanges};
use seaway_testkit::uid;

/// A config, as far as clients meet it.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// `description`: which frame it is.
    pub(crate) stamp: String,
    pub(crate) frontends: BTreeMap<ServiceUid, Frontend>,
    pub(crate) backends: BTreeMap<String, Backend>,
}

#[derive(Debug, Default)]
pub(crate) struct Frontend {
    pub(crate) binds: Vec<SocketAddr>,
    pub(crate) admits: Option<SourceRanges>,
    /// By the port of the bind.
    pub(crate) backends: BTreeMap<u16, String>,
}

#[derive(Debug, Default)]
pub(crate) struct Backend {
    /// Of its own table.
    expires: Option<Duration>,
    /// Where it looks up who has which server.
    table: Option<String>,
    /// Checks are by HTTP.
    pub(crate) http: bool,
}

/// A server, as the running daemon tells.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) backend: String,
    pub(crate) at: String,
    pub(crate) maint: bool,
    pub(crate) check_port: u16,
}

/// `seaway_<namespace>_<name>_…`: no name in these tests has an underscore.
pub(crate) fn owner(name: &str) -> ServiceUid {
    uid(name.split('_').nth(2).expect("the name of a Service"))
}

impl Config {
    pub(crate) fn parse(text: &str) -> Self {
        let mut config = Self::default();
        let mut section = ("", "");
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            if !line.starts_with(' ') {
                section = (words.first().unwrap_or(&""), words.get(1).unwrap_or(&""));
            }
            match section {
                ("global", _) if words[0] == "description" => {
                    words[1].clone_into(&mut config.stamp);
                }
                ("frontend", name) => {
                    config.frontends.entry(owner(name)).or_default().read(&words);
                }
                ("backend", name) => {
                    config.backends.entry(name.to_owned()).or_default().read(&words);
                }
                _ => {}
            }
        }
        config
    }

    /// Whether clients of a backend stay with their servers.
    pub(crate) fn affinity(&self, backend: &str) -> Option<Affinity> {
        let table = self.backends[backend].table.as_ref()?;
        Some(Affinity { timeout: self.backends[table].expires.expect("it is a table") })
    }
}

impl Frontend {
    fn read(&mut self, words: &[&str]) {
        match words {
            ["bind", at, ..] => self.binds.push(at.parse().unwrap()),
            ["default_backend", name] => {
                let ports: BTreeSet<u16> = self.binds.iter().map(SocketAddr::port).collect();
                self.backends.extend(ports.into_iter().map(|port| (port, (*name).to_owned())));
            }
            ["use_backend", name, "if", "{", "so_name", binds @ .., "}"] => {
                for bind in binds {
                    let port = bind.rsplit_once(':').unwrap().1.parse().unwrap();
                    self.backends.insert(port, (*name).to_owned());
                }
            }
            ["acl", _, "src", prefixes @ ..] => {
                let mut all = match self.admits.take() {
                    Some(SourceRanges::Only(all)) => all,
                    Some(SourceRanges::Anyone) | None => BTreeSet::new(),
                };
                for prefix in prefixes {
                    all.insert(prefix.parse().unwrap());
                }
                self.admits = Some(SourceRanges::Only(all));
            }
            _ => {}
        }
        if let ["tcp-request", "connection", "reject", ..] = words {
            // Without a prefix of its family, nobody comes by it.
            self.admits.get_or_insert_with(|| SourceRanges::Only(BTreeSet::new()));
        }
    }

    /// Who is let in: everybody, if nobody is rejected.
    pub(crate) fn admits(&self) -> SourceRanges {
        self.admits.clone().unwrap_or_default()
    }
}

impl Backend {
    fn read(&mut self, words: &[&str]) {
        match words {
            ["stick-table", .., "expire", span, "peers", _] => {
                let millis = span.strip_suffix("ms").unwrap().parse().unwrap();
                self.expires = Some(Duration::from_millis(millis));
            }
            ["stick", "on", "src", "table", name] => self.table = Some((*name).to_owned()),
            ["option", "httpchk", "GET", "/healthz"] => self.http = true,
            _ => {}
        }
    }
}

/// The answer to a command; nothing if nobody listens.
pub(crate) fn ask(socket: &Path, command: &str) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(format!("{command}\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The value of a line of `show info`.
pub(crate) fn told<'a>(info: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = info.lines().filter_map(|line| line.split_once(": "));
    pairs.find_map(|(name, value)| (name == key).then_some(value))
}

/// The servers in an answer to `show servers state`.
pub(crate) fn servers(answer: &str) -> Vec<Server> {
    let mut lines = answer.lines().skip_while(|line| !line.starts_with("# "));
    let Some(head) = lines.next() else { return Vec::new() };
    let names: Vec<_> = head.trim_start_matches("# ").split_ascii_whitespace().collect();
    let rows = lines.filter(|line| !line.is_empty()).map(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let field = |name| fields[names.iter().position(|known| *known == name).unwrap()];
        Server {
            backend: field("be_name").to_owned(),
            at: format!("{}:{}", field("srv_addr"), field("srv_port")),
            // By the file, by a command, or inherited; not what the file said once.
            maint: field("srv_admin_state").parse::<u32>().unwrap() & !0x04 != 0,
            check_port: field("srv_check_port").parse().unwrap(),
        }
    });
    rows.filter(|server| server.backend.starts_with("seaway_")).collect()
}
