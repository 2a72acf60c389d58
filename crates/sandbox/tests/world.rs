//! Simulated machines on the sandbox's API: what a user or a load balancer sees of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "world/lab.rs"]
mod lab;

use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kube::{
    Api,
    api::{DeleteParams, ListParams, PostParams},
};
use lab::{Answer, DEADLINE, Lab, code, fetch, get, until};
use seaway_sandbox::world::{AddressPlan, Crash, MachineState, Options, World, example};
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    task::JoinSet,
    time::timeout,
};

const WEB: u16 = example::NODE_PORT;

#[tokio::test]
async fn every_node_answers_for_pods_on_all_nodes() {
    let lab = Lab::with_example(Lab::options()).await;
    let mut homes = BTreeSet::new();
    for machine in lab.world.machines() {
        let mut pods = BTreeSet::new();
        for _ in 0..3 {
            let (line, own) = get(machine.address, WEB, "/any/path").await.unwrap();
            let answer = Answer::parse(&line);
            assert_eq!(answer.via, *machine.name);
            assert_eq!(answer.client, own);
            pods.insert(answer.pod);
            homes.insert(answer.on);
        }
        assert_eq!(pods.len(), 3, "{pods:?}");
    }
    assert_eq!(homes.len(), 3, "the pods are spread: {homes:?}");

    let pod = lab.api::<Pod>().get("tomcat-1").await.unwrap().status.unwrap();
    let ip = pod.pod_ip.unwrap().parse().unwrap();
    let (line, own) = get(ip, example::PORT, "/").await.unwrap();
    let answer = Answer::parse(&line);
    assert_eq!((answer.via.as_str(), answer.client), ("direct", own));
    lab.stop().await;
}

#[tokio::test]
async fn a_request_may_ask_for_bytes_and_a_half_closed_one_gets_its_own_back() {
    let lab = Lab::with_example(Lab::options()).await;
    let node = lab.node("node-2");
    let (dots, _) = get(node, WEB, "/?bytes=100000&delay=5").await.unwrap();
    assert_eq!(dots.len(), 100_000);
    assert_eq!(code(node, WEB, "/?bytes=many").await.unwrap(), 400);

    let mut stream = TcpStream::connect((node, WEB)).await.unwrap();
    let request = b"POST /echo HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\
                    Content-Length: 5\r\n\r\nhello";
    stream.write_all(request).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("hello"), "{answer}");
    lab.stop().await;
}

#[tokio::test]
async fn local_policy_serves_only_where_the_pods_are_and_the_check_says_so() {
    let lab = Lab::start(Lab::options()).await;
    lab.create_pod("web", "node-2", json!([{ "name": "http", "containerPort": 8081 }])).await;
    let spec = json!({
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "ports": [{ "port": 80, "targetPort": "http" }],
    });
    let service = lab.create_service("web", spec).await.spec.unwrap();
    let node_port = |p: Option<i32>| u16::try_from(p.unwrap()).unwrap();
    let health = node_port(service.health_check_node_port);
    let port = node_port(service.ports.unwrap()[0].node_port);
    lab.until_endpoints("web", 1).await;
    let (here, elsewhere) = (lab.node("node-2"), lab.node("node-1"));
    let line = until("the pod answers", async || get(here, port, "/").await.ok()).await.0;
    let answer = Answer::parse(&line);
    assert_eq!((answer.via.as_str(), answer.on.as_str()), ("node-2", "node-2"));
    until("elsewhere the check fails", async || {
        code(elsewhere, health, "/healthz").await.ok().filter(|code| *code == 503)
    })
    .await;
    let request = "GET /healthz HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";
    let (head, body, _) = fetch(here, health, request).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.to_lowercase().contains("x-load-balancing-endpoint-weight: 1"), "{head}");
    assert!(body.contains(r#""localEndpoints":1"#), "{body}");
    assert!(get(elsewhere, port, "/").await.is_err());
    until("the node's own check is good", async || {
        code(elsewhere, 10_256, "/healthz").await.ok().filter(|code| *code == 200)
    })
    .await;

    lab.annotate_pod("web", "sandbox.seaway.dev/ready", Some("false")).await;
    until("the check fails without a ready pod", async || {
        code(here, health, "/healthz").await.ok().filter(|code| *code == 503)
    })
    .await;
    lab.annotate_pod("web", "sandbox.seaway.dev/ready", None).await;
    lab.until_endpoints("web", 1).await;
    lab.stop().await;
}

#[tokio::test]
async fn datagrams_are_answered_with_their_way_and_their_content() {
    let lab = Lab::start(Lab::options()).await;
    let ports = json!([{ "containerPort": 5353, "protocol": "UDP" }]);
    lab.create_pod("dns", "node-3", ports).await;
    let spec = json!({
        "type": "NodePort",
        "ports": [{ "port": 53, "protocol": "UDP", "targetPort": 5353 }],
    });
    let service = lab.create_service("dns", spec).await.spec.unwrap();
    let port = u16::try_from(service.ports.unwrap()[0].node_port.unwrap()).unwrap();
    lab.until_endpoints("dns", 1).await;
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect((lab.node("node-1"), port)).await.unwrap();
    let answer = until("a datagram comes back", async || {
        // An earlier one may have met a closed port: the error of it is told here.
        client.send(b"who?").await.ok()?;
        let mut buffer = [0; 512];
        let received = timeout(Duration::from_millis(200), client.recv(&mut buffer)).await;
        Some(String::from_utf8(buffer[..received.ok()?.ok()?].to_vec()).unwrap())
    })
    .await;
    let (line, payload) = answer.split_once('\n').unwrap();
    let way = Answer::parse(line);
    assert_eq!((way.via.as_str(), way.on.as_str()), ("node-1", "node-3"));
    assert_eq!(way.client, client.local_addr().unwrap());
    assert_eq!(payload, "who?");
    lab.stop().await;
}

/// Requests on all given nodes, as fast as they are answered, until it is told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

impl Load {
    fn start(nodes: &[Ipv4Addr]) -> Self {
        let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for node in nodes.iter().copied() {
            let (stop, served) = (Arc::clone(&stop), Arc::clone(&served));
            clients.spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    match get(node, WEB, "/?delay=2").await {
                        Ok(_) => drop(served.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => failures.push(format!("{node}: {error}")),
                    }
                }
                failures
            });
        }
        Self { stop, served, clients }
    }

    async fn until_served(&self, more: usize) {
        let target = self.served.load(Ordering::Relaxed) + more;
        until("the load is served", async || {
            (self.served.load(Ordering::Relaxed) >= target).then_some(())
        })
        .await;
    }

    async fn failures(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.concat()
    }
}

