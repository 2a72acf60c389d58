//! Checks and their handles, against real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use seaway_health::{CheckKey, Checks, HealthCheck, OnTurn, Probe};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Counts what it is told.
#[derive(Debug, Default)]
struct Told {
    turns: AtomicUsize,
    news: Notify,
}

impl Told {
    async fn turn(&self) {
        tokio::time::timeout(Duration::from_mins(1), self.news.notified()).await.unwrap();
    }
}

impl OnTurn for Told {
    fn turned(&self) {
        self.turns.fetch_add(1, SeqCst);
        self.news.notify_one();
    }
}

fn checks(at_once: usize) -> (Arc<Checks>, Arc<Told>) {
    let told = Arc::new(Told::default());
    let checks = Checks::new(at_once, Arc::clone(&told) as Arc<dyn OnTurn>, Handle::current());
    (checks, told)
}

async fn port() -> (TcpListener, CheckKey) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let once = HealthCheck { interval: Duration::from_hours(1), ..HealthCheck::default() };
    let key = once.key(address.ip(), Some(address.port()));
    (listener, key)
}

#[tokio::test]
async fn a_check_that_two_ask_for_is_made_once() {
    let (checks, told) = checks(8);
    let (listener, key) = port().await;
    let one = checks.subscribe(key.clone(), false);
    let two = checks.subscribe(key, true);
    assert!(Arc::ptr_eq(&one, &two));
    assert!(!two.up(), "what runs already knows better than who comes later");
    told.turn().await;
    assert!(one.up() && two.up());
    assert_eq!((one.passes(), one.trouble()), (1, None));
    listener.accept().await.unwrap();
    let listener = listener.into_std().unwrap();
    assert!(listener.accept().is_err(), "one connection for both");
}

#[tokio::test]
async fn a_check_ends_with_its_last_holder() {
    let (checks, told) = checks(8);
    let (_listener, key) = port().await;
    let one = checks.subscribe(key.clone(), false);
    let two = Arc::clone(&one);
    told.turn().await;
    drop(one);
    assert_eq!(checks.subscribe(key.clone(), false).passes(), 1, "it is still held");
    drop(two);
    assert_eq!(checks.subscribe(key, false).passes(), 0, "it begins anew");
}

#[tokio::test]
async fn a_verdict_can_be_read_once_it_is_told() {
    let (checks, told) = checks(8);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let key = HealthCheck::default().key(address.ip(), Some(address.port()));
    let check = checks.subscribe(key, true);
    assert!(check.up(), "on trust");
    told.turn().await;
    assert!(!check.up());
    let trouble = check.trouble().unwrap();
    assert!(trouble.contains("refused"), "{trouble}");
    let _listener = socket.listen(8).unwrap();
    told.turn().await;
    assert!(check.up());
    assert_eq!(told.turns.load(SeqCst), 2);
}

/// The 16 bytes are those of the specification, section 2.2: whoever speaks the PROXY protocol takes
/// them for a check, and nobody's connection.
#[tokio::test]
async fn a_target_that_expects_a_proxy_header_gets_one_that_speaks_for_nobody() {
    let (checks, told) = checks(8);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let health = HealthCheck {
        probe: Probe::ProxyV2,
        interval: Duration::from_hours(1),
        ..HealthCheck::default()
    };
    let check = checks.subscribe(health.key(address.ip(), Some(address.port())), false);
    let (mut stream, _) = listener.accept().await.unwrap();
    told.turn().await;
    assert!(check.up());
    let mut header = [0; 16];
    stream.read_exact(&mut header).await.unwrap();
    let local =
        [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20, 0, 0, 0];
    assert_eq!(header, local);
    let end = stream.read(&mut [0]).await.unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset, "and no more");
}

/// Answers with 200, and keeps the most that were under way at once in `most`.
async fn serve(mut stream: TcpStream, under_way: Arc<AtomicUsize>, most: Arc<AtomicUsize>) {
    most.fetch_max(under_way.fetch_add(1, SeqCst) + 1, SeqCst);
    drop(stream.read(&mut [0; 1024]).await);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    under_way.fetch_sub(1, SeqCst);
    drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await);
}

#[tokio::test]
async fn no_more_than_allowed_are_under_way_at_once() {
    let (checks, told) = checks(2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let most = Arc::new(AtomicUsize::new(0));
    let (under_way, seen) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&under_way), Arc::clone(&seen)));
        }
    });
    let subscribe = |n| {
        let probe = Probe::Http { port: address.port(), path: format!("/{n}") };
        let (interval, timeout) = (Duration::from_hours(1), Duration::from_hours(1));
        let health = HealthCheck { probe, interval, timeout, ..HealthCheck::default() };
        checks.subscribe(health.key(address.ip(), None), false)
    };
    let held: Vec<_> = (0..8).map(subscribe).collect();
    while !held.iter().all(|check| check.up()) {
        told.turn().await;
    }
    assert_eq!(most.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_asked_an_announced_pass_comes_after_one_interval_and_is_told_once() {
    let (checks, told) = checks(8);
    let health = HealthCheck { probe: Probe::None, ..HealthCheck::default() };
    let check = checks.subscribe(health.key([192, 0, 2, 1].into(), Some(80)), false);
    assert!(check.up(), "where nothing is asked, nothing can be down");
    let noted = check.passes();
    check.announce_next_pass();
    let start = tokio::time::Instant::now();
    told.turn().await;
    assert_eq!(check.passes(), noted + 1);
    assert!(start.elapsed() >= health.interval.mul_f64(0.9), "a suspicion must last");
    // By the paused clock: no time passes.
    tokio::time::sleep(health.interval * 10).await;
    assert!(check.passes() > noted + 5);
    assert_eq!(told.turns.load(SeqCst), 1);
}
