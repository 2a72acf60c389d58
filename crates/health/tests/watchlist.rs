//! What a provider sees that only wants to know which of its targets are down.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use seaway_health::{CheckKey, HealthCheck, Probe, Watchlist};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tokio::sync::watch;

fn list() -> Watchlist<&'static str> {
    Watchlist::new(8, Handle::current())
}

fn quick(probe: Probe) -> HealthCheck {
    let interval = Duration::from_millis(10);
    HealthCheck { probe, interval, timeout: Duration::from_secs(30), ..HealthCheck::default() }
}

fn connect(address: SocketAddr) -> CheckKey {
    quick(Probe::Tcp).key(address.ip(), Some(address.port()))
}

/// A port of our own that nobody listens on.
fn closed() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A port that somebody listens on.
fn open() -> (TcpListener, SocketAddr) {
    let (socket, address) = closed();
    (socket.listen(1024).unwrap(), address)
}

/// Waits for the turn with which these and no others are down.
async fn until_down(list: &Watchlist<&'static str>, want: &[&str]) {
    let wait = async {
        loop {
            let seen = list.turns();
            if list.down().into_keys().eq(want.iter().copied()) {
                return;
            }
            list.turned(seen).await;
        }
    };
    let patience = Duration::from_secs(30);
    assert!(tokio::time::timeout(patience, wait).await.is_ok(), "down: {:?}", list.down());
}

#[tokio::test]
async fn a_target_that_refuses_is_down_until_it_listens() {
    let list = list();
    let ((_open, good), (socket, bad)) = (open(), closed());
    list.set([("good", connect(good)), ("bad", connect(bad))], |_| true);
    assert!(list.down().is_empty(), "taken for up until the first check fails");
    until_down(&list, &["bad"]).await;
    assert!(list.down()["bad"].contains("refused"), "{:?}", list.down());
    assert!(list.is_down(&"bad") && !list.is_down(&"good") && !list.is_down(&"unknown"));
    let _listener = socket.listen(1024).unwrap();
    until_down(&list, &[]).await;
}

#[tokio::test]
async fn a_get_goes_by_the_status() {
    let (listener, address) = open();
    let (set_status, status) = watch::channel(200);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            assert!(request[..length].starts_with(b"GET /healthz HTTP/1.1\r\n"));
            let answer = format!("HTTP/1.1 {} Whatever\r\n\r\n", *status.borrow());
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    let list = list();
    let probe = Probe::Http { port: address.port(), path: "/healthz".to_owned() };
    list.set([("node", quick(probe).key(address.ip(), None))], |_| true);
    for (status, down) in [(503, &["node"][..]), (200, &[]), (404, &["node"])] {
        set_status.send(status).unwrap();
        until_down(&list, down).await;
    }
    assert_eq!(list.down()["node"], "HTTP: status 404");
}

#[tokio::test]
async fn a_name_with_several_checks_is_down_if_one_is() {
    let list = list();
    let ((_open, good), (socket, bad)) = (open(), closed());
    list.set([("node", connect(good)), ("node", connect(bad)), ("other", connect(good))], |_| true);
    until_down(&list, &["node"]).await;
    let _listener = socket.listen(1024).unwrap();
    until_down(&list, &[]).await;
}

#[tokio::test]
async fn who_is_watched_no_more_is_not_down_and_who_stays_keeps_its_verdict() {
    let list = list();
    let ((_one, one), (_two, two)) = (closed(), closed());
    list.set([("one", connect(one)), ("two", connect(two))], |_| true);
    until_down(&list, &["one", "two"]).await;
    list.set([("one", connect(one))], |_| true);
    assert_eq!(list.down().into_keys().collect::<Vec<_>>(), ["one"]);
    list.set([("two", connect(two))], |_| true);
    assert!(list.down().is_empty(), "it is new again");
    until_down(&list, &["two"]).await;
}

#[tokio::test]
async fn a_name_that_is_asked_something_else_starts_as_it_stood() {
    let list = list();
    let ((_bad, bad), (_open, good)) = (closed(), open());
    list.set([("node", connect(bad))], |_| true);
    until_down(&list, &["node"]).await;
    list.set([("node", connect(good))], |_| true);
    assert_eq!(list.down()["node"], "not checked yet");
    until_down(&list, &[]).await;
}

#[tokio::test]
async fn a_turn_before_the_wait_is_not_missed() {
    let list = list();
    let seen = list.turns();
    let (_socket, bad) = closed();
    list.set([("node", connect(bad))], |_| true);
    until_down(&list, &["node"]).await;
    let now = list.turned(seen).await;
    assert!(now != seen && now == list.turns());
}

#[tokio::test]
async fn a_name_that_is_not_trusted_is_down_until_it_passes() {
    let list = list();
    let (_open, good) = open();
    list.set([("good", connect(good))], |_| false);
    assert!(list.is_down(&"good"), "nobody has asked yet");
    until_down(&list, &[]).await;
}
