use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use seaway_provider_embedded::dataplane::{
    Balancer, ErrorKind, HealthCheck, Listener, Probe, Protocol,
};

use crate::lab::{
    Caller, Lab, Node, UdpNode, ask, checks, is_reset, open, set, start, state, tcp, udp, until,
};

fn at(lab: &Lab, port: u16) -> SocketAddr {
    SocketAddr::new(lab.ip(0), port)
}

#[tokio::test]
async fn a_set_that_cannot_open_one_port_changes_nothing() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes = (lab.up(1), lab.up(2));
    let before = lab.balancer(1);
    set(&plane, &before).await;
    let (mut early, _) = open(&lab).await;
    let _taken = TcpListener::bind(at(&lab, 9002)).unwrap();
    let want = Balancer {
        listeners: vec![tcp(at(&lab, 9001)), tcp(at(&lab, 9002)), udp(at(&lab, 9003))],
        ..lab.balancer(2)
    };
    let error = plane.set("b".into(), want).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    let address = at(&lab, 9002).to_string();
    assert!(error.to_string().contains(&address), "{error}");
    assert!(error.to_string().contains("ss -lntp 'sport = :9002'"), "{error}");

    assert_eq!(*state(&plane).applied, before);
    assert_eq!(ask(lab.front()).await.unwrap(), "node-1");
    assert_eq!(ask(lab.front()).await.unwrap(), "node-1");
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    drop(TcpListener::bind(at(&lab, 9001)).unwrap());
    drop(UdpSocket::bind(at(&lab, 9003)).unwrap());
}

#[tokio::test]
async fn a_new_balancer_that_cannot_be_opened_is_not_there() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _taken = UdpSocket::bind(lab.front()).unwrap();
    let want = Balancer { listeners: vec![udp(lab.front())], ..lab.balancer(1) };
    let error = plane.set("b".into(), want).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    assert!(error.to_string().contains("UDP"), "{error}");
    assert!(plane.state().is_empty());
}

#[tokio::test]
async fn a_port_of_another_balancer_is_refused_by_its_name() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    plane.set("default/first".into(), lab.balancer(1)).await.unwrap();
    let error = plane.set("default/second".into(), lab.balancer(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    assert!(error.to_string().contains("default/first"), "{error}");
    plane.remove("default/first".into()).await;
    plane.set("default/second".into(), lab.balancer(1)).await.unwrap();
}

#[tokio::test]
async fn two_planes_never_share_a_port() {
    let (lab, plane, other) = (Lab::new(), start(|_| {}), start(|_| {}));
    let listeners = vec![tcp(lab.front()), udp(lab.front())];
    set(&plane, &Balancer { listeners, ..lab.balancer(1) }).await;
    for listener in [tcp(lab.front()), udp(lab.front())] {
        let want = Balancer { listeners: vec![listener], ..lab.balancer(1) };
        let error = other.set("b".into(), want).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InUse);
    }
}

#[tokio::test]
async fn an_address_that_is_not_here_is_refused_with_the_command_that_adds_it() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    // RFC 5737: an address for documentation, on no machine.
    let listeners = vec![tcp("192.0.2.1:8080".parse().unwrap())];
    let error = plane.set("b".into(), Balancer { listeners, ..lab.balancer(1) }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLocal);
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
    #[cfg(target_os = "linux")]
    assert!(error.to_string().contains("sudo ip addr add 192.0.2.1/32 dev lo"), "{error}");
}

#[tokio::test]
async fn what_contradicts_itself_is_refused() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let path = |path: &str| {
        let probe = Probe::Http { port: 80, path: path.to_owned() };
        Balancer { health: HealthCheck { probe, ..HealthCheck::default() }, ..lab.balancer(1) }
    };
    let listeners = |listeners| Balancer { listeners, ..lab.balancer(1) };
    let mut no_interval = lab.balancer(1);
    no_interval.health.interval = Duration::ZERO;
    let no_port = Listener { target_port: 0, ..tcp(lab.front()) };
    for want in [
        listeners(vec![tcp(lab.front()), tcp(lab.front())]),
        listeners(vec![tcp(at(&lab, 0))]),
        listeners(vec![no_port]),
        no_interval,
        path("healthz"),
        path("/ HTTP/1.1\r\nX: y"),
    ] {
        let error = plane.set("b".into(), want).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[tokio::test]
async fn remove_closes_the_ports_and_lets_connections_drain() {
    let limit = Duration::from_millis(300);
    let (lab, plane) = (Lab::new(), start(|options| options.listener_drain = limit));
    let _nodes = (lab.up(1), UdpNode::at(lab.node(1), "node-1"));
    let listeners = vec![tcp(lab.front()), udp(lab.front())];
    set(&plane, &Balancer { listeners, ..lab.balancer(1) }).await;
    let (mut early, _) = open(&lab).await;
    Caller::to(lab.front()).await.ask().await;
    plane.remove("b".into()).await;
    assert!(plane.state().is_empty());
    assert!(ask(lab.front()).await.is_err());
    drop(UdpSocket::bind(lab.front()).unwrap());
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    assert!(is_reset(&early.rest().await));
    plane.remove("b".into()).await;
}

#[tokio::test]
async fn a_removed_balancer_can_come_back_while_its_connections_drain() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut early, _) = open(&lab).await;
    plane.remove("b".into()).await;
    set(&plane, &lab.balancer(1)).await;
    assert_eq!(ask(lab.front()).await.unwrap(), "node-1");
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
}

