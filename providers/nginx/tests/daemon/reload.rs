use futures::future::try_join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaway_box::Daemon;
use seaway_core::ErrorKind;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::lab::{Client, Lab};

const OPEN: usize = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_break_none_of_many_connections_and_refuse_no_new_one() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
    let lab = Lab::new().await;
    let (a, b) = (lab.node(11).await, lab.node(12).await);
    lab.serve([lab.entry(&[&a, &b])]).await;
    let front = lab.front();
    let mut clients = Vec::new();
    while clients.len() < OPEN {
        clients.extend(try_join_all((0..100).map(|_| Client::connect(front))).await.unwrap());
    }
    assert!(clients.iter().all(|client| client.node.starts_with("node-")));

    let (stop, mut stopped) = oneshot::channel::<()>();
    let stream = tokio::spawn(async move {
        let mut served = 0;
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            let mut client = Client::connect(front).await.unwrap();
            client.echo().await.unwrap();
            served += 1;
        }
        served
    });
    for nodes in [&[&a][..], &[&a, &b], &[&b], &[&a, &b], &[&a]] {
        lab.serve([lab.entry(nodes)]).await;
    }
    for client in &mut clients {
        client.echo().await.unwrap();
    }
    drop(stop);
    assert!(stream.await.unwrap() > 0);
}

#[tokio::test]
async fn a_line_that_is_not_taken_is_named_and_the_daemon_goes_on() {
    let lab = Lab::new().await;
    let node = lab.node(11).await;
    lab.serve([lab.entry(&[&node])]).await;
    let file = lab.write([lab.entry(&[&node, &lab.node(12).await])]).await;
    let spoiled = file.text.replace("proxy_pass", "proxy_past");
    let line = spoiled.lines().position(|line| line.contains("proxy_past")).unwrap() + 1;
    lab.folder.write(spoiled).await.unwrap();
    let complaint = lab.check().await.unwrap_err();
    assert_eq!((complaint.kind, complaint.line), (ErrorKind::InvalidSpec, Some(line)));
    assert!(complaint.message.starts_with("unknown directive \"proxy_past\" in "), "{complaint:?}");

    // Had it been installed all the same.
    let error = lab.load(&file).await.unwrap_err();
    assert!(error.message().contains("goes on as it was: unknown directive"), "{error}");
    assert_eq!(Client::connect(lab.front()).await.unwrap().node, node.name);
}

#[tokio::test]
async fn an_address_that_is_not_here_is_named() {
    let lab = Lab::new().await;
    let mut entry = lab.entry(&[]);
    entry.addresses.push("192.0.2.77".parse().unwrap());
    let file = lab.write([entry]).await;
    let complaint = lab.check().await.unwrap_err();
    assert_eq!(complaint.kind, ErrorKind::Unavailable);
    let line = file.text.lines().nth(complaint.line.unwrap() - 1).unwrap();
    assert_eq!(line.trim(), "listen 192.0.2.77:8080 backlog=4096;");
    assert!(complaint.message.contains("Cannot assign requested address"), "{complaint:?}");
}

#[tokio::test]
async fn a_daemon_that_was_left_running_is_taken_over() {
    let lab = Lab::new().await;
    let node = lab.node(11).await;
    lab.serve([lab.entry(&[&node])]).await;
    let mut client = Client::connect(lab.front()).await.unwrap();
    let running = lab.nginx.running().await.unwrap();
    let lab = lab.again().await;
    lab.nginx.adopt().await.unwrap();
    assert_eq!(lab.nginx.running().await.unwrap(), running);
    lab.serve([lab.entry(&[])]).await;
    client.echo().await.unwrap();
    lab.nginx.close(std::time::Duration::ZERO).await;
    assert_eq!(lab.nginx.running().await.unwrap(), None);
}
