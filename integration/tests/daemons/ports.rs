//! Ports come, change and go, on an address that stays, and clients of the others notice nothing.

use std::net::SocketAddr;
use std::time::Duration;

use seaway_integration::{Load, is_closed, is_steady, until};
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::rig::Rig;

with_both!(a_port_comes_and_another_goes, a_node_port_is_changed);

fn port(number: u16, node_port: u16) -> Value {
    let name = format!("p{number}");
    json!({ "name": name, "port": number, "targetPort": 8080, "nodePort": node_port })
}

async fn a_port_comes_and_another_goes(kind: Kind) {
    let one = json!({ "ports": [port(80, 31082)] });
    let (mut rig, old) = Rig::web(kind, 2, one).await;
    let load = Load::start(old, 3, Duration::ZERO);
    load.serves(30).await;
    let both = json!([port(80, 31082), port(8000, 31083)]);
    rig.cluster.patch_spec("web", json!({ "ports": both })).await;
    let new = SocketAddr::new(old.ip(), 8000);
    is_steady(new).await;
    load.serves(30).await;
    assert_eq!(load.stop().await.failures, [""; 0]);

    let load = Load::start(new, 3, Duration::ZERO);
    load.serves(30).await;
    rig.cluster.patch_spec("web", json!({ "ports": [port(8000, 31083)] })).await;
    until("the old port is closed", async || is_closed(old).await.then_some(())).await;
    load.serves(30).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    assert_eq!(rig.cluster.address("web").await, old.ip());
    rig.stop().await;
}

async fn a_node_port_is_changed(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({ "ports": [port(80, 31084)] })).await;
    rig.cluster.patch_spec("web", json!({ "ports": [port(80, 31085)] })).await;
    let now = rig.cluster.service("web").await.unwrap().spec.unwrap().ports.unwrap();
    assert_eq!(now[0].node_port, Some(31085));
    is_steady(at).await;
    assert_eq!(rig.cluster.address("web").await, at.ip());
    rig.stop().await;
}
