//! A port that only a privileged process may open.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use seaway_integration::{Cluster, Controller, Process, addresses, embedded, pod, service};
use serde_json::Value;
use tempfile::TempDir;

/// The user that is nobody, on every system.
const NOBODY: u32 = 65_534;

/// Who runs this as root gives it up for the controller; who does not has nothing to give up.
fn unprivileged(folder: &TempDir, args: &[&str], kubeconfig: &Path, config: &str) -> Process {
    let command = Process::command(args);
    let inside = |name: &str| folder.path().join(name);
    fs::copy(command.as_std().get_program(), inside("seaway")).unwrap();
    fs::copy(kubeconfig, inside("kubeconfig")).unwrap();
    fs::write(inside("seaway.toml"), config).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        for path in [folder.path().to_owned(), inside("seaway"), inside("kubeconfig")] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let mut command = tokio::process::Command::new(inside("seaway"));
    command.args(args).current_dir(folder.path());
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    Process::spawn(command)
}

/// The first port that needs no privilege on this system.
fn unprivileged_from() -> u16 {
    let path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    fs::read_to_string(path).map_or(1024, |text| text.trim().parse().unwrap())
}

#[tokio::test]
async fn no_permission_to_bind_is_told_with_what_gives_it() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let pool = cluster.pool(1).await;
    let at = format!("{}:80", pool.start());
    let folder = TempDir::new().unwrap();
    let args = [
        "run",
        "--kubeconfig=kubeconfig",
        "--config=seaway.toml",
        "--metrics-address=off",
        "--admin-address=off",
    ];
    let process = unprivileged(&folder, &args, cluster.kubeconfig(), &embedded(&pool));
    process.complains(&["synced"]).await;
    cluster.create(&service("low", "echo", Value::Null)).await;
    if unprivileged_from() > 80 {
        let remedy = ["CAP_NET_BIND_SERVICE", "ip_unprivileged_port_start=80"];
        cluster.warns("low", &[&at, "no permission", remedy[0], remedy[1]]).await;
        process.complains(&["default/low", &at, remedy[0]]).await;
        assert!(addresses(&cluster.service("low").await.unwrap()).is_empty());
    } else {
        // This system lets everybody have it: then it serves.
        assert_eq!(cluster.serves("low").await.to_string(), at);
    }
    process.interrupt().await;

    // The same, with the permission: nothing has to be done about the Service.
    let controller = Controller::start(cluster.kubeconfig(), &embedded(&pool), &[]).await;
    if rustix::process::geteuid().is_root() {
        assert_eq!(cluster.serves("low").await.to_string(), at);
    }
    controller.stop().await;
}