#[tokio::test]
async fn ports_open_and_close_and_the_others_do_not_notice() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut early, _) = open(&lab).await;
    let listeners = vec![tcp(lab.front()), tcp(at(&lab, 9001))];
    set(&plane, &Balancer { listeners, ..lab.balancer(1) }).await;
    assert_eq!(ask(at(&lab, 9001)).await.unwrap(), "node-1");
    set(&plane, &lab.balancer(1)).await;
    assert!(ask(at(&lab, 9001)).await.is_err());
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
}

#[tokio::test]
async fn changes_under_load_fail_no_request() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes: Vec<_> = (1..=4).map(|n| lab.up(n)).collect();
    set(&plane, &Balancer { health: checks(Probe::Tcp), ..lab.balancer(4) }).await;
    let front = lab.front();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let load = tokio::spawn(async move {
        let mut asked = 0;
        while !*stopped.borrow() {
            ask(front).await.unwrap();
            asked += 1;
        }
        asked
    });
    for round in 0..100 {
        let out = round % 4 + 1;
        let nodes = (1..=4).filter(|&n| n != out);
        let extra = at(&lab, 9000 + u16::try_from(round % 3).unwrap());
        let want = Balancer {
            listeners: vec![tcp(front), tcp(extra)],
            targets: lab.targets(nodes),
            affinity: (round % 2 == 0).then_some(Duration::from_mins(1)),
            health: checks(Probe::Tcp),
            ..Balancer::default()
        };
        set(&plane, &want).await;
    }
    until("there was load", || state(&plane).counts.accepted > 50).await;
    stop.send(true).unwrap();
    assert!(load.await.unwrap() > 50);
}

#[tokio::test]
async fn ipv6_is_served_and_leaves_ipv4_alone() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let Ok(probe) = TcpListener::bind("[::1]:0") else { return };
    let port = probe.local_addr().unwrap().port();
    drop(probe);
    let _node = lab.up(1);
    let front = SocketAddr::new("::1".parse().unwrap(), port);
    let target = Listener { address: front, protocol: Protocol::Tcp, target_port: 31002 };
    set(&plane, &Balancer { listeners: vec![target], ..lab.balancer(1) }).await;
    assert_eq!(ask(front).await.unwrap(), "node-1");
    // An IPv6 node behind an IPv4 address.
    let Ok(probe) = TcpListener::bind("[::1]:0") else { return };
    let node = probe.local_addr().unwrap();
    drop(probe);
    let _node = Node::at(node, "six");
    let mut want = lab.balancer(1);
    want.targets.get_mut("node-1").unwrap().address = node.ip();
    want.listeners[0].target_port = node.port();
    plane.set("six".into(), want).await.unwrap();
    assert_eq!(ask(lab.front()).await.unwrap(), "six");
}

#[test]
fn the_door_needs_nothing_of_the_callers_runtime() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    // Neither timers nor sockets work here.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        set(&plane, &lab.balancer(0)).await;
        assert_eq!(plane.state().len(), 1);
        plane.shutdown(Duration::from_secs(1)).await;
        assert!(plane.state().is_empty());
    });
}

#[tokio::test]
async fn what_was_applied_is_told_for_one_and_for_all() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let want = Arc::new(lab.balancer(1));
    plane.set("b".into(), Arc::clone(&want)).await.unwrap();
    let applied = plane.applied(&"b".into()).unwrap();
    // Not a copy: thousands of balancers with hundreds of targets are kept once.
    assert!(Arc::ptr_eq(&applied, &want));
    assert_eq!(plane.all_applied(), [("b".into(), want)].into());
    assert_eq!(plane.applied(&"other".into()), None);
    plane.remove("b".into()).await;
    assert_eq!(plane.applied(&"b".into()), None);
}
