use std::process::ExitCode;
use std::time::Duration;

use seaway_integration::Cluster;

use crate::args::Args;
use crate::contestant::{Contestant, Ground, cores};
use crate::measurement::Measurement;
use crate::round::{Dice, Score};
use crate::summary::Summary;
use crate::worker::{Backends, Task};

/// How long a test runs before it counts.
const WARM: Duration = Duration::from_millis(200);

/// Measures Seaway's data plane beside HAProxy and Nginx, on the same backends, and in the same rounds.
pub(crate) async fn ratios(args: &Args) -> ExitCode {
    let cluster = Cluster::sandbox(0).await;
    let ground = Ground::of(&cluster).await;
    let backends = Backends::start(&ground.nodes()).await;
    let mut contestants = Vec::new();
    for kind in args.contestants.iter().copied() {
        contestants.push(Contestant::start(kind, &cluster, &ground, &backends.at).await);
    }
    eprintln!("ratios: {} cores, load {}", cores(), load());
    let mut dice = Dice::new();
    let mut summary = Summary::default();
    for round in 0..args.rounds {
        eprintln!("round {} of {}", round + 1, args.rounds);
        for measurement in args.measurements.iter().copied() {
            let mut order: Vec<&Contestant> =
                contestants.iter().filter(|it| measurement.is_for(it.kind)).collect();
            dice.shuffle(&mut order);
            let mut line = Vec::new();
            for contestant in order {
                let task = Task {
                    measurement,
                    at: &contestant.at,
                    warm: WARM,
                    span: args.span,
                    from: ground.clients(),
                };
                let score = Score::new(measurement, contestant.kind, task.run().await);
                line.push(told(score));
                summary.add(score);
            }
            eprintln!("  {measurement}: {}", line.join(", "));
        }
    }
    println!("rounds {} count", args.rounds);
    summary.tell(&args.measurements);
    println!("failed_requests {} count", summary.all_failed());
    if summary.all_failed() > 0 {
        eprintln!("bench-embedded: requests failed, and who fails is not compared");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What the machine does besides: whoever has a share of the cores spoils the figures.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn told(score: Score) -> String {
    let digits = if score.measurement == Measurement::Bulk { 2 } else { 0 };
    let failed = match score.failed {
        0 => String::new(),
        count => format!(" ({count} failed)"),
    };
    format!("{} {:.digits$}{failed}", score.kind, score.rate)
}
