use std::fmt::Write as _;
use std::net::SocketAddr;

use seaway_box::{Check, Entry, Port, Site, Text};
use seaway_core::ProxyProtocol;

use super::{Names, millis, server};
use crate::config::Config;
use crate::states;

/// The backend of one port.
pub(super) fn render(
    config: &Config,
    site: &Site,
    (entry, port): (&Entry, Port),
    names: &Names,
    text: &mut Text,
) {
    text.line("");
    text.line(format!("backend {} from seaway", names.port(port)));
    if let Some(connect) = entry.tuning.connect_timeout {
        text.line(format!("  timeout connect {}", millis(connect)));
    }
    if let Some(idle) = entry.tuning.idle_timeout {
        text.line(format!("  timeout server {}", millis(idle)));
    }
    if let Check::Http(_) = entry.check {
        text.line("  option httpchk GET /healthz");
        text.line("  http-check expect status 200");
    }
    if entry.affinity.is_some() {
        // A new worker serves some milliseconds before the former one has told it who has which node.
        // By the number of the node, the hash chooses as it did there, if nodes have not changed.
        text.line("  balance source");
        text.line("  hash-type consistent");
        text.line(format!("  stick on src table {}", names.service()));
    }
    let start = arguments(config, entry);
    // What a server is like is of the frame; which servers there are is not.
    text.line(format!("  # server{start}"));
    let states = states::file(config, &names.port(port), port);
    text.loose(format!("  server-state-file-name {}", states.display()));
    for (node, target) in &entry.targets {
        let name = server(site, node);
        let number = site.numbers.of(node);
        let at = SocketAddr::new(target.address, port.node_port);
        let out = if target.out { " disabled" } else { "" };
        text.loose(format!("  server {name} {at} id {number}{start}{out}"));
    }
}

/// What all servers of a Service are like, as words of the config and of the Runtime API, which knows
/// no defaults.
pub(crate) fn arguments(config: &Config, entry: &Entry) -> String {
    let mut words = format!(
        " check inter {} rise {} fall {}",
        millis(config.check_interval.get()),
        config.rise,
        config.fall
    );
    if let Check::Http(port) = entry.check {
        // Where this is set, a check sends no PROXY header: kube-proxy would not understand it.
        let _ = write!(words, " port {port}");
    }
    words.push_str(match entry.tuning.proxy_protocol {
        Some(ProxyProtocol::V1) => " send-proxy",
        Some(ProxyProtocol::V2) => " send-proxy-v2",
        None => "",
    });
    // A node that speaks it would complain of a connection without.
    if entry.tuning.proxy_protocol.is_some() && entry.check == Check::Connect {
        words.push_str(" check-send-proxy");
    }
    words
}
