//! From a site to the contents of a `stream` block. Pure.
//!
//! Nothing of a Service's own words gets into a directive: names are digests, and all else is
//! numbers and addresses. Its name stands in a comment, for people.

mod ring;
mod server;
mod upstream;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use seaway_box::{Entry, Port, Site, Text};
use seaway_core::{Digest, Protocol};

use crate::config::Config;
use crate::frame;

/// The zone in which UDP sessions are counted.
const SESSIONS: &str = "seaway_sessions";

/// What a config rests on besides the site.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    frame: SocketAddr,
    connect_timeout: Duration,
    idle_timeout: Duration,
    udp_idle_timeout: Duration,
    /// How long a worker keeps away from a node that failed it: until a check has had its say.
    fail_timeout: Duration,
    /// The digest of the config around ours, where that is ours too: the frame tells of both.
    around: Option<Digest>,
}

impl Terms {
    pub(crate) fn of(config: &Config, around: Option<Digest>) -> Self {
        Self {
            frame: config.frame_address(),
            connect_timeout: config.connect_timeout.get(),
            idle_timeout: config.idle_timeout.get(),
            udp_idle_timeout: config.udp_idle_timeout.get(),
            fail_timeout: config.check_interval.get().max(Duration::from_secs(1)),
            around,
        }
    }

    /// The contents of a `stream` block.
    pub(crate) fn render(&self, site: &Site) -> Text {
        let mut text = Text::default();
        if let Some(around) = &self.around {
            text.line(format!("# within {around}"));
        }
        text.line("# Tells which config the workers have.");
        text.line("server {");
        text.line(format!("  listen {};", self.frame));
        text.stamp(frame::line);
        text.line("}");
        let mut ports = site.entries.values().flat_map(|entry| &entry.ports);
        if ports.any(|port| port.protocol == Protocol::Udp) {
            let key = "$server_addr:$server_port:$protocol";
            text.line(format!("limit_conn_zone {key} zone={SESSIONS}:1m;"));
        }
        for (uid, entry) in &site.entries {
            text.belongs_to(uid);
            text.line(format!("# {}", comment(entry)));
            let name = Digest::of(uid);
            for port in &entry.ports {
                self.port(&mut text, &name, entry, *port);
            }
        }
        text.belongs_to_all();
        text
    }

    fn port(&self, text: &mut Text, name: &Digest, entry: &Entry, port: Port) {
        let protocol = match port.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            // Refused by the capabilities.
            Protocol::Sctp => return,
        };
        let name = format!("seaway_{name}_{}_{protocol}", port.port);
        upstream::write(text, &name, entry, port, self.fail_timeout);
        server::write(self, text, &name, entry, port);
    }
}

/// A Service's name, for people. A comment ends with its line, and a name can't end that.
fn comment(entry: &Entry) -> String {
    let service = entry.service.to_string();
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    service.chars().take(320).map(plain).collect()
}

/// An address as `listen` and `allow` take it.
fn bare(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip, port)
}

#[cfg(test)]
mod tests;
