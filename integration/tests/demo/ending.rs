//! Ctrl-C, and what is left after it.

use std::net::SocketAddr;
use std::path::PathBuf;

use seaway_integration::{Cluster, Ended, Process, Signal, is_closed, until};
use tempfile::TempDir;

use crate::example::demo;

async fn nothing_is_left(signal: Signal) {
    let (cluster, at) = demo().await;
    let kubeconfig = cluster.kubeconfig().to_owned();
    let api = api(&std::fs::read_to_string(&kubeconfig).unwrap());
    // A client that holds a connection must not hold up the end.
    let open = tokio::net::TcpStream::connect(at).await.unwrap();
    let (process, _folder) = cluster.into_process();
    let id = process.id();
    process.signal(signal);
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("everything is gone again"), "{}", ended.stdout);
    assert!(!kubeconfig.exists(), "the kubeconfig is still there");
    for port in [at, api, SocketAddr::new(at.ip(), 10256)] {
        assert!(is_closed(port).await, "{port} is still open");
    }
    assert!(!PathBuf::from(format!("/proc/{id}")).exists(), "the process is still there");
    drop(open);
}

/// Where the API of a kubeconfig is.
fn api(kubeconfig: &str) -> SocketAddr {
    let (_, rest) = kubeconfig.split_once("server: https://").unwrap();
    rest.lines().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn ctrl_c_ends_it_and_nothing_is_left() {
    nothing_is_left(Signal::INT).await;
}

#[tokio::test]
async fn sigterm_does_the_same() {
    nothing_is_left(Signal::TERM).await;
}

/// A demo that is interrupted as soon as `moment` has come.
async fn interrupted(
    signal: Signal,
    moment: &str,
    reached: impl Fn(&Process, &PathBuf) -> bool,
) -> (Ended, bool) {
    let folder = TempDir::new().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let path = kubeconfig.to_str().unwrap();
    let process = Process::start(["demo", "--nodes", "200", "--kubeconfig", path]);
    until(moment, async || reached(&process, &kubeconfig).then_some(())).await;
    process.signal(signal);
    let ended = process.ended().await;
    (ended, std::fs::read_dir(folder.path()).unwrap().next().is_some())
}

#[tokio::test]
async fn ctrl_c_while_it_starts_leaves_nothing_either() {
    // Before it has begun to listen for signals, the system ends it; but not by SIGINT if these tests
    // run in the background of a shell, which ignores that one for all that it starts.
    let (_, left) = interrupted(Signal::TERM, "it runs", |_, _| true).await;
    assert!(!left);
    let (ended, left) =
        interrupted(Signal::INT, "the kubeconfig is there", |_, path| path.exists()).await;
    assert!(ended.code == Some(0) && !left, "{ended:?}");
    let begun = |process: &Process, _: &PathBuf| process.stdout().contains("API");
    let (ended, left) = interrupted(Signal::INT, "its first words", begun).await;
    assert!(ended.code == Some(0) && !left, "{ended:?}");
}

#[tokio::test]
async fn two_demos_beside_each_other_do_not_meet() {
    let (one, two) = tokio::join!(Cluster::demo(3), Cluster::demo(3));
    let (first, second) =
        tokio::join!(one.serves(crate::example::SERVICE), two.serves(crate::example::SERVICE));
    assert_ne!(first.ip(), second.ip());
    one.into_process().0.interrupt().await;
    assert!(is_closed(first).await);
    seaway_integration::visit(second).await.unwrap();
}
