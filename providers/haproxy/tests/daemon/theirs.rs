//! What is the user's: a config beside ours, and a HAProxy that we did not start.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seaway_box::Daemon;
use seaway_testkit::machine::installed;

use crate::clients::{Client, ask};
use crate::rig::{Rig, lead, until};

/// A config with a proxy of the user's own, which leads to a node, and with all in `global` that might
/// come across ours.
fn write_theirs(path: &Path, at: SocketAddr, node: SocketAddr) {
    let states = path.with_extension("states");
    std::fs::write(&states, "1\n").unwrap();
    let text = format!(
        "global\n  description theirs\n  maxconn 1000\n  hard-stop-after 1h\n  \
         server-state-file {}\n  spread-checks 5\n\
         defaults\n  mode http\n  timeout connect 1s\n  timeout client 1m\n  timeout server 1m\n\
         listen web\n  mode tcp\n  bind {at}\n  server node-1:1 {node} check\n",
        states.display()
    );
    std::fs::write(path, text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_own_proxies_go_on_beside_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.cfg");
    let rig = Rig::new(&format!("include = ['{}']", path.display()));
    let nodes = rig.nodes(3).await;
    let theirs = SocketAddr::new(rig.ip(3), rig.port().await);
    write_theirs(&path, theirs, nodes[2].at);
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    let running = rig.load(&site).await;
    assert_eq!(running, rig.haproxy.foresee(&site, &rig.haproxy.render(&site).frame()));
    let mut client = Client::connect(rig.ip(9), theirs).await.unwrap();
    assert_eq!(client.ask().await.unwrap(), "node-3");
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-1");

    lead(&mut site, &[&nodes[1]]);
    rig.steer(&site).await;
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-2");
    site.entries.clear();
    rig.load(&site).await;
    assert!(ask(rig.ip(9), at).await.is_err());
    assert_eq!(ask(rig.ip(9), theirs).await.unwrap(), "node-3");
    assert_eq!(client.ask().await.unwrap(), "node-3", "no connection breaks");
    rig.close().await;
}

/// A HAProxy that the test started, as a unit of the box would.
struct Unit(Child);

impl Drop for Unit {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).unwrap();
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_without_a_master_socket_is_told_by_a_signal() {
    let rig = Rig::new("start = false");
    let nodes = rig.nodes(2).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    assert_eq!(rig.haproxy.running().await.unwrap(), None);
    rig.write(&site);
    let frame = rig.haproxy.render(&site).frame();
    let error = rig.haproxy.reload(&frame).await.unwrap_err().to_string();
    assert!(error.contains("does not run on this box"), "{error}");

    let mut command = Command::new(installed("haproxy"));
    command.arg("-W").arg("-p").arg(rig.config.folder.join("haproxy.pid"));
    command.arg("-f").arg(rig.config.file()).stderr(Stdio::null());
    let unit = Unit(command.spawn().unwrap());
    until("it runs", async || {
        rig.haproxy
            .running()
            .await
            .is_ok_and(|running| running.is_some_and(|it| it.frame.is_some()))
    })
    .await;
    let worker = rig.worker().await;
    let mut client = Client::connect(rig.ip(9), at).await.unwrap();
    assert_eq!(client.ask().await.unwrap(), "node-1");

    site.entries.values_mut().next().unwrap().tuning.idle_timeout = Some(Duration::from_mins(1));
    lead(&mut site, &[&nodes[1]]);
    let running = rig.load(&site).await;
    assert_eq!(running, rig.haproxy.foresee(&site, &rig.haproxy.render(&site).frame()));
    assert_ne!(rig.worker().await, worker);
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-2");
    assert_eq!(client.ask().await.unwrap(), "node-1", "no connection breaks");

    rig.close().await;
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-2", "it is not ours to end");
    drop(unit);
}
