use std::net::SocketAddr;
use std::time::Duration;

use seaway_provider_embedded::dataplane::{Balancer, Probe, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::lab::{Lab, ask, checks, listener, set, start, state, until};

#[tokio::test]
async fn a_node_that_crashes_fails_no_request() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let mut nodes: Vec<_> = (1..=3).map(|n| lab.up(n)).collect();
    set(&plane, &Balancer { health: checks(Probe::Tcp), ..lab.balancer(3) }).await;
    until("all are up", || state(&plane).targets.values().all(|target| target.up)).await;
    drop(nodes.remove(1));
    for _ in 0..30 {
        assert_ne!(ask(lab.front()).await.unwrap(), "node-2");
    }
    until("its check says why", || {
        let node = state(&plane).targets.remove("node-2").unwrap();
        !node.up && node.trouble.is_some_and(|trouble| trouble.contains("refused"))
    })
    .await;
    let _again = lab.up(2);
    until("it is up again", || state(&plane).targets["node-2"].up).await;
    let names = [(); 3].map(|()| ask(lab.front()));
    let names = futures::future::join_all(names).await;
    assert!(names.into_iter().any(|name| name.unwrap() == "node-2"));
}

#[tokio::test]
async fn a_node_that_opens_its_port_late_is_found_long_before_the_next_interval() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let mut want = Balancer { health: checks(Probe::Tcp), ..lab.balancer(1) };
    want.health.interval = Duration::from_hours(1);
    set(&plane, &want).await;
    until("its first check failed", || !state(&plane).targets["node-1"].up).await;
    let _node = lab.up(1);
    until("it is up", || state(&plane).targets["node-1"].up).await;
}

#[tokio::test]
async fn a_refused_connect_takes_the_node_out_at_once() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(2);
    set(&plane, &lab.balancer(2)).await;
    for _ in 0..10 {
        assert_eq!(ask(lab.front()).await.unwrap(), "node-2");
    }
    let state = state(&plane);
    assert_eq!(state.counts.connect_refused, 1);
    assert_eq!(state.targets["node-1"].failed, 1);
    assert_eq!(state.targets["node-1"].counts.connect_refused, 1);
    assert!(!state.targets["node-1"].up && state.targets["node-2"].up);
}

#[tokio::test]
async fn without_checks_a_suspected_node_comes_back_by_itself() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(2);
    let mut want = lab.balancer(2);
    want.health.interval = Duration::from_millis(50);
    set(&plane, &want).await;
    assert_eq!(ask(lab.front()).await.unwrap(), "node-2");
    let _node = lab.up(1);
    until("it is up again", || state(&plane).targets["node-1"].up).await;
    let names = [ask(lab.front()).await.unwrap(), ask(lab.front()).await.unwrap()];
    assert!(names.contains(&"node-1".to_owned()));
}

/// A listener whose queue is full: the kernel drops every further attempt to connect.
pub(crate) async fn black_hole(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let hole = listener(address, 0);
    let mut queued = Vec::new();
    let patience = Duration::from_millis(100);
    while let Ok(stream) = tokio::time::timeout(patience, TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    (hole, queued)
}

#[tokio::test]
async fn a_black_holed_node_costs_one_timeout() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _hole = black_hole(lab.node(1)).await;
    let _node = lab.up(2);
    set(&plane, &lab.balancer(2)).await;
    for _ in 0..10 {
        assert_eq!(ask(lab.front()).await.unwrap(), "node-2");
    }
    let state = state(&plane);
    assert_eq!(state.counts.connect_timed_out, 1);
    assert_eq!(state.targets["node-1"].counts.connect_timed_out, 1);
    assert!(!state.targets["node-1"].up);
}

#[tokio::test]
async fn checks_find_a_black_holed_node_before_a_client_does() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _hole = black_hole(lab.node(1)).await;
    let _node = lab.up(2);
    set(&plane, &Balancer { health: checks(Probe::Tcp), ..lab.balancer(2) }).await;
    until("it is down", || !state(&plane).targets["node-1"].up).await;
    for _ in 0..10 {
        assert_eq!(ask(lab.front()).await.unwrap(), "node-2");
    }
    assert_eq!(state(&plane).counts.connect_timed_out, 0);
}