#[tokio::test]
async fn a_pod_is_deleted_under_load_and_no_request_is_lost() {
    let lab = Lab::with_example(Lab::options()).await;
    let nodes: Vec<_> = lab.world.machines().iter().map(|m| m.address).collect();
    let load = Load::start(&nodes);
    load.until_served(30).await;
    let pods = lab.api::<Pod>();
    pods.delete("tomcat-2", &DeleteParams::default()).await.unwrap();
    until("the pod is gone", async || {
        pods.get_opt("tomcat-2").await.unwrap().is_none().then_some(())
    })
    .await;
    load.until_served(30).await;
    assert_eq!(load.failures().await, [""; 0]);
    for _ in 0..6 {
        let (line, _) = get(nodes[0], WEB, "/").await.unwrap();
        assert_ne!(Answer::parse(&line).pod, "tomcat-2");
    }
    lab.stop().await;
}

#[tokio::test]
async fn the_machine_of_a_deleted_node_works_until_it_is_switched_off() {
    let options = Options { drain: Duration::from_secs(2), ..Lab::options() };
    let lab = Lab::with_example(options).await;
    let machines = lab.world.machines();
    let leaving = lab.node("node-3");
    let staying: Vec<_> = machines.iter().map(|m| m.address).filter(|a| *a != leaving).collect();
    let load = Load::start(&staying);
    let nodes = Api::<Node>::all(lab.client.clone());
    nodes.delete("node-3", &DeleteParams::default()).await.unwrap();
    until("the machine knows that it is to go", async || {
        let machine = lab.world.machines().into_iter().find(|m| *m.name == *"node-3")?;
        (machine.state == MachineState::Leaving).then_some(())
    })
    .await;
    let (line, _) = get(leaving, WEB, "/").await.unwrap();
    assert_eq!(Answer::parse(&line).via, "node-3");
    lab.until_endpoints("tomcat-service", 2).await;
    until("it is switched off", async || lab.world.address("node-3").is_none().then_some(())).await;
    let refused = until("its ports are closed", async || get(leaving, WEB, "/").await.err()).await;
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    until("its pods are gone", async || {
        let pods = lab.api::<Pod>().list(&ListParams::default()).await.unwrap();
        (pods.items.len() == 2).then_some(())
    })
    .await;
    assert_eq!(load.failures().await, [""; 0]);
    lab.stop().await;
}

#[tokio::test]
async fn a_crashed_node_resets_its_connections_and_boots_again() {
    let options = Options { node_monitor_grace: Duration::from_millis(200), ..Lab::options() };
    let lab = Lab::with_example(options).await;
    let node = lab.node("node-2");
    let mut open = TcpStream::connect((node, WEB)).await.unwrap();
    open.write_all(b"GET /?delay=60000 HTTP/1.1\r\nHost: lab\r\n\r\n").await.unwrap();
    lab.world.crash("node-2", Crash::Reset).await.unwrap();
    let broken = timeout(DEADLINE, open.read(&mut [0; 64])).await.unwrap().unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::ConnectionReset);
    let refused =
        until("the port is closed", async || TcpStream::connect((node, WEB)).await.err()).await;
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    lab.until_endpoints("tomcat-service", 2).await;
    let ready = async || {
        let nodes = Api::<Node>::all(lab.client.clone());
        let status = nodes.get("node-2").await.unwrap().status.unwrap();
        let conditions = status.conditions.unwrap();
        conditions.into_iter().find(|c| c.type_ == "Ready").unwrap().status
    };
    until("the node is Unknown", async || (ready().await == "Unknown").then_some(())).await;

    lab.world.recover("node-2").await.unwrap();
    lab.until_endpoints("tomcat-service", 3).await;
    until("the node is Ready", async || (ready().await == "True").then_some(())).await;
    until("the NodePort is open again", async || get(node, WEB, "/").await.ok()).await;
    lab.stop().await;
}

