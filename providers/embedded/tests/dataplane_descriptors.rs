//! A process without a free file descriptor. Alone in its process, which it starves.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

#[expect(dead_code, reason = "the lab of all data plane tests")]
#[path = "dataplane/lab.rs"]
mod lab;

use std::fs::{self, File};
use std::time::Duration;

use lab::{Client, Lab, open, set, start, state, tcp, until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaway_provider_embedded::dataplane::{Balancer, ErrorKind};
use tokio::net::TcpSocket;

#[tokio::test]
async fn without_descriptors_the_listener_waits_and_then_goes_on() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut early, _) = open(&lab).await;
    let socket = TcpSocket::new_v4().unwrap();

    let before = getrlimit(Resource::Nofile);
    let open_now = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    setrlimit(Resource::Nofile, Rlimit { current: Some(open_now + 16), ..before }).unwrap();
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }

    // The kernel takes the connection, and nobody can accept it.
    let late = socket.connect(lab.front()).await.unwrap();
    until("it is noticed", || state(&plane).counts.starved > 0).await;
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    let mut other = lab.front();
    other.set_port(9001);
    let want = Balancer { listeners: vec![tcp(lab.front()), tcp(other)], ..lab.balancer(1) };
    let error = plane.set("b".into(), want).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyFiles);
    assert!(error.to_string().contains("ulimit -n"), "{error}");

    drop(hoard);
    setrlimit(Resource::Nofile, before).unwrap();
    let mut late = Client::over(late);
    let name = tokio::time::timeout(Duration::from_secs(5), late.name()).await;
    assert_eq!(name.unwrap().unwrap(), "node-1");
    assert!(state(&plane).targets["node-1"].up);
}
