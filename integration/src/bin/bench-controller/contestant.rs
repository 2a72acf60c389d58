//! A controller: a process that is asked for its counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::plane::cluster;

/// The program that runs Seaway's controller with a cloud in memory.
const SEAWAY: &str = "SEAWAY_BENCH";
/// What a call to the cloud takes, in milliseconds.
const CALL: &str = "50";
/// How long a controller may take to answer, which it does once it has read the cluster.
const PATIENCE: Duration = Duration::from_mins(2);
/// `USER_HZ`, which is the same on every machine.
const TICKS: f64 = 100.0;

/// Which controller.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Seaway,
    Upstream { workers: u16 },
}

/// A controller that runs.
pub(crate) struct Contestant {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
}

/// What a controller tells.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Counts {
    pub(crate) synced: bool,
    /// The calls to the cloud.
    pub(crate) calls: u64,
    /// When something was done last, in milliseconds since 1970.
    active: u64,
    /// How many load balancers have so many nodes.
    with: BTreeMap<usize, usize>,
}

impl Counts {
    /// From `begin` to when something was done last.
    pub(crate) fn took(&self, begin: SystemTime) -> Duration {
        let active = SystemTime::UNIX_EPOCH + Duration::from_millis(self.active);
        active.duration_since(begin).unwrap_or_default()
    }

    /// How many load balancers have so many nodes.
    pub(crate) fn with(&self, nodes: usize) -> usize {
        self.with.get(&nodes).copied().unwrap_or_default()
    }
}

impl Contestant {
    /// Starts one; its log, and the cloud that it saves, are in this folder.
    pub(crate) fn start(kind: Kind, kubeconfig: &Path, folder: &Path) -> Self {
        let mut command = match kind {
            Kind::Upstream { workers } => {
                let mut command = Command::new(cluster());
                command.arg("upstream-service-controller").arg("--kubeconfig").arg(kubeconfig);
                command.arg(format!("--workers={workers}")).arg(format!("--call={CALL}ms"));
                command
            }
            Kind::Seaway => {
                let path = std::env::var_os(SEAWAY);
                let mut command = Command::new(path.expect("SEAWAY_BENCH: see the Makefile"));
                command.arg(kubeconfig).arg(folder.join("cloud")).arg(CALL);
                command
            }
        };
        let log = folder.join("log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, stdin, stdout }
    }

    /// Asks for the counts.
    pub(crate) async fn counts(&mut self) -> Counts {
        self.ask("counts\n").await
    }

    /// Ends it without warning; its cloud stays.
    pub(crate) async fn kill(mut self) {
        self.ask("save\n").await;
        self.child.kill().await.unwrap();
    }

    async fn ask(&mut self, word: &str) -> Counts {
        self.stdin.write_all(word.as_bytes()).await.unwrap();
        let line = timeout(PATIENCE, self.stdout.next_line()).await.expect("no answer");
        serde_json::from_str(&line.unwrap().expect("it has ended")).unwrap()
    }

    /// The CPU time of all its threads so far, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = self.proc("stat");
        // The name of the program is in brackets, and may hold anything.
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |field: usize| f64::from(fields[field].parse::<u32>().unwrap());
        (ticks(11) + ticks(12)) / TICKS
    }

    /// The most memory that it ever had, in MiB.
    pub(crate) fn peak(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: u32 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        f64::from(kib) / 1024.0
    }

    fn proc(&self, file: &str) -> String {
        let id = self.child.id().expect("it has ended");
        std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap()
    }
}
