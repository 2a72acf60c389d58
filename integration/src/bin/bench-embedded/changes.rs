//! 10,000 open connections and a stream of new ones, through 500 node changes and 50 port changes: how
//! many clients were refused, and how many connections broke that should have lived.
//!
//! It is the whole product that is driven: `seaway run` follows the Nodes and Services of a
//! `seaway sandbox`, and carries what clients send to its addresses. The machines behind the Nodes are
//! ours: whatever happens to a Node object, its machine works on, as that of a node that is drained.
//! So the documents let nothing break at all: a node that goes keeps its open connections, and so does
//! a port that is closed, for `drain-seconds`.
//!
//! ```text
//! descriptor how many of them there may be, and so how many processes share the load
//! lane       a cluster, its Seaway, and all that happens to both
//! backend    the machines of its nodes, in a process of their own
//! fleet      the Nodes, and what becomes of each next
//! node       a change of a Node, as it is written
//! service    the Services, and what becomes of their ports next
//! front      the ports that are served, and what was seen through them
//! clients    the stream of new connections
//! kept       the connections that are to live through everything
//! talk       one connection, and what is said on it
//! tally      what is counted
//! ```
mod backend;
mod clients;
mod descriptor;
mod fleet;
mod front;
mod kept;
mod lane;
mod node;
mod service;
mod talk;
mod tally;

use std::sync::Arc;

use futures::future::join_all;
use tokio::time::Instant;

pub(crate) use self::backend::{NODES, serve};
use self::lane::Lane;
use self::tally::Tally;

/// How many connections are open all the time.
const OPEN: usize = 10_000;
const NODE_CHANGES: usize = 500;
const PORT_CHANGES: usize = 50;

/// Runs it, and prints its figures on stdout.
pub(crate) async fn changes() {
    let processes = match descriptor::processes(OPEN) {
        Ok(processes) => processes,
        Err(error) => {
            eprintln!("bench-embedded: {error}");
            std::process::exit(1);
        }
    };
    let tally = Arc::new(Tally::default());
    let lanes = (0..processes).map(|number| Lane::start(number, OPEN / processes, &tally));
    let mut lanes = join_all(lanes).await;
    let open: usize = lanes.iter().map(Lane::held).sum();
    eprintln!("changes: {open} connections are open, through {processes} of seaway");
    let begun = Instant::now();
    join_all(lanes.iter_mut().map(|lane| lane.change(NODE_CHANGES, PORT_CHANGES))).await;
    let time = begun.elapsed();
    join_all(lanes.into_iter().map(Lane::end)).await;

    let say = |name: &str, count: usize| println!("embedded.changes.{name} {count} count");
    say("open_connections", open);
    say("new_connections", tally.new.get());
    // Each cluster has as many, and the same: every connection lives through all of them.
    say("node_changes", NODE_CHANGES);
    say("port_changes", PORT_CHANGES);
    say("refused_connections", tally.refused.get());
    say("broken_connections", tally.broken.get());
    say("misrouted_connections", tally.misrouted.get());
    say("drained_connections", tally.drained.get());
    say("seaway_processes", processes);
    println!("embedded.changes.slowest_effect {:.2} s", tally.slowest().as_secs_f64());
    println!("embedded.changes.time {:.1} s", time.as_secs_f64());
}