#[tokio::test]
async fn a_black_hole_keeps_its_connections_and_answers_nothing() {
    const SILENCE: Duration = Duration::from_millis(300);
    let lab = Lab::with_example(Lab::options()).await;
    let node = lab.node("node-1");
    let mut open = TcpStream::connect((node, WEB)).await.unwrap();
    open.write_all(b"GET /?delay=60000 HTTP/1.1\r\nHost: lab\r\n\r\n").await.unwrap();
    lab.world.crash("node-1", Crash::Blackhole).await.unwrap();
    assert!(timeout(SILENCE, open.read(&mut [0; 64])).await.is_err(), "still open, no answer");
    assert!(timeout(SILENCE, get(node, WEB, "/")).await.is_err(), "no refusal, no answer");
    until("handshakes are no longer completed", async || {
        timeout(SILENCE, TcpStream::connect((node, WEB))).await.is_err().then_some(())
    })
    .await;
    lab.world.recover("node-1").await.unwrap();
    until("it answers again", async || get(node, WEB, "/").await.ok()).await;
    let broken = timeout(DEADLINE, open.read(&mut [0; 64])).await.unwrap().unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::ConnectionReset);
    lab.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_told_on_the_service_and_used_once_it_is_free() {
    let lab = Lab::start(Lab::options()).await;
    let node = lab.node("node-1");
    let other = std::net::TcpListener::bind((node, 31_500)).unwrap();
    lab.create_pod("web", "node-2", json!([])).await;
    let ports = json!([{ "port": 80, "targetPort": 8080, "nodePort": 31_500 }]);
    lab.create_service("web", json!({ "type": "NodePort", "ports": ports })).await;
    let message = until("an Event says so", async || {
        let events = lab.api::<Event>().list(&ListParams::default()).await.unwrap().items;
        events.into_iter().find(|e| e.reason.as_deref() == Some("NodePortInUse"))?.message
    })
    .await;
    assert!(message.contains(&format!("node-1 can't listen on {node}:31500")), "{message}");
    drop(other);
    until("the port is served", async || get(node, 31_500, "/").await.ok()).await;
    lab.stop().await;
}

#[tokio::test]
async fn a_labelled_node_comes_to_life() {
    let lab = Lab::with_example(Lab::options()).await;
    let edge: Node = serde_json::from_value(json!({
        "metadata": { "name": "edge", "labels": { "sandbox.seaway.dev/simulated": "true" } },
    }))
    .unwrap();
    let nodes = Api::<Node>::all(lab.client.clone());
    nodes.create(&PostParams::default(), &edge).await.unwrap();
    let address = until("it has an address", async || lab.world.address("edge")).await;
    let line = until("it serves", async || get(address, WEB, "/").await.ok()).await.0;
    assert_eq!(Answer::parse(&line).via, "edge");
    until("its Node says all", async || {
        let node = nodes.get("edge").await.unwrap();
        let status = node.status.unwrap_or_default();
        let shown = status.addresses.unwrap_or_default().first()?.address == address.to_string();
        let id = node.spec.unwrap_or_default().provider_id;
        (shown && id.as_deref() == Some("sandbox://edge")).then_some(())
    })
    .await;
    assert_eq!(lab.world.add_node().await.unwrap(), "node-4");
    lab.stop().await;
}

#[tokio::test]
async fn nothing_is_left_open_after_the_stop() {
    // A block that no other test gets, so that its ports stay closed.
    let addresses = AddressPlan::Block(253);
    let lab = Lab::with_example(Options { addresses, ..Lab::options() }).await;
    let nodes: Vec<_> = lab.world.machines().iter().map(|m| m.address).collect();
    let mut idle = TcpStream::connect((nodes[0], WEB)).await.unwrap();
    let Lab { world, client, server } = lab;
    timeout(Duration::from_secs(1), world.stop()).await.expect("it stops within a second");
    for (node, port) in nodes.iter().flat_map(|node| [(*node, WEB), (*node, 10_256)]) {
        let refused = TcpStream::connect((node, port)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    assert!(!matches!(idle.read(&mut [0; 8]).await, Ok(1..)));

    // Its nodes are still there, and the next world takes them over.
    let options = Options { addresses, ..Lab::options() };
    let world = World::start(client, options).await.unwrap();
    until("it answers again", async || get(nodes[0], WEB, "/").await.ok()).await;
    world.stop().await;
    drop(server);
}
