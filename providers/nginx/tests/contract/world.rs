//! A box with an Nginx of its own, which the provider starts.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaway_box::BoxProvider;
use seaway_core::{Address, Family, LbSpec, Mark, Node, Port, ServiceUid};
use seaway_provider_nginx::{FILE_NAME, Nginx, connect};
use seaway_testkit::{
    Bench, Fault, ManualClock, Served, SpecBuilder, Thing, cluster_id, node, spec,
};
use tempfile::TempDir;

use crate::loaded::{Config, ask};
use crate::nodes::{HEALTH, NODES, Nodes};
use seaway_testkit::machine::{Block, Crew, listeners, stays_open};

/// The master and its worker.
const PROCESSES: usize = 2;
/// What is there for good once the daemon was started.
const FURNITURE: [&str; 6] =
    [FILE_NAME, "seaway.lock", "nginx.conf", "nginx.pid", "check.conf", "check.pid"];
/// A file that the user has there.
const USERS: &str = "users.conf";
/// A file that another cluster left.
const OTHERS: &str = "seaway.conf.old";

pub(crate) struct World {
    pub(crate) block: Block,
    home: TempDir,
    _nodes: Nodes,
}

/// The program, or the one command that gets it.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = places.map(|place| place.join("nginx")).find(|file| file.is_file());
    found.expect("Nginx is needed here: sudo bash integration/setup/daemons.sh installs it")
}

impl World {
    fn folder(&self) -> PathBuf {
        self.home.path().join("seaway")
    }

    /// What the provider is told to start: a link, which can be taken away.
    fn binary(&self) -> PathBuf {
        self.home.path().join("nginx")
    }

    /// Where the workers tell which config they have.
    fn frame(&self) -> SocketAddr {
        SocketAddr::new(self.block.ip(253), self.block.base)
    }

    /// A provider with empty memory.
    pub(crate) async fn driven(&self) -> BoxProvider<Nginx> {
        let text = format!(
            "pool = {}\nfolder = '{}'\nbinary = '{}'\nstart = true\nworkers = 1\n\
             worker-connections = 100\nframe-address = '{}'\ncheck-interval = '1h'\n\
             health-check-port = {HEALTH}",
            self.block.ranges(),
            self.folder().display(),
            self.binary().display(),
            self.frame()
        );
        let config: seaway_provider_nginx::Config = toml::from_str(&text).unwrap();
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
        self.folder().join(FILE_NAME)
    }

    pub(crate) fn file(&self) -> String {
        fs::read_to_string(self.live()).unwrap_or_default()
    }

    /// The config, if the workers have it.
    fn loaded(&self) -> Option<Config> {
        let config = Config::parse(&self.file());
        (ask(self.frame())? == config.stamp).then_some(config)
    }

    /// What is in the folder, but for what stays there.
    fn files(&self) -> Vec<Thing> {
        let mut things = Vec::new();
        for item in fs::read_dir(self.folder()).unwrap() {
            let path = item.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !FURNITURE.contains(&name.as_str()) {
                let text = fs::read_to_string(&path).unwrap_or_default();
                things.push(Thing::new(format!("file {name}"), mark(&text), text));
            }
        }
        things
    }
}

/// Nothing of it is left, whatever becomes of the test.
impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
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
    fs::write(folder.join(USERS), "upstream a { server 127.0.0.1:9; }\n").unwrap();
    let others = "# seaway {\"form\":1,\"cluster\":\"other\"}\n# default/a\n";
    fs::write(folder.join(OTHERS), others).unwrap();
}

impl Bench for World {
    type Provider = BoxProvider<Nginx>;

    async fn open(_: Arc<ManualClock>) -> Self {
        let home = tempfile::Builder::new().prefix("seaway-nginx-").tempdir().unwrap();
        let block = Block::take();
        let nodes = Nodes::start((1..=NODES).map(|number| block.ip(100 + number))).await;
        let world = Self { block, home, _nodes: nodes };
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
        for server in &config.servers {
            let (at, protocol) = server.binds[0];
            let role = format!("server of port {}/{protocol}", at.port() - self.block.base);
            things.push(of(server.owner.clone(), role, server));
        }
        for bind @ (at, protocol) in listeners(&self.block) {
            let mut all = config.servers.iter();
            let found = all.find(|server| server.binds.contains(&bind));
            if found.is_none() && !stays_open(at, protocol).await {
                continue;
            }
            // What listens for nobody is an orphan, however many Services there are.
            let uid = found.map_or_else(|| "nobody".into(), |server| server.owner.clone());
            let (family, port) = (Family::of(at.ip()), at.port() - self.block.base);
            things.push(of(uid, format!("{family} port {port}/{protocol}"), at));
        }
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        self.crew().await;
        let open = listeners(&self.block);
        let config = self.loaded()?;
        let mut served = Served::default();
        let mine: Vec<_> = config.servers.iter().filter(|server| server.owner == *uid).collect();
        for server in &mine {
            for (at, protocol) in server.binds.iter().filter(|bind| open.contains(bind)) {
                served.addresses.insert(Address::Ip(at.ip()));
                served.fronts.insert((at.port(), *protocol), config.front(server));
            }
        }
        (!mine.is_empty()).then_some(served)
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

    fn node(&self, number: u8) -> Node {
        let at = self.block.ip(100 + number).to_string();
        node(&format!("node-{number}")).at(&at).build()
    }

    /// Kubernetes has no such Service: Nginx takes no two upstreams of one name.
    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        let twice: Port = spec.ports.first()?.clone();
        spec.ports.push(twice);
        Some(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let good = self.block.pool().rev().find(|ip| Family::of(*ip) == family)?;
        Some((good, Some([192, 0, 2, 99].into())))
    }
}
