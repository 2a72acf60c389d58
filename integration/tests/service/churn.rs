//! Nodes and ports come and go while clients hold connections and open new ones: none of them notices.
//! `make bench-embedded` has the same at its full size.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{Patch, PatchParams};
use seaway_integration::{
    Cluster, Controller, DEADLINE, Load, embedded, figure, is_closed, is_steady, pod, service,
    until,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const NODES: usize = 4;
/// Connections that are open from the first change to the last.
const OPEN: usize = 200;
/// And those through each port that comes and goes.
const THROUGH_PASSING: usize = 10;
const EXCLUDE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";
const AUTOSCALER_TAINT: &str = "ToBeDeletedByClusterAutoscaler";

/// What is done to a node. All of it leaves the machine alone, on any cluster.
#[derive(Clone, Copy)]
enum Turn {
    /// The label comes, and goes with `Include`.
    Exclude,
    Include,
    /// The taint comes, and goes with `Resume`.
    Drain,
    Resume,
}

/// The changes of nodes, two side by side: Seaway gathers those of a second.
const TURNS: [[(usize, Turn); 2]; 6] = [
    [(1, Turn::Exclude), (2, Turn::Drain)],
    [(1, Turn::Include), (3, Turn::Drain)],
    [(2, Turn::Resume), (4, Turn::Exclude)],
    [(3, Turn::Resume), (1, Turn::Drain)],
    [(4, Turn::Include), (2, Turn::Exclude)],
    [(1, Turn::Resume), (2, Turn::Include)],
];
/// The port beside port 80 after each of them: every step is a change of ports, too.
const PASSING: [Option<u16>; 6] = [Some(81), None, Some(82), None, Some(81), None];

/// A connection that is kept.
struct Kept {
    stream: TcpStream,
    via: String,
}

impl Kept {
    async fn open(at: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect(at).await?;
        let via = ask(&mut stream).await?;
        Ok(Self { stream, via })
    }

    /// Whether it still leads to where it led.
    async fn lives(&mut self) -> Result<(), String> {
        let asked = timeout(DEADLINE, ask(&mut self.stream)).await;
        match asked.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())? {
            via if via == self.via => Ok(()),
            via => Err(format!("{via} answers for {}", self.via)),
        }
    }
}

/// One request on a connection that goes on after it; the answer says by which node it came.
async fn ask(stream: &mut TcpStream) -> io::Result<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n").await?;
    let mut text = String::new();
    loop {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        text += str::from_utf8(&piece[..read]).unwrap();
        // The answer is one line.
        if let Some((head, line)) = text.split_once("\r\n\r\n")
            && line.ends_with('\n')
        {
            assert!(head.starts_with("HTTP/1.1 200 "), "{text}");
            let via = line.split_whitespace().find_map(|word| word.strip_prefix("via="));
            return Ok(via.unwrap().to_owned());
        }
    }
}

async fn keep(at: SocketAddr, count: usize) -> Vec<Kept> {
    try_join_all((0..count).map(|_| Kept::open(at))).await.unwrap()
}

/// Why connections do not live any more; those that do are left.
async fn broken(kept: &mut Vec<Kept>) -> Vec<String> {
    let answers = join_all(kept.iter_mut().map(Kept::lives)).await;
    let mut lost = Vec::new();
    for (one, answer) in std::mem::take(kept).into_iter().zip(answers) {
        match answer {
            Ok(()) => kept.push(one),
            Err(why) => lost.push(why),
        }
    }
    lost
}

async fn turn(cluster: &Cluster, node: &str, turn: Turn) {
    match turn {
        Turn::Exclude => cluster.label_node(node, EXCLUDE, Some("true")).await,
        Turn::Include => cluster.label_node(node, EXCLUDE, None).await,
        Turn::Drain => {
            taint(cluster, node, json!([{ "key": AUTOSCALER_TAINT, "effect": "NoSchedule" }]))
                .await;
        }
        Turn::Resume => taint(cluster, node, Value::Null).await,
    }
}

async fn taint(cluster: &Cluster, node: &str, taints: Value) {
    let nodes = Api::<Node>::all(cluster.client());
    let patch = Patch::Merge(json!({ "spec": { "taints": taints } }));
    nodes.patch(node, &PatchParams::default(), &patch).await.unwrap();
}

/// Port 80, and perhaps one more. It has its name from the first: with a name that changes, a node
/// knows no pods for the port, until it has heard of both the Service and its EndpointSlice.
fn ports(passing: Option<u16>) -> Value {
    let port = |port| json!({ "name": format!("to-{port}"), "port": port, "targetPort": 8080 });
    [80].into_iter().chain(passing).map(port).collect()
}

/// Waits until clients see what became of a node.
async fn is_seen(load: &Load, node: &str, turn: Turn) {
    match turn {
        Turn::Exclude | Turn::Drain => drop(load.leaves(node, 4 * NODES).await),
        Turn::Include | Turn::Resume => {
            let since = Instant::now();
            let share = async || load.tally(since).nodes.contains(node).then_some(());
            until(&format!("{node} gets its share"), share).await;
        }
    }
}

#[tokio::test]
async fn nodes_and_ports_change_and_no_client_notices() {
    let cluster = Cluster::sandbox(NODES).await;
    cluster.create(&pod("echo", "web", None)).await;
    // No drain is to end before the story does.
    let config = embedded(&cluster.pool(1).await).replace("drain-seconds = 1\n", "");
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    cluster.create(&service("web", "web", json!({ "ports": ports(None) }))).await;
    let at = cluster.serves("web").await;
    is_steady(at).await;
    let mut kept = keep(at, OPEN).await;
    let load = Load::start(at, 4, Duration::ZERO);

    let mut served = None;
    let mut lost = Vec::new();
    for (turns, passing) in TURNS.into_iter().zip(PASSING) {
        for (number, change) in turns {
            turn(&cluster, &format!("node-{number}"), change).await;
        }
        cluster.patch_spec("web", json!({ "ports": ports(passing) })).await;
        let at = |port| SocketAddr::new(at.ip(), port);
        if let Some(old) = served {
            until(&format!("port {old} is closed"), async || {
                is_closed(at(old)).await.then_some(())
            })
            .await;
        }
        if let Some(new) = passing {
            is_steady(at(new)).await;
            kept.extend(keep(at(new), THROUGH_PASSING).await);
        }
        served = passing;
        for (number, change) in turns {
            is_seen(&load, &format!("node-{number}"), change).await;
        }
        lost.extend(broken(&mut kept).await);
    }

    let tally = load.stop().await;
    figure("churn.open_connections", kept.len(), "count");
    figure("churn.new_connections", tally.served, "count");
    figure("churn.refused_connections", tally.failures.len(), "count");
    figure("churn.broken_connections", lost.len(), "count");
    assert_eq!(tally.failures, [""; 0]);
    assert_eq!(lost, [""; 0]);
    // They would be cut after the second that a stop lets them live.
    drop(kept);
    controller.stop().await;
}
