//! A box with a HAProxy of its own, which the provider starts.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use seaway_box::BoxProvider;
use seaway_core::{Address, Affinity, Family, LbSpec, Mark, Protocol, ServiceUid, TrafficPolicy};
use seaway_provider_haproxy::{FILE, Haproxy, connect};
use seaway_testkit::{
    Bench, Fault, Front, ManualClock, Served, SpecBuilder, Thing, cluster_id, spec,
};
use tempfile::TempDir;

use crate::loaded::{Config, Server, ask, owner, servers, told};
use seaway_testkit::machine::{Block, Crew, listeners, stays_open};

/// The master and its worker.
const PROCESSES: usize = 2;
/// What is there for good once the daemon was started.
const FURNITURE: [&str; 6] =
    [FILE, "seaway.lock", "haproxy.pid", "haproxy.sock", "master.sock", STATES];
/// The folder of what the next worker is told of the servers: a file for each backend.
const STATES: &str = "states";
/// The user's own config, which the same daemon loads.
const USERS: &str = "users.cfg";
/// Its contents. It spares each process the reading of all the certificates of the system.
const CONFIG: &str = "\
global
  .if feature(OPENSSL)
    httpclient.ssl.verify none
  .endif
defaults users
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend users from users
  server a 127.0.0.1:9 disabled
";
/// A file that another cluster left.
const OTHERS: &str = "haproxy.cfg.old";
/// The longest that a table of clients can remember one is 2^31 ms.
const TOO_LONG: Duration = Duration::from_hours(24 * 30);

pub(crate) struct World {
    pub(crate) block: Block,
    home: TempDir,
}

/// The program, or the one command that gets it.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = places.map(|place| place.join("haproxy")).find(|file| file.is_file());
    found.expect("HAProxy is needed here: sudo bash integration/setup/daemons.sh installs it")
}

impl World {
    fn folder(&self) -> PathBuf {
        self.home.path().join("seaway")
    }

    /// What the provider is told to start: a link, which can be taken away.
    fn binary(&self) -> PathBuf {
        self.home.path().join("haproxy")
    }

    /// A provider with empty memory.
    pub(crate) async fn driven(&self) -> BoxProvider<Haproxy> {
        let text = format!(
            "pool = {}\nfolder = '{}'\nbinary = '{}'\nstart = true\ninclude = ['{}']\n\
             most-connections = 100\ncheck-interval = '1h'",
            self.block.ranges(),
            self.folder().display(),
            self.binary().display(),
            self.folder().join(USERS).display()
        );
        let config: seaway_provider_haproxy::Config = toml::from_str(&text).unwrap();
        config.check().unwrap();
        connect(config, cluster_id()).await.unwrap()
    }

    /// The processes of the daemon, once those of before a reload are gone.
    pub(crate) async fn crew(&self) -> Crew {
        Crew::at_rest(self.home.path(), PROCESSES).await
    }

    /// Ends the daemon.
    pub(crate) fn kill(&self) {
        Crew::end(self.home.path());
    }

    /// Puts a line of somebody else's at the end of our file.
    pub(crate) fn edit(&self) {
        fs::write(self.live(), self.file() + "# edited\n").unwrap();
    }

    fn live(&self) -> PathBuf {
        self.folder().join(FILE)
    }

    pub(crate) fn file(&self) -> String {
        fs::read_to_string(self.live()).unwrap_or_default()
    }

    /// The config, if the daemon runs with it.
    fn loaded(&self) -> Option<Config> {
        let config = Config::parse(&self.file());
        let info = ask(&self.folder().join("haproxy.sock"), "show info")?;
        (told(&info, "description") == Some(config.stamp.as_str())).then_some(config)
    }

    fn servers(&self) -> Vec<Server> {
        let answer = ask(&self.folder().join("haproxy.sock"), "show servers state");
        answer.map(|answer| servers(&answer)).unwrap_or_default()
    }

    /// What is in the folder, but for what stays there.
    fn files(&self) -> Vec<Thing> {
        let mut things = Vec::new();
        for (name, text) in read(&self.folder()) {
            if !FURNITURE.contains(&name.as_str()) {
                things.push(Thing::new(format!("file {name}"), mark(&text), text));
            }
        }
        for (name, text) in read(&self.folder().join(STATES)) {
            let (backend, node_port) = name.rsplit_once('-').unwrap();
            let role = format!("states of port {} to {node_port}", self.port(backend));
            things.push(of(owner(backend), role, text));
        }
        things
    }

    /// The port of a backend, without the base, which is another in every world.
    fn port(&self, backend: &str) -> u16 {
        let port: u16 = backend.split('_').nth(3).unwrap().parse().unwrap();
        port - self.block.base
    }
}

