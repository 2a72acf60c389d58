//! What AWS load balancers cost, over the real SDK on a mocked account: calls per event, what is left
//! after every interruption, and how near the rates many Services come. One figure a line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures go there")]

mod calls;
#[path = "../../tests/aws_rates/converge.rs"]
mod converge;
#[path = "../../tests/aws/desk.rs"]
mod desk;
#[path = "../../tests/aws_rates/door.rs"]
mod door;
#[path = "../../tests/aws/interruption.rs"]
mod interruption;
#[path = "../../tests/aws/story.rs"]
mod story;

/// How many Services and nodes converge, and at how many times AWS's rates.
const SERVICES: usize = 500;
const NODES: usize = 200;
const TIMES: f64 = 4.0;

/// The parts of it, all of them unless some are named.
#[tokio::main]
async fn main() {
    let named: Vec<_> = std::env::args().skip(1).collect();
    let parts = ["calls", "crash", "converge"];
    if let Some(other) = named.iter().find(|name| !parts.contains(&name.as_str())) {
        eprintln!("bench-aws: {other:?} is no part of it; there are {}", parts.join(", "));
        std::process::exit(2);
    }
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("calls") {
        calls::tell().await;
    }
    if wanted("crash") {
        println!("{}", interruption::run().await);
    }
    if wanted("converge") {
        rates().await;
    }
}

async fn rates() {
    let outcome = converge::converge(SERVICES, NODES, TIMES).await;
    let (took, allowed) = (outcome.took.as_secs_f64(), outcome.allowed.as_secs_f64());
    println!("aws.converge.services {SERVICES} count");
    println!("aws.converge.nodes {NODES} count");
    println!("aws.converge.times_the_rates {TIMES} ratio");
    println!("aws.converge.took {took:.1} s");
    println!("aws.converge.allowed {allowed:.1} s");
    println!("aws.converge.throttled {} count", outcome.throttled);
    println!("aws.converge.over_rate_limit {:.3} ratio", took / allowed);
}
