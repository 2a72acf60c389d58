use std::time::Duration;

use seaway_box::{Entry, Port, Target, Text};

use super::{bare, ring};

/// Writes the upstream of a port: the nodes that it leads to. Without nodes there is none, as Nginx
/// takes no upstream without servers.
pub(super) fn write(text: &mut Text, name: &str, entry: &Entry, port: Port, fail: Duration) {
    if entry.targets.is_empty() {
        return;
    }
    // If all are out, all are tried: a wrong check is worse than none.
    let open = entry.targets.values().all(|target| target.out);
    let server = |target: &Target, weight: u32| {
        let address = bare(target.address, port.node_port);
        let weight = if weight == 1 { String::new() } else { format!(" weight={weight}") };
        let down = if target.out && !open { " down" } else { "" };
        let fail = fail.as_secs().max(1);
        format!("  server {address}{weight} max_fails=1 fail_timeout={fail}s{down};")
    };
    text.line(format!("upstream {name} {{"));
    if entry.affinity.is_some() {
        text.line("  hash $remote_addr;");
        // A node that is out keeps its arcs, so that no clients but its own are moved.
        for (node, weight) in ring::arcs(entry.targets.keys()) {
            if let Some(target) = entry.targets.get(node) {
                text.line(server(target, weight));
            }
        }
    } else {
        // Round robin would begin with the same node after every reload, in every worker.
        text.line("  random two least_conn;");
        for target in entry.targets.values() {
            text.line(server(target, 1));
        }
    }
    text.line("}");
}
