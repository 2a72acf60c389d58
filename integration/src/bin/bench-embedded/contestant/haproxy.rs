use std::net::SocketAddr;

use super::daemon::{Daemon, cores};

/// Starts HAProxy, tuned as its configuration manual has it for `mode tcp`.
pub(super) fn start(at: SocketAddr, backends: &[SocketAddr]) -> Daemon {
    // `-db`: in the foreground, and in one process.
    Daemon::start("haproxy", &config(at, backends), &["-db", "-f"])
}

/// What comes after a `#` is why: the name of a directive is that of its entry in the manual.
fn config(at: SocketAddr, backends: &[SocketAddr]) -> String {
    let servers: Vec<String> = (backends.iter().enumerate())
        .map(|(number, backend)| format!("  server node-{number} {backend} check"))
        .collect();
    format!(
        "
global
  # One per core, which is its default where it may ask: nothing is left to chance.
  nbthread {cores}
  # Enough for the clients and few enough for a low limit of files, which it insists on.
  maxconn 2000
  # A larger pipe saves calls to splice(): 80 % more bulk with it than with splicing alone.
  # tune.bufsize is not larger: the manual advises against it, and splicing does without.
  tune.pipesize 1048576

defaults
  mode tcp
  # In both directions whenever there is a pipe. splice-auto is the cautious one: it gained nothing.
  option splice-request
  option splice-response
  # They save an ACK for each connection, and the manual says that it pays.
  option tcp-smart-accept
  option tcp-smart-connect
  # As Seaway has it; nothing ends while it is measured, and nothing is logged.
  balance roundrobin
  timeout connect 5s
  timeout client 1h
  timeout server 1h

listen bench
  # Not shards: they are for very large thread counts, and cost CPU.
  bind {at}
{servers}
",
        cores = cores(),
        servers = servers.join("\n")
    )
}
