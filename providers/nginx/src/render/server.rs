use std::time::Duration;

use seaway_box::{Entry, Port, Text};
use seaway_core::{Protocol, SourceRanges};

use super::{SESSIONS, Terms, bare};

/// How many nodes a connection is tried at.
const TRIES: u32 = 3;
/// How many UDP sessions a listener has at once.
const MOST_SESSIONS: u32 = 8192;
/// How many connections may wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// Writes the server of a port: where it listens, who may connect, and how it goes on.
pub(super) fn write(terms: &Terms, text: &mut Text, name: &str, entry: &Entry, port: Port) {
    let udp = port.protocol == Protocol::Udp;
    text.line("server {");
    for ip in &entry.addresses {
        let address = bare(*ip, port.port);
        // Without `reuseport` the datagrams of one client come to several workers.
        let how = if udp { " udp reuseport".to_owned() } else { format!(" backlog={BACKLOG}") };
        text.line(format!("  listen {address}{how};"));
    }
    if entry.targets.is_empty() {
        // Who connects is sent away at once; Nginx wants to know what it would answer all the same.
        text.line("  deny all;");
        text.line("  return \"\";");
        text.line("}");
        return;
    }
    if let SourceRanges::Only(prefixes) = &entry.sources {
        for prefix in prefixes {
            text.line(format!("  allow {};", prefix.trunc()));
        }
        text.line("  deny all;");
    }
    let tuning = &entry.tuning;
    let idle = if udp { terms.udp_idle_timeout } else { terms.idle_timeout };
    text.line(format!("  proxy_pass {name};"));
    let connect = tuning.connect_timeout.unwrap_or(terms.connect_timeout);
    text.line(format!("  proxy_connect_timeout {};", span(connect)));
    text.line(format!("  proxy_timeout {};", span(tuning.idle_timeout.unwrap_or(idle))));
    text.line(format!("  proxy_next_upstream_tries {TRIES};"));
    if udp {
        text.line(format!("  limit_conn {SESSIONS} {MOST_SESSIONS};"));
    } else {
        // A client that has said all may still be waiting for the answer.
        text.line("  proxy_half_close on;");
        if tuning.proxy_protocol.is_some() {
            text.line("  proxy_protocol on;");
        }
    }
    text.line("}");
}

fn span(span: Duration) -> String {
    format!("{}ms", span.as_millis().max(1))
}
