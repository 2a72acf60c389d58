//! The config.
//!
//! ```text
//! names     what things are called
//! frontend  where a Service listens, and for whom
//! backend   where its ports lead
//! ```

mod backend;
mod frontend;
mod names;

use seaway_box::{Entry, Port, Site, Text};
use seaway_core::{Digest, Protocol};

use crate::config::Config;

pub(crate) use self::backend::arguments;
pub(crate) use self::names::{Names, OURS, server};

/// What the description of a running daemon begins with, if it has loaded our file.
const STAMP: &str = "seaway-";

/// How many clients the table of a Service remembers: the one that was away longest is forgotten then.
const MOST_CLIENTS: &str = "200k";

/// The whole config for a site.
pub(crate) fn render(config: &Config, site: &Site) -> Text {
    let mut text = Text::default();
    global(config, &mut text);
    defaults(config, &mut text);
    peers(config, site, &mut text);
    for (uid, entry) in &site.entries {
        text.belongs_to(uid);
        let names = Names::of(entry);
        table(entry, &names, &mut text);
        frontend::render(entry, &names, &mut text);
        for port in ports(entry) {
            backend::render(config, site, (entry, port), &names, &mut text);
        }
    }
    text.belongs_to_all();
    text
}

/// The ports that HAProxy carries. Others are refused before they come here.
pub(crate) fn ports(entry: &Entry) -> impl Iterator<Item = Port> {
    entry.ports.iter().copied().filter(|port| port.protocol == Protocol::Tcp)
}

/// The frame that a daemon with this description has loaded.
pub(crate) fn loaded(description: &str) -> Option<Digest> {
    Digest::parse(description.strip_prefix(STAMP)?)
}

fn global(config: &Config, text: &mut Text) {
    text.line("global");
    text.stamp(|digest| format!("  description {STAMP}{digest}"));
    let socket = config.stats_socket();
    // A worker hands its listeners to the next one, so that no connection is refused in between.
    text.line(format!(
        "  stats socket {} mode 600 level admin expose-fd listeners",
        socket.display()
    ));
    text.line(format!("  hard-stop-after {}s", config.drain_seconds));
    // Nodes of a new Service may have to wait for their first check: so long at the most.
    text.line("  max-spread-checks 500ms");
    if let Some(most) = config.most_connections {
        text.line(format!("  maxconn {most}"));
    }
}

fn defaults(config: &Config, text: &mut Text) {
    text.line("");
    text.line("defaults seaway");
    text.line("  mode tcp");
    // Nodes that go up and down, and connections that fail; not every connection.
    text.line("  log global");
    text.line("  option dontlog-normal");
    // A client or a node that vanished would hold its connection for as long as it may be silent.
    text.line("  option clitcpka");
    text.line("  option srvtcpka");
    // Who meets a node that just died is led to another one, from the first retry on.
    text.line("  retries 3");
    text.line("  option redispatch 1");
    // Servers can be added to a running daemon with some ways of balancing only; this is one.
    text.line("  balance roundrobin");
    text.line("  load-server-state-from-file local");
    text.line(format!("  timeout connect {}", millis(config.connect_timeout.get())));
    text.line(format!("  timeout client {}", millis(config.idle_timeout.get())));
    text.line(format!("  timeout server {}", millis(config.idle_timeout.get())));
}

/// By this a worker tells the next one which client has which node. It has one member, the daemon
/// itself, by whatever name it goes (`-L`, `localpeer`, the host's). The socket has no file, so that
/// it is reached from a chroot and by any user.
fn peers(config: &Config, site: &Site, text: &mut Text) {
    let digest = Digest::of(&(site.cluster.as_str(), config.stats_socket()));
    let unique = digest.as_str().get(..16).unwrap_or_default();
    text.line("");
    text.line("peers seaway");
    text.line(format!("  peer \"${{HAPROXY_LOCALPEER}}\" abns@seaway-{unique}"));
}

/// One table for all ports, so that a client has one node; of clients of both families if need be.
fn table(entry: &Entry, names: &Names, text: &mut Text) {
    let Some(affinity) = entry.affinity else { return };
    let kind = if entry.addresses.iter().any(std::net::IpAddr::is_ipv6) { "ipv6" } else { "ip" };
    text.line("");
    text.line(format!("backend {} from seaway", names.service()));
    text.line(format!(
        "  stick-table type {kind} size {MOST_CLIENTS} expire {} peers seaway",
        millis(affinity.timeout)
    ));
}

fn millis(span: std::time::Duration) -> String {
    format!("{}ms", span.as_millis().max(1))
}

#[cfg(test)]
mod tests;
