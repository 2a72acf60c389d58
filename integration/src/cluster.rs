mod events;
mod objects;

pub use self::objects::{addresses, is_ours};

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;

use crate::controller::{Controller, embedded};
use crate::process::Process;
use crate::until::until;

/// A cluster to work on: a `seaway sandbox` or a `seaway demo` of its own. It is reached by its
/// kubeconfig alone.
pub struct Cluster {
    process: Process,
    kubeconfig: PathBuf,
    client: Client,
    folder: TempDir,
}

impl Cluster {
    /// A cluster with no load balancers.
    pub async fn sandbox(nodes: usize) -> Self {
        Self::start("sandbox", nodes).await
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
        Self { process, kubeconfig, client, folder }
    }

    /// The process behind it.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Gives the process up, to be ended as the story wants, with the folder of the kubeconfig.
    pub fn into_process(self) -> (Process, TempDir) {
        (self.process, self.folder)
    }

    /// Where its kubeconfig is.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client of its API.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The first `count` addresses that load balancers may have here; nobody else on this machine
    /// has them.
    pub async fn pool(&self, count: u32) -> RangeInclusive<Ipv4Addr> {
        let line = self.process.says(&["free for load balancers: "]).await;
        let (_, range) = line.trim_end_matches(')').split_once("balancers: ").unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let (first, last): (Ipv4Addr, Ipv4Addr) = (first.parse().unwrap(), last.parse().unwrap());
        let end = Ipv4Addr::from(u32::from(first) + count - 1);
        assert!(count > 0 && end <= last, "{line} has no {count} addresses");
        first..=end
    }

    /// Runs the controller on it, with a pool of so many addresses.
    pub async fn run(&self, addresses: u32) -> Controller {
        let config = embedded(&self.pool(addresses).await);
        Controller::start(&self.kubeconfig, &config, &[]).await
    }
}

async fn client(kubeconfig: &Path) -> Client {
    let file = Kubeconfig::read_from(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
    Client::try_from(config).unwrap()
}
