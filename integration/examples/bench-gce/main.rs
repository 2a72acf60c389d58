//! What load balancers of Google Cloud cost, over Google's own crate on a fake Compute Engine: calls per
//! event with many Services and nodes, and what is left after every interruption. One figure a line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures go there")]

mod calls;
#[path = "../../../providers/gce/tests/contract/desk.rs"]
#[allow(dead_code, reason = "the tests of the provider use more of it")]
mod desk;
mod fleet;
#[path = "../../../providers/gce/tests/contract/witness.rs"]
mod witness;

use seaway_testkit::interruption;

use crate::desk::Desk;

/// The parts of it, all of them unless some are named.
#[tokio::main]
async fn main() {
    let named: Vec<_> = std::env::args().skip(1).collect();
    let parts = ["calls", "crash"];
    if let Some(other) = named.iter().find(|name| !parts.contains(&name.as_str())) {
        eprintln!("bench-gce: {other:?} is no part of it; there are {}", parts.join(", "));
        std::process::exit(2);
    }
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("calls") {
        calls::tell().await;
    }
    if wanted("crash") {
        crash().await;
    }
}

/// Each story of the testkit is cut after each step, on a project of its own.
async fn crash() {
    let figures = interruption::run::<Desk>().await;
    figure("gce.crash.points", figures.interruptions, "count");
    figure("gce.crash.orphans", figures.orphans, "count");
    figure("gce.crash.duplicates", figures.duplicates, "count");
    figure("gce.crash.address_moves", figures.address_moves, "count");
    for failure in &figures.failures {
        eprintln!("{failure}");
    }
    assert!(figures.failures.is_empty(), "some interruptions are not made good");
}

fn figure(name: &str, value: impl std::fmt::Display, unit: &str) {
    println!("{name} {value} {unit}");
}
