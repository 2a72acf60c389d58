//! A machine whose local ports are used up. It takes a network of its own, which ends with the test.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

#[expect(dead_code, reason = "the lab of all data plane tests")]
#[path = "dataplane/lab.rs"]
mod lab;

use std::fs;
use std::io;

use lab::{Client, Lab, UdpNode, is_reset, set, start, state, udp, until};
use seaway_provider_embedded::dataplane::Balancer;
use seaway_testkit::namespace::alone;
use tokio::net::{TcpSocket, UdpSocket};

/// A client whose own port is none of those that there are few of.
async fn client(lab: &Lab, port: u16) -> io::Result<Client> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((lab.ip(9), port).into())?;
    Ok(Client::over(socket.connect(lab.front()).await?))
}

fn few_ports() {
    fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40009").unwrap();
}

#[test]
fn a_connection_without_a_local_port_is_no_fault_of_the_target_nor_of_descriptors() {
    alone(
        "a_connection_without_a_local_port_is_no_fault_of_the_target_nor_of_descriptors",
        async || {
            few_ports();
            let (lab, plane) = (Lab::new(), start(|_| {}));
            let _node = lab.up(1);
            set(&plane, &lab.balancer(1)).await;
            let mut clients = Vec::new();
            for port in 20_000..20_010 {
                let mut client = client(&lab, port).await.unwrap();
                assert_eq!(client.name().await.unwrap(), "node-1");
                clients.push(client);
            }
            let late = async { client(&lab, 20_010).await?.name().await };
            assert!(is_reset(&late.await));
            until("it is counted", || state(&plane).counts.unserved == 1).await;
            let state = state(&plane);
            assert_eq!((state.counts.out_of_ports, state.counts.starved), (1, 0));
            assert!(state.targets["node-1"].up && state.targets["node-1"].failed == 0);
            assert_eq!(clients[0].echo("still here").await.unwrap(), "still here");
        },
    );
}

#[test]
fn flows_leave_local_ports_to_others() {
    alone("flows_leave_local_ports_to_others", async || {
        few_ports();
        let (lab, plane) = (Lab::new(), start(|_| {}));
        let _node = UdpNode::at(lab.node(1), "node-1");
        let listeners = vec![udp(lab.front())];
        set(&plane, &Balancer { listeners, ..lab.balancer(1) }).await;
        for port in 20_000..20_020 {
            let caller = UdpSocket::bind((lab.ip(9), port)).await.unwrap();
            caller.connect(lab.front()).await.unwrap();
            caller.send(b"?").await.unwrap();
            let mut answer = [0; 16];
            let length = caller.recv(&mut answer).await.unwrap();
            assert_eq!(&answer[..length], b"node-1:?");
        }
        let (whole, counts) = (plane.plane_state(), state(&plane).counts);
        assert_eq!((whole.flows, whole.max_flows, counts.flows_evicted), (9, 9, 11));
        assert_eq!(counts.out_of_ports, 0);
        let other = std::net::UdpSocket::bind((lab.ip(9), 0)).unwrap();
        assert!((40_000..40_010).contains(&other.local_addr().unwrap().port()));
    });
}