#[tokio::test]
async fn all_down_means_all_are_tried() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let nobody = Probe::Http { port: 10256, path: "/healthz".to_owned() };
    let _nodes = (lab.up(1), lab.up(2));
    set(&plane, &Balancer { health: checks(nobody), ..lab.balancer(2) }).await;
    until("both are down", || state(&plane).targets.values().all(|target| !target.up)).await;
    let names = [ask(lab.front()).await.unwrap(), ask(lab.front()).await.unwrap()];
    assert_eq!(names, ["node-1", "node-2"]);
}

#[tokio::test]
async fn if_no_node_answers_the_client_is_reset_after_three_tries() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    set(&plane, &lab.balancer(5)).await;
    assert!(ask(lab.front()).await.is_err());
    let counts = state(&plane).counts;
    assert_eq!((counts.connect_refused, counts.unserved), (3, 1));
}

/// An HTTP server that answers with this status; 0: never.
fn http(address: SocketAddr, status: watch::Receiver<u16>) -> JoinHandle<()> {
    let listener = listener(address, 64);
    tokio::spawn(async move {
        let mut silent = Vec::new();
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { continue };
            let status = *status.borrow();
            if status == 0 {
                silent.push(stream);
                continue;
            }
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            assert!(request.starts_with("GET /healthz HTTP/1.1\r\n"), "{request}");
            let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n");
            drop(stream.write_all(answer.as_bytes()).await);
        }
    })
}

#[tokio::test]
async fn an_http_check_goes_by_the_status() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes = (lab.up(1), lab.up(2));
    let (good, _) = watch::channel(200);
    let (set_status, status) = watch::channel(200);
    let address = |n| SocketAddr::new(lab.ip(n), 10256);
    let _servers = (http(address(1), good.subscribe()), http(address(2), status));
    let probe = Probe::Http { port: 10256, path: "/healthz".to_owned() };
    set(&plane, &Balancer { health: checks(probe), ..lab.balancer(2) }).await;
    for (status, up) in [(503, false), (200, true), (0, false), (200, true)] {
        set_status.send(status).unwrap();
        until("the check sees it", || state(&plane).targets["node-2"].up == up).await;
        let names = [ask(lab.front()).await.unwrap(), ask(lab.front()).await.unwrap()];
        assert_eq!(names.contains(&"node-2".to_owned()), up);
        assert!(state(&plane).targets["node-1"].up);
    }
}

#[tokio::test]
async fn a_node_not_assumed_up_waits_for_its_first_check() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    let mut want = Balancer { health: checks(Probe::Tcp), ..lab.balancer(1) };
    let late = Target { assume_up: false, ..Target::new(lab.ip(2)) };
    want.targets.insert("node-2".to_owned(), late);
    set(&plane, &want).await;
    for _ in 0..10 {
        assert_eq!(ask(lab.front()).await.unwrap(), "node-1");
    }
    assert_eq!(state(&plane).counts.connect_refused, 0);
    let _node = lab.up(2);
    until("it is up", || state(&plane).targets["node-2"].up).await;
    let names = [ask(lab.front()).await.unwrap(), ask(lab.front()).await.unwrap()];
    assert!(names.contains(&"node-2".to_owned()));
}

#[tokio::test]
async fn a_change_of_the_check_keeps_what_is_known() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    let mut want = Balancer { health: checks(Probe::Tcp), ..lab.balancer(2) };
    set(&plane, &want).await;
    until("it is down", || !state(&plane).targets["node-2"].up).await;
    want.health.interval = Duration::from_millis(30);
    want.health.timeout = Duration::from_millis(100);
    set(&plane, &want).await;
    assert!(state(&plane).targets["node-1"].up);
    assert!(!state(&plane).targets["node-2"].up);
}
