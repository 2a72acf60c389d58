use futures::future::join_all;
use seaway_provider_embedded::dataplane::Balancer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab::{
    Caller, Client, Lab, UdpNode, is_reset, listener, open, set, start, state, udp, until,
};

#[tokio::test]
async fn a_burst_of_clients_is_served_whichever_thread_takes_them() {
    const CLIENTS: usize = 64;
    let (lab, plane) = (Lab::new(), start(|options| options.threads = 8));
    let _nodes: Vec<_> = (1..=3).map(|n| lab.up(n)).collect();
    set(&plane, &lab.balancer(3)).await;
    let talks = (0..CLIENTS).map(async |number| {
        let (mut client, _) = open(&lab).await;
        let text = format!("client {number}");
        for _ in 0..20 {
            assert_eq!(client.echo(&text).await.unwrap(), text);
        }
        client
    });
    let clients = join_all(talks).await;
    assert_eq!(state(&plane).counts.connections_open, CLIENTS as u64);
    drop(clients);
    until("all have ended", || plane.plane_state().connections == 0).await;
    let state = state(&plane);
    assert_eq!((state.counts.accepted, state.counts.unserved), (CLIENTS as u64, 0));
    assert_eq!(state.targets.values().map(|target| target.served).sum::<u64>(), CLIENTS as u64);
}

#[tokio::test]
async fn the_datagrams_of_a_client_stay_in_their_order() {
    let (lab, plane) = (Lab::new(), start(|options| options.threads = 8));
    let _node = UdpNode::at(lab.node(1), "node-1");
    let listeners = vec![udp(lab.front())];
    set(&plane, &Balancer { listeners, ..lab.balancer(1) }).await;
    // No more at once than the node's socket has room for.
    let talks = (0..16).map(async |_| {
        let caller = Caller::to(lab.front()).await;
        for round in 0..20 {
            let numbers = round * 6..(round + 1) * 6;
            for number in numbers.clone() {
                caller.send(format!("{number}").as_bytes()).await;
            }
            for number in numbers {
                assert_eq!(caller.receive().await, format!("node-1:{number}").as_bytes());
            }
        }
        caller
    });
    let callers = join_all(talks).await;
    let counts = state(&plane).counts;
    assert_eq!((counts.flows_open, counts.datagrams_dropped), (callers.len() as u64, 0));
}

/// Large parts go through a pipe, and small ones don't.
#[tokio::test]
async fn a_stream_that_is_now_large_and_now_small_arrives_whole() {
    const LARGE: usize = 8 << 20;
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut client, _) = open(&lab).await;
    for round in 0..3_u8 {
        let data: Vec<u8> =
            (0..LARGE).map(|i| u8::try_from((i / 251 + i) % 256).unwrap() ^ round).collect();
        let (mut read, mut write) = client.stream().split();
        let receive = async {
            let mut got = vec![0; LARGE];
            read.read_exact(&mut got).await.map(|_| got)
        };
        let (sent, got) = tokio::join!(write.write_all(&data), receive);
        sent.unwrap();
        assert!(got.unwrap() == data, "the bytes of round {round} differ");
        for _ in 0..50 {
            assert_eq!(client.echo("small talk").await.unwrap(), "small talk");
        }
    }
    client.stream().shutdown().await.unwrap();
    assert_eq!(client.rest().await.unwrap(), b"bye");
    until("the connection has ended", || state(&plane).counts.connections_open == 0).await;
    let bytes = 3 * (LARGE + 50 * "small talk".len()) as u64;
    let counts = state(&plane).counts;
    assert_eq!((counts.bytes_in, counts.client_broke, counts.target_broke), (bytes, 0, 0));
    assert_eq!(counts.bytes_out, bytes + "node-1\nbye".len() as u64);
}

#[tokio::test]
async fn a_large_stream_that_breaks_off_ends_by_a_reset() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &lab.balancer(1)).await;
    let mut client = Client::to(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    let send = async {
        let piece = vec![7; 1 << 20];
        for _ in 0..32 {
            stream.write_all(&piece).await.unwrap();
        }
        stream.set_zero_linger().unwrap();
        drop(stream);
    };
    // An end of the stream would be no error: half of it would look like all.
    let ((), received) = tokio::join!(send, client.rest());
    assert!(is_reset(&received));
    until("it is counted", || state(&plane).counts.target_broke == 1).await;
}
