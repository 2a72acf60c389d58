//! How long a pass over the one key of a box plans: 1,000 Services with 100 nodes each.
//!
//! Prints one figure a line, `name value unit`: medians of several runs.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, or stops")]

use std::time::Instant;

use seaway_box::{BoxProvider, Daemon, Observed};
use seaway_core::{BalancerKey, Goal, Key, Member, Nodes, Provider};
use seaway_testkit::{node, spec, uid};

const SERVICES: usize = 1000;
const NODES: usize = 100;
const RUNS: usize = 21;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let config = |name: &str| {
        let folder = folder.path().join(name);
        let folder = folder.display();
        format!("pool = [\"127.80.0.0/16\"]\nstart = true\nfolder = \"{folder}\"\n")
    };
    let haproxy = toml::from_str(&config("haproxy")).unwrap();
    measure(&seaway_provider_haproxy::connect(haproxy, "bench".into()).await.unwrap());
    let nginx = toml::from_str(&config("nginx")).unwrap();
    measure(&seaway_provider_nginx::connect(nginx, "bench".into()).await.unwrap());
}

fn measure<D: Daemon>(provider: &BoxProvider<D>) {
    let goal = goal(NODES);
    let nothing = Observed::default();
    let mut seen = Observed::default();
    loop {
        let plan = provider.plan(&key(), &goal, &seen, &nothing);
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        if plan.is_empty() {
            break;
        }
        for step in plan.stages.iter().flatten() {
            let fact = provider.foresee(&step.step, &seen, &nothing);
            provider.learn(&mut seen, fact);
        }
    }
    // With two goals in turn each pass has something new: the last file is no help then.
    let print = |what: &str, goals: &[Goal]| {
        let mut took: Vec<_> = (0..RUNS)
            .map(|run| {
                let goal = &goals[run % goals.len()];
                let began = Instant::now();
                std::hint::black_box(provider.plan(&key(), goal, &seen, &nothing));
                began.elapsed()
            })
            .collect();
        took.sort();
        let median = took[RUNS / 2].as_secs_f64() * 1000.0;
        println!("{}.plan_{SERVICES}x{NODES}.{what} {median:.1} ms", D::NAME);
    };
    print("unchanged", &[goal]);
    print("node_added", &[self::goal(NODES + 1), self::goal(NODES + 2)]);
}

fn key() -> BalancerKey {
    match Key::shared("box") {
        Key::Balancer(key) => key,
        Key::Ground => unreachable!("a shared key is of a load balancer"),
    }
}

fn goal(nodes: usize) -> Goal {
    let nodes: Nodes = (0..nodes).map(|number| node(&format!("node-{number}")).build()).collect();
    let members = (0..SERVICES).map(|number| {
        let name = format!("service-{number}");
        (uid(&name), Member::present(spec(&name).port(80)))
    });
    Goal { nodes, members: members.collect(), ..Goal::default() }
}
