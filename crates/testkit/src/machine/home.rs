use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaway_core::{Family, LbSpec, Mark, Node, Protocol, Provider, ServiceUid};
use tempfile::TempDir;

use super::sockets::{listeners, stays_open};
use super::{Block, Crew};
use crate::{Bench, Fault, ManualClock, Served, SpecBuilder, Thing};

/// The master and its worker.
const PROCESSES: usize = 2;

/// A daemon, and how it differs from others that live on a box.
pub trait Tenant: Sized + Send + Sync + 'static {
    /// The provider that starts it.
    type Provider: Provider;

    /// The name of its program.
    const PROGRAM: &'static str;
    /// The name of our file, which its config includes.
    const FILE: &'static str;
    /// What else is in the folder for good once it was started.
    const FURNITURE: &'static [&'static str];
    /// What others have there, by name: a file of the user's, and one that another cluster left.
    const OTHERS: &'static [(&'static str, &'static str)];

    /// Starts what it needs besides, for as long as the value lives.
    fn move_in(block: &Block) -> impl Future<Output = Self> + Send;

    /// A provider with empty memory.
    fn provider(home: &Home<Self>) -> impl Future<Output = Self::Provider> + Send;

    /// Where our file lets it listen, and for whom.
    fn binds(home: &Home<Self>) -> BTreeMap<(SocketAddr, Protocol), ServiceUid>;

    /// What it has by our file and by its own word, listeners aside.
    fn things(home: &Home<Self>) -> Vec<Thing>;

    /// What clients of this Service meet; it is at rest.
    fn served(home: &Home<Self>, uid: &ServiceUid) -> Option<Served>;

    /// See [`Bench::spoil`].
    fn spoil(spec: LbSpec) -> Option<LbSpec>;

    /// See [`Bench::node`].
    fn node(_: &Block, number: u8) -> Node {
        crate::node(&format!("node-{number}")).build()
    }
}

/// The bench of a daemon that its provider starts: a folder, addresses, and a way to its program.
#[derive(Debug)]
pub struct Home<T: Tenant> {
    /// Its addresses and ports.
    pub block: Block,
    root: TempDir,
    _tenant: T,
}

impl<T: Tenant> Home<T> {
    /// Where our file is.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("seaway")
    }

    /// What the provider is told to start: a link, which can be taken away.
    pub fn program(&self) -> PathBuf {
        self.root.path().join(T::PROGRAM)
    }

    /// What our file says.
    pub fn file(&self) -> String {
        fs::read_to_string(self.folder().join(T::FILE)).unwrap_or_default()
    }

    /// Puts a line of somebody else's at the end of our file.
    pub fn edit(&self) {
        fs::write(self.folder().join(T::FILE), self.file() + "# edited\n").unwrap();
    }

    /// The processes of the daemon, once those of before a reload are gone.
    pub async fn crew(&self) -> Crew {
        Crew::at_rest(self.root.path(), PROCESSES).await
    }

    /// Ends the daemon.
    pub fn kill(&self) {
        Crew::end(self.root.path());
    }

    /// What is in the folder, but for what stays there.
    fn files(&self) -> impl Iterator<Item = Thing> {
        let stays = |name: &str| name == T::FILE || T::FURNITURE.contains(&name);
        let files = files(&self.folder()).into_iter().filter(move |(name, _)| !stays(name));
        files.map(|(name, text)| Thing::new(format!("file {name}"), mark(&text), text))
    }

    /// Makes the folder as it is before the daemon is first started.
    fn furnish(&self) {
        fs::create_dir(self.folder()).unwrap();
        for (name, text) in T::OTHERS {
            fs::write(self.folder().join(name), text).unwrap();
        }
    }
}

/// Nothing of it is left, whatever becomes of the test.
impl<T: Tenant> Drop for Home<T> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A program of this machine.
///
/// # Panics
/// If it is not there, with the one command that gets it.
pub fn installed(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = places.find_map(|place| Some(place.join(program)).filter(|file| file.is_file()));
    found.unwrap_or_else(|| {
        panic!("{program} is needed here: sudo bash integration/setup/daemons.sh installs it")
    })
}

/// The files of a folder, if it is there, and what is in them.
pub fn files(folder: &Path) -> Vec<(String, String)> {
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

impl<T: Tenant> Bench for Home<T> {
    type Provider = T::Provider;

    async fn open(_: Arc<ManualClock>) -> Self {
        let prefix = format!("seaway-{}-", T::PROGRAM);
        let root = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
        let block = Block::take();
        let tenant = T::move_in(&block).await;
        let home = Self { block, root, _tenant: tenant };
        home.lapse().await;
        home.furnish();
        home
    }

    async fn provider(&self) -> T::Provider {
        T::provider(self).await
    }

    async fn inventory(&self) -> Vec<Thing> {
        self.crew().await;
        let mut things: Vec<_> = self.files().collect();
        for at in self.block.theirs() {
            things.push(Thing::new(format!("their listener at {}", at.ip()), None, at));
        }
        let owners = T::binds(self);
        for bind @ (at, protocol) in listeners(&self.block) {
            let owner = owners.get(&bind);
            if owner.is_none() && !stays_open(at, protocol).await {
                continue;
            }
            // What listens for nobody is an orphan, however many Services there are.
            let uid = owner.map_or_else(|| "nobody".into(), Clone::clone);
            let (family, port) = (Family::of(at.ip()), at.port() - self.block.base);
            things.push(Thing::of(uid, format!("{family} port {port}/{protocol}"), at));
        }
        things.extend(T::things(self));
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        self.crew().await;
        T::served(self, uid)
    }

    async fn plant_foreign(&self) {
        // Since `open`: they also keep other worlds away from these addresses.
        assert!(!self.block.theirs().is_empty());
    }

    async fn lapse(&self) {
        if !self.program().exists() {
            symlink(installed(T::PROGRAM), self.program()).unwrap();
        }
    }

    async fn inject(&self, fault: Fault) -> bool {
        // A daemon on one's own box does not throttle. While it is upgraded, its program is gone.
        let able = fault == Fault::Unavailable;
        if able {
            fs::remove_file(self.program()).unwrap();
        }
        able
    }

    async fn wipe(&self) -> bool {
        self.kill();
        fs::remove_dir_all(self.folder()).unwrap();
        self.furnish();
        true
    }

    fn spec(&self, name: &str) -> SpecBuilder {
        crate::spec(name).above(self.block.base)
    }

    fn node(&self, number: u8) -> Node {
        T::node(&self.block, number)
    }

    fn spoil(&self, spec: LbSpec) -> Option<LbSpec> {
        T::spoil(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let good = self.block.pool().rev().find(|ip| Family::of(*ip) == family)?;
        Some((good, Some([192, 0, 2, 99].into())))
    }
}
