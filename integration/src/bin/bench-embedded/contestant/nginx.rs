use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use seaway_integration::daemon;

use super::daemon::Daemon;

/// Starts Nginx, tuned as the reference of its modules has it for streams.
pub(super) fn start(at: SocketAddr, backends: &[SocketAddr]) -> Daemon {
    // `-e`: what it says before it has read the config goes where the rest goes.
    Daemon::start("nginx", &config(at, backends), &["-e", "stderr", "-c"])
}

/// What comes after a `#` is why.
fn config(at: SocketAddr, backends: &[SocketAddr]) -> String {
    let servers: Vec<String> =
        backends.iter().map(|backend| format!("    server {backend};")).collect();
    let module = module().map(|path| format!("load_module {path};")).unwrap_or_default();
    format!(
        "
{module}
daemon off;
pid nginx.pid;
error_log stderr crit;
# One per core.
worker_processes auto;
events {{
  # Two for each client, and some to spare.
  worker_connections 4096;
}}
stream {{
  access_log off;
  # Its default, by which small answers do not wait for larger ones.
  tcp_nodelay on;
  # It copies each byte: four times the default saves it system calls in bulk.
  proxy_buffer_size 64k;
  proxy_connect_timeout 5s;
  upstream bench {{
{servers}
  }}
  server {{
    # A listening socket for each worker: the kernel hands out connections, and no worker wakes
    # another for nothing. The queue is as long as Seaway's.
    listen {at} reuseport backlog=4096;
    proxy_timeout 1h;
    proxy_pass bench;
  }}
  server {{
    # Without it the datagrams of a session come to any worker. There is no proxy_responses: a
    # session lives until it was silent for as long as one of Seaway's may be.
    listen {at} udp reuseport;
    proxy_timeout 2m;
    proxy_pass bench;
  }}
}}
",
        servers = servers.join("\n")
    )
}

/// The module for streams, where it is a file of its own, as Debian has it.
fn module() -> Option<String> {
    let output = Command::new(daemon("nginx")).arg("-V").output().unwrap();
    let built = String::from_utf8(output.stderr).unwrap();
    let (_, rest) = built.split_once("--modules-path=")?;
    let folder = rest.split_whitespace().next()?;
    let path = format!("{folder}/ngx_stream_module.so");
    Path::new(&path).exists().then_some(path)
}
