//! `make bench-embedded`: the load balancers inside Seaway, on loopback. One figure a line on stdout,
//! `name value unit`; what it is doing is on stderr.
//!
//! ```text
//! args        what it is asked for
//! changes     10,000 open connections through changes of nodes and ports
//! ratios      Seaway's data plane beside HAProxy and Nginx, in paired rounds
//! round       the order within a round, and what a contestant reached in it
//! measurement what is measured
//! contestant/ who carries the traffic
//! summary     medians and ratios
//! worker      a process of this program that makes traffic, or answers it
//! backend     such a process behind the load balancers
//! client/     such a process in front of them
//! poller      what a loop of such a process waits with
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark: it fails by panicking, and prints its figures"
)]

mod args;
mod backend;
mod changes;
mod client;
mod contestant;
mod measurement;
mod poller;
mod ratios;
mod round;
mod summary;
mod worker;

use std::process::ExitCode;
use std::time::Duration;

use seaway_integration::{stopped, until_within};

use self::args::Args;

/// A hundred thousand connections that were just closed leave their ports for a minute (Linux). The
/// ratios begin when there are only so few left.
const TIME_WAIT: Duration = Duration::from_secs(90);
const FEW: u32 = 5000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((first, rest)) if first == worker::BACKEND => backend::run(rest),
        Some((first, rest)) if first == worker::CLIENT => client::run(rest),
        Some((first, rest)) if first == changes::NODES => changes::serve(rest),
        _ => match Args::read(&words) {
            Ok(args) => bench(&args),
            Err(complaint) => {
                eprintln!("bench-embedded: {complaint}");
                ExitCode::from(2)
            }
        },
    }
}

#[tokio::main]
async fn bench(args: &Args) -> ExitCode {
    // Whoever breaks off drops the benchmark, and every process with it.
    tokio::select! {
        code = parts(args) => code,
        () = stopped() => ExitCode::from(130),
    }
}

async fn parts(args: &Args) -> ExitCode {
    if args.changes {
        changes::changes().await;
    }
    if !args.ratios {
        return ExitCode::SUCCESS;
    }
    if args.changes {
        until_within(TIME_WAIT, "the sockets of before are gone", async || {
            (waiting() < FEW).then_some(())
        })
        .await;
    }
    ratios::ratios(args).await
}

/// How many sockets are in TIME-WAIT: each holds a port.
fn waiting() -> u32 {
    let text = std::fs::read_to_string("/proc/net/sockstat").unwrap();
    let mut words = text.split_whitespace().skip_while(|word| *word != "tw").skip(1);
    words.next().and_then(|count| count.parse().ok()).expect("/proc/net/sockstat counts tw")
}
