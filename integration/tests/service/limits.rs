//! What keeps the provider `embedded` standing: each limit is told in the log.

use std::io;
use std::net::SocketAddr;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, Process, annotated, answers, ask, ask_udp, embedded, is_refused,
    is_steady, pod, service, until,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::serving::web;

/// A client that was answered, and stays. The place of whoever was there before may not be free yet.
async fn stays(at: SocketAddr) -> TcpStream {
    until(&format!("{at} has room"), async || {
        let mut client = TcpStream::connect(at).await.ok()?;
        asks(&mut client).await.ok().map(|()| client)
    })
    .await
}

/// It asks, and is answered.
async fn asks(client: &mut TcpStream) -> io::Result<()> {
    client.write_all(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n").await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\n") || !answer.windows(4).any(|four| four == b"pod=") {
        if client.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// A Service on TCP and UDP, with this annotation.
fn both(name: &str, note: (&str, &str)) -> Service {
    let port = |name: &str, protocol: &str| json!({ "name": name, "protocol": protocol, "port": 80, "targetPort": 8080 });
    let ports = json!([port("tcp", "TCP"), port("udp", "UDP")]);
    annotated(service(name, "echo", json!({ "ports": ports })), &[note])
}

#[tokio::test]
async fn every_limit_that_is_reached_is_told() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let config = embedded(&cluster.pool(3).await) + "max-connections = 3\nmax-udp-flows = 1\n";
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    let log = controller.process();
    cluster.create(&both("few", ("seaway.dev/max-connections", "1"))).await;
    cluster.create(&both("brief", ("seaway.dev/idle-timeout", "1s"))).await;
    cluster.create(&service("plain", "echo", json!({}))).await;
    let (few, brief) = (cluster.serves("few").await, cluster.serves("brief").await);
    let plain = cluster.serves("plain").await;
    for at in [few, brief, plain] {
        is_steady(at).await;
    }

    let mut silent = stays(brief).await;
    let heard = silent.read(&mut [0; 8]).await;
    assert!(heard.is_err(), "a reset ends it: {heard:?}");
    log.complains(&["connections were ended", "nothing was said on them for too long"]).await;

    let mut one = stays(few).await;
    assert!(is_refused(few).await);
    log.complains(&["connections were reset: the load balancer has as many", "most=1"]).await;
    let (_two, _three) = (stays(plain).await, stays(plain).await);
    assert!(is_refused(plain).await);
    log.complains(&["connections were reset: all load balancers together", "most=3"]).await;
    asks(&mut one).await.unwrap();

    // Each call comes from another port, and so is another flow.
    assert_eq!(ask_udp(few, "one").await.pod, "echo");
    assert_eq!(ask_udp(few, "two").await.pod, "echo");
    log.complains(&["UDP flows were ended to make room for new ones"]).await;
    let other = UdpSocket::bind(("0.0.0.0", 0)).await.unwrap();
    other.send_to(b"lost", brief).await.unwrap();
    log.complains(&["datagrams were dropped: all load balancers together"]).await;
    asks(&mut one).await.unwrap();
    controller.stop().await;
}

#[tokio::test]
async fn a_crowd_waits_when_file_descriptors_end_and_all_else_goes_on() {
    let (cluster, controller, at) = web(1, json!({})).await;
    let config = embedded(&cluster.pool(3).await);
    controller.stop().await;
    let any = ["--metrics-address", "127.0.0.1:0"];
    let (_folder, args) = Controller::args(cluster.kubeconfig(), &config, &any);
    let whole = Process::command(args);
    let mut few = Process::program("sh");
    few.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]);
    few.arg(whole.as_std().get_program()).args(whole.as_std().get_args());
    let process = Process::spawn(few);
    process
        .complains(&["file descriptors will end before max-connections", "descriptors=64"])
        .await;
    process.complains(&["file descriptors will end before max-udp-flows", "descriptors=64"]).await;
    let metrics = answers(&process, "metrics").await;
    process.complains(&["synced"]).await;
    is_steady(at).await;
    let mut early = stays(at).await;
    let mut crowd = Vec::new();
    until("nothing is left", async || {
        crowd.push(TcpStream::connect(at).await);
        process.stderr().contains("raise the limit of file descriptors").then_some(())
    })
    .await;
    let told = process.complains(&["raise the limit of file descriptors"]).await;
    assert!(told.contains("load_balancer=default/web"), "{told}");
    asks(&mut early).await.unwrap();
    // What was kept from the crowd is there for others.
    assert_eq!(ask(metrics, "GET /healthz", "").await.code, 200);
    let numbers = ask(metrics, "GET /metrics", "").await.body;
    assert!(numbers.contains("reason=\"descriptors\""), "{numbers}");
    cluster.create(&service("late", "echo", json!({}))).await;
    // Published once it is open. Its clients wait like all others.
    cluster.address("late").await;
    drop(crowd);
    is_steady(at).await;
    is_steady(cluster.serves("late").await).await;
    process.interrupt().await;
}
