//! A box with the fake daemon on it, and the real files.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use seaway_box::{BoxProvider, Check, Place};
use seaway_core::{Address, Family, LbSpec, Mark, ServiceUid, TrafficPolicy, setting};
use seaway_pool::Ranges;
use seaway_testkit::{
    Bench, Fault, Front, ManualClock, Served, SpecBuilder, Thing, cluster_id, spec,
};
use tempfile::TempDir;

use crate::fake::{Fake, Process, TOO_MANY};

/// The name of the config file.
pub(crate) const FILE: &str = "fake.conf";

pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) process: Arc<Mutex<Process>>,
}

pub(crate) fn pool() -> Ranges {
    Ranges::parse(&["127.91.0.1-127.91.0.8"]).unwrap()
}

impl Desk {
    pub(crate) fn file(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(FILE)).unwrap_or_default()
    }

    pub(crate) async fn driven(&self, starts: bool) -> BoxProvider<Fake> {
        let live = self.folder.path().join(FILE);
        let daemon = Fake { process: Arc::clone(&self.process), live, starts };
        let folder = self.folder.path().to_owned();
        let (cluster, pool) = (cluster_id(), pool());
        let place = Place { cluster, pool, folder, file: FILE, interface: None };
        BoxProvider::open(daemon, place).await.unwrap()
    }
}

impl Bench for Desk {
    type Provider = BoxProvider<Fake>;

    async fn open(_: Arc<ManualClock>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), process: Arc::default() }
    }

    async fn provider(&self) -> Self::Provider {
        self.driven(true).await
    }

    async fn inventory(&self) -> Vec<Thing> {
        let mut things = Vec::new();
        for item in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = item.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let ours = text.starts_with("# seaway").then(|| Mark::shared(cluster_id()));
            if ours.is_some() {
                for line in text.lines().filter_map(|line| line.strip_prefix("serve ")) {
                    let line: crate::fake::Line = serde_json::from_str(line).unwrap();
                    things.push(Thing::of(line.uid.clone(), format!("line of {name}"), line));
                }
            }
            // What stays for good: the file that the daemon's config includes, and the lock's.
            if name != FILE && name != "seaway.lock" {
                things.push(Thing::new(name, ours, text));
            }
        }
        let process = self.process.lock().unwrap();
        for (uid, line) in &process.lines {
            things.push(Thing::of(uid.clone(), "running line", line));
        }
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let process = self.process.lock().unwrap();
        let line = process.lines.get(uid)?;
        let nodes = process.running.as_ref()?.targets.get(uid)?;
        let fronts = line.ports.iter().map(|(port, protocol, node_port)| {
            let targets = nodes.values().map(|it| format!("{}:{node_port}", it.address));
            let front = Front {
                targets: targets.collect(),
                admits: Some(line.sources.clone()),
                affinity: Some(line.affinity),
                health: Some(match line.check {
                    Check::Connect => TrafficPolicy::Cluster,
                    Check::Http(port) => TrafficPolicy::Local { health_check_node_port: port },
                }),
            };
            ((*port, *protocol), front)
        });
        Some(Served {
            addresses: line.addresses.iter().copied().map(Address::Ip).collect(),
            fronts: fronts.collect(),
        })
    }

    async fn plant_foreign(&self) {
        std::fs::write(self.folder.path().join("users.conf"), "listen ssh\n").unwrap();
    }

    async fn inject(&self, fault: Fault) -> bool {
        // A daemon on one's own box does not throttle.
        let able = fault == Fault::Unavailable;
        self.process.lock().unwrap().broken |= able;
        able
    }

    async fn wipe(&self) -> bool {
        std::fs::remove_file(self.folder.path().join(FILE)).unwrap();
        *self.process.lock().unwrap() = Process::default();
        true
    }

    fn spec(&self, name: &str) -> SpecBuilder {
        // Ports below 1024 are not everybody's.
        spec(name).above(20_000)
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.settings.insert(setting::MAX_CONNECTIONS.to_owned(), TOO_MANY.to_string());
        Some(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let can = family == Family::IPv4;
        can.then(|| ([127, 91, 0, 7].into(), Some([192, 0, 2, 99].into())))
    }
}
