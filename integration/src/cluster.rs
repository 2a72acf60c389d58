mod events;
mod objects;
mod real;
mod service;
mod steer;

pub use self::service::{addresses, condition, hostname, is_ours};

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;

use crate::controller::{Controller, embedded};
use crate::process::Process;
use crate::until::until;

use self::real::Real;

/// What `seaway sandbox` says before the addresses that it leaves to load balancers.
const FREE: &str = "free for load balancers: ";

/// A cluster to work on: a `seaway sandbox` or a `seaway demo` of its own, or a turn on the real one.
/// It is reached by its kubeconfig alone.
pub struct Cluster {
    home: Home,
    kubeconfig: PathBuf,
    client: Client,
}

/// What holds a cluster.
enum Home {
    Own(Box<Process>, TempDir),
    Shared { _turn: Real },
}

impl Cluster {
    /// A cluster with no load balancers: the real one, if the stories run on one (`make e2e`).
    pub async fn sandbox(nodes: usize) -> Self {
        if Self::is_real() {
            let (turn, kubeconfig, client) = Real::take(nodes).await;
            return Self { home: Home::Shared { _turn: turn }, kubeconfig, client };
        }
        Self::start("sandbox", nodes).await
    }

    /// Whether the stories run on a real cluster.
    pub fn is_real() -> bool {
        Real::is_here()
    }

    /// A cluster with Seaway and the example in it, as `seaway demo` shows it.
    pub async fn demo(nodes: usize) -> Self {
        Self::start("demo", nodes).await
    }

    async fn start(command: &str, nodes: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        let nodes = nodes.to_string();
        let args = [command, "--nodes", &nodes, "--kubeconfig"];
        let process =
            Process::start(args.map(OsStr::new).into_iter().chain([kubeconfig.as_os_str()]));
        until("the kubeconfig is there", async || kubeconfig.exists().then_some(())).await;
        let client = client(&kubeconfig).await;
        Self { home: Home::Own(Box::new(process), folder), kubeconfig, client }
    }

    /// The process behind it.
    pub fn process(&self) -> &Process {
        match &self.home {
            Home::Own(process, _) => process,
            Home::Shared { .. } => panic!("a real cluster is no process"),
        }
    }

    /// Gives the process up, to be ended as the story wants, with the folder of the kubeconfig.
    pub fn into_process(self) -> (Process, TempDir) {
        match self.home {
            Home::Own(process, folder) => (*process, folder),
            Home::Shared { .. } => panic!("a real cluster is no process"),
        }
    }

    /// Where the kubeconfig for Seaway is: on the real cluster that of its account in the manifests.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client with what Seaway may do.
    pub async fn seaways_client(&self) -> Client {
        client(&self.kubeconfig).await
    }

    /// A client of its API that may do everything.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The first `count` addresses that load balancers may have here; nobody else on this machine
    /// has them.
    pub async fn pool(&self, count: u32) -> RangeInclusive<Ipv4Addr> {
        let pool = match &self.home {
            Home::Shared { .. } => Real::pool(),
            Home::Own(process, _) => free(&process.says(&[FREE]).await),
        };
        let end = Ipv4Addr::from(u32::from(*pool.start()) + count - 1);
        assert!(count > 0 && end <= *pool.end(), "{pool:?} has no {count} addresses");
        *pool.start()..=end
    }

    /// The addresses of IPv6 that load balancers may have, if the cluster has IPv6.
    pub fn pool6(&self) -> Option<RangeInclusive<Ipv6Addr>> {
        matches!(self.home, Home::Shared { .. }).then(Real::pool6)
    }

    /// An address of this machine for the client with this number: none is that of another client, or
    /// in the pool.
    pub fn client_ip(&self, number: u8) -> IpAddr {
        let first = match self.home {
            Home::Shared { .. } => *Real::clients().start(),
            Home::Own(..) => Ipv4Addr::new(127, 0, 1, 0),
        };
        Ipv4Addr::from(u32::from(first) + u32::from(number)).into()
    }

    /// Runs the controller on it, with a pool of so many addresses.
    pub async fn run(&self, addresses: u32) -> Controller {
        let config = embedded(&self.pool(addresses).await);
        Controller::start(&self.kubeconfig, &config, &[]).await
    }
}

/// The range in the line that ends with it, in brackets.
fn free(line: &str) -> RangeInclusive<Ipv4Addr> {
    let (_, range) = line.trim_end_matches(')').split_once(FREE).unwrap();
    let (first, last) = range.split_once('-').unwrap();
    first.parse().unwrap()..=last.parse().unwrap()
}

async fn client(kubeconfig: &Path) -> Client {
    let file = Kubeconfig::read_from(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
    Client::try_from(config).unwrap()
}