/// Nothing of it is left, whatever becomes of the test.
impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The files of a folder, if it is there, and what is in them.
fn read(folder: &Path) -> Vec<(String, String)> {
    let items = fs::read_dir(folder).into_iter().flatten();
    let paths = items.map(|item| item.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.map(|path| (name(&path), fs::read_to_string(&path).unwrap_or_default())).collect()
}

/// Whose a file is, by its first line.
fn mark(text: &str) -> Option<Mark> {
    let head = text.lines().next()?.strip_prefix("# seaway {")?;
    let (_, rest) = head.split_once("\"cluster\":\"")?;
    Some(Mark::shared(rest.split_once('"')?.0.into()))
}

/// A thing of a Service.
fn of(uid: ServiceUid, role: String, state: impl fmt::Debug) -> Thing {
    Thing::new(role, Some(Mark::of(cluster_id(), uid)), state)
}

fn make(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join(USERS), CONFIG).unwrap();
    let others = "# seaway {\"form\":1,\"cluster\":\"other\"}\nfrontend seaway_default_a_0\n";
    fs::write(folder.join(OTHERS), others).unwrap();
}

impl Bench for World {
    type Provider = BoxProvider<Haproxy>;

    async fn open(_: Arc<ManualClock>) -> Self {
        let home = tempfile::Builder::new().prefix("seaway-haproxy-").tempdir().unwrap();
        let world = Self { block: Block::take(), home };
        std::os::unix::fs::symlink(program(), world.binary()).unwrap();
        make(&world.folder());
        world
    }

    async fn provider(&self) -> Self::Provider {
        self.driven().await
    }

    async fn inventory(&self) -> Vec<Thing> {
        self.crew().await;
        let mut things = self.files();
        for at in self.block.theirs() {
            things.push(Thing::new(format!("their listener at {}", at.ip()), None, at));
        }
        let config = Config::parse(&self.file());
        for (uid, frontend) in &config.frontends {
            things.push(of(uid.clone(), "frontend".to_owned(), frontend));
        }
        for (at, protocol) in listeners(&self.block) {
            let mut all = config.frontends.iter();
            let found = all.find(|(_, frontend)| frontend.binds.contains(&at));
            if found.is_none() && !stays_open(at, protocol).await {
                continue;
            }
            // What listens for nobody is an orphan, however many Services there are.
            let uid = found.map_or_else(|| "nobody".into(), |(uid, _)| uid.clone());
            let (family, port) = (Family::of(at.ip()), at.port() - self.block.base);
            things.push(of(uid, format!("{family} port {port}/{protocol}"), at));
        }
        for server in self.servers() {
            let kind = if server.maint { "leaving" } else { "running" };
            let role = format!("{kind} server {} of {}", server.at, self.port(&server.backend));
            things.push(of(owner(&server.backend), role, server));
        }
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        self.crew().await;
        let open = listeners(&self.block);
        let config = self.loaded()?;
        let frontend = config.frontends.get(uid)?;
        let servers = self.servers();
        let mut served = Served::default();
        let is_open = |at: &&SocketAddr| open.contains(&(**at, Protocol::Tcp));
        for at in frontend.binds.iter().filter(is_open) {
            served.addresses.insert(Address::Ip(at.ip()));
            let backend = &frontend.backends[&at.port()];
            let of_backend = || servers.iter().filter(|server| server.backend == *backend);
            let health = of_backend().next().map(|server| {
                if config.backends[backend].http {
                    TrafficPolicy::Local { health_check_node_port: server.check_port }
                } else {
                    assert_eq!(server.check_port, 0, "{server:?}");
                    TrafficPolicy::Cluster
                }
            });
            let targets = of_backend().filter(|server| !server.maint);
            let front = Front {
                targets: targets.map(|server| server.at.clone()).collect(),
                admits: Some(frontend.admits()),
                affinity: Some(config.affinity(backend)),
                health,
            };
            served.fronts.insert((at.port(), Protocol::Tcp), front);
        }
        Some(served)
    }

    async fn plant_foreign(&self) {
        // Since `open`: they also keep other worlds away from these addresses.
        assert!(!self.block.theirs().is_empty());
    }

    async fn lapse(&self) {
        if !self.binary().exists() {
            std::os::unix::fs::symlink(program(), self.binary()).unwrap();
        }
    }

    async fn inject(&self, fault: Fault) -> bool {
        // A daemon on one's own box does not throttle. While it is upgraded, its program is gone.
        let able = fault == Fault::Unavailable;
        if able {
            fs::remove_file(self.binary()).unwrap();
        }
        able
    }

    async fn wipe(&self) -> bool {
        self.kill();
        fs::remove_dir_all(self.folder()).unwrap();
        make(&self.folder());
        true
    }

    fn spec(&self, name: &str) -> SpecBuilder {
        spec(name).above(self.block.base)
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.affinity = Some(Affinity { timeout: TOO_LONG });
        Some(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let good = self.block.pool().rev().find(|ip| Family::of(*ip) == family)?;
        Some((good, Some([192, 0, 2, 99].into())))
    }
}
