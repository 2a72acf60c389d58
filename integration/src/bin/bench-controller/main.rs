//! `make bench-controller`: Seaway and the service controller of upstream on one real control plane,
//! with a cloud in memory each. One figure a line on stdout, `name value unit`.
//!
//! ```text
//! plane      etcd and the API server, and what it counts
//! request    one request to it, with a short answer
//! load       the Services and Nodes, and what happens to them
//! contestant a controller: a process that is asked for its counts
//! phase      what is measured
//! figure     how it is told
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark: it fails by panicking, and prints its figures"
)]

mod contestant;
mod figure;
mod load;
mod phase;
mod plane;
mod request;

use std::process::ExitCode;
use std::time::Duration;

use seaway_integration::stopped;

use self::contestant::Kind;
use self::load::Size;
use self::phase::Trial;
use self::plane::Plane;

/// What a phase of upstream may take before it is cut.
const CUT: Duration = Duration::from_mins(2);
/// What a phase of ours may take before something is wrong.
const PATIENCE: Duration = Duration::from_mins(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Whoever breaks off drops the benchmark, and every process with it.
    tokio::select! {
        () = bench() => ExitCode::SUCCESS,
        () = stopped() => ExitCode::from(130),
    }
}

async fn bench() {
    let (mut size, mut alone) = (Size { services: 2000, nodes: 500 }, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse().ok()).expect("a number");
        match arg.as_str() {
            "--services" => size.services = number(),
            "--nodes" => size.nodes = number(),
            "--seaway-only" => alone = true,
            _ => panic!("{arg}: --services N, --nodes N and --seaway-only are possible"),
        }
    }
    let plane = Plane::start().await;
    load::nodes(&plane.client, 0..size.nodes).await;
    let mut all = Vec::new();
    // Upstream comes before and after: whoever comes later meets an older API server.
    for (name, kind, limit) in [
        ("upstream", Kind::Upstream { workers: 10 }, CUT),
        ("seaway", Kind::Seaway, PATIENCE),
        ("upstream128", Kind::Upstream { workers: 128 }, CUT),
    ] {
        if alone && name != "seaway" {
            continue;
        }
        let figures = Trial::new(&plane, name, kind, size, limit).await.run().await;
        figure::tell(name, &figures);
        all.push(figures);
    }
    if let [upstream, seaway, upstream128] = all.as_slice() {
        figure::compare(seaway, upstream, upstream128);
    }
}
