use std::collections::{BTreeMap, BTreeSet};

use seaway_box::Site;
use seaway_core::ProviderError;

use crate::render::{Names, ports, server};
use crate::runtime::{Socket, busy};

/// With more backends than this, one answer about all of them is the cheaper one.
const ONE_BY_ONE: usize = 32;

/// The servers in maintenance. Who is not there because the site says so is leaving, and can be deleted
/// once it has no connections.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    /// Those that the site has there, by backend: nobody waits for these.
    out: BTreeMap<String, BTreeSet<String>>,
    /// Those in maintenance, by backend.
    maint: BTreeMap<String, BTreeSet<String>>,
}

impl Leaving {
    /// Takes note of the site.
    pub(crate) fn watch(&mut self, site: &Site) {
        self.out.clear();
        for entry in site.entries.values() {
            let names = Names::of(entry);
            let servers: BTreeSet<_> = entry
                .targets
                .iter()
                .filter(|(_, target)| target.out)
                .map(|(node, _)| server(site, node))
                .collect();
            if servers.is_empty() {
                continue;
            }
            for port in ports(entry) {
                self.out.insert(names.port(port), servers.clone());
            }
        }
    }

    /// Takes note of the servers in maintenance, all of them.
    pub(crate) fn set(&mut self, maint: BTreeMap<String, BTreeSet<String>>) {
        self.maint = maint;
    }

    /// Takes note of a server that went into maintenance.
    pub(crate) fn put(&mut self, backend: &str, server: &str) {
        self.maint.entry(backend.to_owned()).or_default().insert(server.to_owned());
    }

    /// Takes note of a server that is not in maintenance any more, or is not at all.
    pub(crate) fn take(&mut self, backend: &str, server: &str) {
        if let Some(servers) = self.maint.get_mut(backend) {
            servers.remove(server);
            if servers.is_empty() {
                self.maint.remove(backend);
            }
        }
    }

    /// Who is leaving, by backend.
    pub(crate) fn all(&self) -> BTreeMap<String, BTreeSet<String>> {
        let none = BTreeSet::new();
        let leaving = self.maint.iter().map(|(backend, servers)| {
            let out = self.out.get(backend).unwrap_or(&none);
            (backend.clone(), servers.difference(out).cloned().collect::<BTreeSet<_>>())
        });
        leaving.filter(|(_, servers)| !servers.is_empty()).collect()
    }
}

/// Those (`backend/server`) that have no connections.
pub(crate) async fn idle(
    socket: &Socket,
    servers: &BTreeMap<String, BTreeSet<String>>,
) -> Result<BTreeSet<String>, ProviderError> {
    let mut answers = Vec::new();
    if servers.len() > ONE_BY_ONE {
        answers.push(socket.tell("show stat -1 4 -1").await?);
    } else {
        for backend in servers.keys() {
            answers.push(socket.tell(&format!("show stat {backend} 4 -1")).await?);
        }
    }
    let busy: BTreeSet<_> = answers.iter().flat_map(|answer| busy(answer)).collect();
    let names = servers.iter().flat_map(|(backend, servers)| {
        servers.iter().map(move |server| format!("{backend}/{server}"))
    });
    Ok(names.filter(|name| !busy.contains(name)).collect())
}
