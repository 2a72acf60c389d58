use std::collections::BTreeMap;
use std::fmt;

use seaway_box::{Check, Site};

use crate::config::Config;
use crate::render::{Names, arguments, ports, server};
use crate::running::{Running, Server};

/// What can be changed in the running daemon.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The backend.
    pub backend: String,
    /// The server.
    pub server: String,
    /// What.
    pub kind: Kind,
}

/// What is changed of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// It is made.
    Add {
        /// As which.
        server: Server,
        /// What else it is like.
        arguments: String,
        /// How it is checked: without a pod on it, it gets connections after a good check only.
        check: Check,
    },
    /// It is elsewhere now.
    Move(Server),
    /// It gets new connections again, likewise.
    Ready(Check),
    /// It gets no new connections.
    Maint,
    /// It is deleted.
    Delete,
}

impl Change {
    /// The server with its backend, as HAProxy has it.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.backend, self.server)
    }
}

impl Kind {
    /// Who comes first: a backend that changes all of its servers is to have some at any time.
    const fn turn(&self) -> u8 {
        match self {
            Self::Add { .. } => 0,
            Self::Move(_) => 1,
            Self::Ready(_) => 2,
            Self::Maint => 3,
            Self::Delete => 4,
        }
    }
}

/// Where a server is, in one line.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format_args!("{}/{}", self.backend, self.server);
        match &self.kind {
            Kind::Add { server, .. } => {
                write!(f, "add {name} at {}:{}", server.address, server.port)
            }
            Kind::Move(server) => write!(f, "move {name} to {}:{}", server.address, server.port),
            Kind::Ready(_) => write!(f, "let {name} have new connections"),
            Kind::Maint => write!(f, "let {name} have no new connections"),
            Kind::Delete => write!(f, "delete {name}"),
        }
    }
}

/// The way from the running daemon to the site, where the frame is the same. Only backends of the
/// site are looked at: the others are the user's.
pub(crate) fn changes(config: &Config, site: &Site, running: &Running) -> Vec<Change> {
    let mut changes = Vec::new();
    let none = BTreeMap::new();
    for entry in site.entries.values() {
        let names = Names::of(entry);
        let like = arguments(config, entry);
        for port in ports(entry) {
            let backend = names.port(port);
            let have = running.servers.get(&backend).unwrap_or(&none);
            let mut wanted = BTreeMap::new();
            for (node, target) in &entry.targets {
                let want = Server {
                    id: site.numbers.of(node),
                    address: target.address,
                    port: port.node_port,
                    maint: target.out,
                    idle: false,
                };
                wanted.insert(server(site, node), want);
            }
            let mut push = |server: &str, kind| {
                let (backend, server) = (backend.clone(), server.to_owned());
                changes.push(Change { backend, server, kind });
            };
            for (name, want) in &wanted {
                let Some(has) = have.get(name) else {
                    let (arguments, check) = (like.clone(), entry.check);
                    push(name, Kind::Add { server: *want, arguments, check });
                    continue;
                };
                if (has.address, has.port) != (want.address, want.port) {
                    push(name, Kind::Move(*want));
                }
                if has.maint != want.maint {
                    push(name, if want.maint { Kind::Maint } else { Kind::Ready(entry.check) });
                }
            }
            for (name, has) in have.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
                if !has.maint {
                    push(name, Kind::Maint);
                } else if has.idle {
                    push(name, Kind::Delete);
                }
            }
        }
    }
    changes.sort_by_key(|change| change.kind.turn());
    changes
}

/// Folds a change that was made.
pub(crate) fn learn(running: &mut Running, change: &Change) {
    let servers = running.servers.entry(change.backend.clone()).or_default();
    match &change.kind {
        Kind::Add { server, .. } => {
            servers.insert(change.server.clone(), *server);
        }
        Kind::Move(to) => {
            if let Some(server) = servers.get_mut(&change.server) {
                (server.address, server.port) = (to.address, to.port);
            }
        }
        Kind::Ready(_) | Kind::Maint => {
            if let Some(server) = servers.get_mut(&change.server) {
                server.maint = change.kind == Kind::Maint;
                // Whether it has connections is asked before it is deleted.
                server.idle = server.maint;
            }
        }
        Kind::Delete => {
            servers.remove(&change.server);
        }
    }
    if servers.is_empty() {
        running.servers.remove(&change.backend);
    }
}

#[cfg(test)]
mod tests;
