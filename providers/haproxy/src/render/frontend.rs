use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use seaway_box::{Entry, Text};
use seaway_core::{Family, SourceRanges};

use super::{Names, millis, ports};

/// HAProxy takes 64 words a line.
const WORDS: usize = 32;

/// One frontend for a Service, so that its limit of connections is over all of its ports.
pub(super) fn render(entry: &Entry, names: &Names, text: &mut Text) {
    text.line("");
    text.line(format!("frontend {} from seaway", names.service()));
    for port in ports(entry) {
        for ip in &entry.addresses {
            let at = SocketAddr::new(*ip, port.port);
            let (name, only) = match ip {
                IpAddr::V4(_) => (format!("IPv4:{}", port.port), ""),
                IpAddr::V6(_) => (format!("IPv6:{}", port.port), " v6only"),
            };
            text.line(format!("  bind {at} name {name}{only}"));
        }
    }
    if let Some(most) = entry.tuning.max_connections {
        text.line(format!("  maxconn {most}"));
    }
    if let Some(idle) = entry.tuning.idle_timeout {
        text.line(format!("  timeout client {}", millis(idle)));
    }
    sources(entry, text);
    let several = ports(entry).nth(1).is_some();
    for port in ports(entry) {
        let backend = names.port(port);
        if several {
            // Not `dst_port`, which tells what the port was before a NAT on this box.
            let number = port.port;
            text.line(format!(
                "  use_backend {backend} if {{ so_name IPv4:{number} IPv6:{number} }}"
            ));
        } else {
            text.line(format!("  default_backend {backend}"));
        }
    }
}

/// Who is not in a prefix of the family that it came by is rejected. A prefix is compared with clients
/// of its own family only: HAProxy takes `2002:a00:1::` for 10.0.0.1, and 10.0.0.1 for one of `::/0`.
fn sources(entry: &Entry, text: &mut Text) {
    let SourceRanges::Only(prefixes) = &entry.sources else { return };
    let families = [Family::IPv4, Family::IPv6];
    let served = |family| entry.addresses.iter().any(|ip| Family::of(*ip) == family);
    for family in families.into_iter().filter(|family| served(*family)) {
        let own: Vec<_> = prefixes.iter().filter(|prefix| is_of(prefix, family)).collect();
        for some in own.chunks(WORDS) {
            let words: Vec<_> = some.iter().map(ToString::to_string).collect();
            text.line(format!("  acl sources-{family} src {}", words.join(" ")));
        }
        let by = format!("{{ so_name -m beg {family}: }}");
        let but = if own.is_empty() { String::new() } else { format!(" !sources-{family}") };
        text.line(format!("  tcp-request connection reject if {by}{but}"));
    }
}

fn is_of(prefix: &IpNet, family: Family) -> bool {
    Family::of(prefix.addr()) == family
}
