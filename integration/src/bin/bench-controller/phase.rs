//! What is measured, in the order in which it happens.

use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::contestant::{Contestant, Counts, Kind};
use crate::figure::{Figure, as_f64, count, seconds};
use crate::load::{self, Size};
use crate::plane::Plane;

const POLL: Duration = Duration::from_millis(100);
/// For how long nothing may happen before it counts as quiet.
const QUIET: Duration = Duration::from_secs(3);
/// What a controller that is quiet may use of a processor.
const IDLE: f64 = 0.05;
/// For how long a controller is watched that has nothing to do.
const BASELINE: Duration = Duration::from_secs(10);
const HEARTBEATS: usize = 1000;
const BURST: usize = 50;

/// One controller, from its start to its end.
pub(crate) struct Trial<'a> {
    plane: &'a Plane,
    name: &'static str,
    kind: Kind,
    size: Size,
    /// What a phase may take before it is cut.
    limit: Duration,
    folder: TempDir,
    contestant: Contestant,
}

impl<'a> Trial<'a> {
    pub(crate) async fn new(
        plane: &'a Plane,
        name: &'static str,
        kind: Kind,
        size: Size,
        limit: Duration,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let contestant = Contestant::start(kind, &plane.kubeconfig, folder.path());
        let mut trial = Self { plane, name, kind, size, limit, folder, contestant };
        trial.quiet().await;
        trial
    }

    pub(crate) async fn run(mut self) -> Vec<Figure> {
        let [create, cpu, writes] = self.create().await;
        let heartbeat = self.heartbeats().await;
        let node_event = self.node_event().await;
        let [burst_cpu, burst_calls] = self.burst().await;
        let memory = ("memory_mib", self.contestant.peak(), "MiB");
        let (kind, kubeconfig) = (self.kind, &self.plane.kubeconfig);
        self.contestant.kill().await;
        let begin = SystemTime::now();
        self.contestant = Contestant::start(kind, kubeconfig, self.folder.path());
        let [restart, restart_writes] = self.restart(begin).await;
        self.say("clear");
        self.contestant.kill().await;
        let added = self.size.nodes..self.size.nodes + 1 + BURST;
        load::clear(&self.plane.client, self.size.services, added).await;
        vec![
            create,
            cpu,
            memory,
            node_event,
            heartbeat,
            burst_cpu,
            burst_calls,
            restart,
            restart_writes,
            writes,
        ]
    }

    /// All Services at once.
    async fn create(&mut self) -> [Figure; 3] {
        self.say("create");
        let Size { services, .. } = self.size;
        let (cpu, writes) = (self.contestant.cpu(), self.plane.writes().await);
        let begin = Instant::now();
        let client = &self.plane.client;
        let all = async {
            futures::join!(load::addresses(client, services), load::services(client, services))
        };
        let took = match timeout(self.limit, all).await {
            Ok(_) => begin.elapsed(),
            Err(_) => self.limit,
        };
        // The last Events are written after the last address is there.
        self.quiet().await;
        let cpu = (self.contestant.cpu() - cpu) * 1000.0 / as_f64(services);
        let writes = self.plane.writes().await - writes;
        [
            seconds("create_seconds", took),
            ("cpu_ms_per_service", cpu, "ms"),
            count("api_writes_per_service", writes, services),
        ]
    }

    /// Kubelets that say that nothing is new.
    async fn heartbeats(&mut self) -> Figure {
        self.say("heartbeats");
        let (cpu, begin) = (self.contestant.cpu(), Instant::now());
        sleep(BASELINE).await;
        let idle = (self.contestant.cpu() - cpu) / begin.elapsed().as_secs_f64();
        let (cpu, begin) = (self.contestant.cpu(), Instant::now());
        load::heartbeats(&self.plane.client, self.size.nodes, HEARTBEATS).await;
        sleep(POLL).await;
        let busy = self.contestant.cpu() - cpu - idle * begin.elapsed().as_secs_f64();
        ("heartbeat_us", busy * 1e6 / as_f64(HEARTBEATS), "us")
    }

    /// One node more, until every load balancer has it.
    async fn node_event(&mut self) -> Figure {
        self.say("node event");
        let Size { services, nodes } = self.size;
        let (begin, end) = (SystemTime::now(), Instant::now() + self.limit);
        load::nodes(&self.plane.client, nodes..nodes + 1).await;
        let took = loop {
            let counts = self.contestant.counts().await;
            if counts.with(nodes + 1) == services {
                break counts.took(begin);
            }
            if Instant::now() > end {
                break self.limit;
            }
            sleep(POLL).await;
        };
        self.quiet().await;
        seconds("node_event_seconds", took)
    }

    /// Many nodes more at once, until nothing happens any more.
    async fn burst(&mut self) -> [Figure; 2] {
        self.say("burst");
        let Size { services, nodes } = self.size;
        let (cpu, calls) = (self.contestant.cpu(), self.contestant.counts().await.calls);
        load::nodes(&self.plane.client, nodes + 1..nodes + 1 + BURST).await;
        let (counts, _) = self.quiet().await;
        let reached = counts.with(nodes + 1 + BURST);
        self.say(&format!("{reached} load balancers have all nodes"));
        [
            ("burst_cpu_seconds", self.contestant.cpu() - cpu, "s"),
            count("burst_calls_per_service", counts.calls - calls, services),
        ]
    }

    /// From a new process to one that has looked at everything.
    async fn restart(&mut self, begin: SystemTime) -> [Figure; 2] {
        self.say("restart");
        let writes = self.plane.writes().await;
        let (counts, cut) = self.quiet().await;
        let took = if cut { self.limit } else { counts.took(begin) };
        let writes = self.plane.writes().await - writes;
        [seconds("restart_seconds", took), count("restart_writes", writes, 1)]
    }

    /// Waits until nothing happens any more. Returns the counts then, and whether it was cut.
    async fn quiet(&mut self) -> (Counts, bool) {
        let end = Instant::now() + self.limit;
        loop {
            let (calls, cpu) = (self.contestant.counts().await.calls, self.contestant.cpu());
            let writes = self.plane.writes().await;
            sleep(QUIET).await;
            let counts = self.contestant.counts().await;
            let busy = (self.contestant.cpu() - cpu) / QUIET.as_secs_f64();
            let still = counts.synced && counts.calls == calls && busy < IDLE;
            if still && self.plane.writes().await == writes {
                return (counts, false);
            }
            if Instant::now() > end {
                self.say("cut");
                return (counts, true);
            }
        }
    }

    fn say(&self, what: &str) {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap();
        let load = load.split(' ').next().unwrap();
        eprintln!("{}: {what} (load average {load})", self.name);
    }
}
