use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::process::{Ended, Process};

/// `seaway run` on a cluster.
#[derive(Debug)]
pub struct Controller {
    process: Process,
    folder: TempDir,
}

/// A config with the provider `embedded` as the default, and this pool. Nobody is elected, so that a
/// controller that was killed is not waited for.
pub fn embedded(pool: &RangeInclusive<Ipv4Addr>) -> String {
    only("embedded", pool) + "drain-seconds = 1\n"
}

/// The same with a provider on this box: Seaway starts its daemon, and writes to `folder`.
pub fn on_box(provider: &str, pool: &RangeInclusive<Ipv4Addr>, folder: &Path) -> String {
    let binary = daemon(provider);
    format!(
        "{}folder = \"{}\"\nbinary = \"{}\"\nstart = true\n",
        only(provider, pool),
        folder.display(),
        binary.display()
    )
}

/// A config that ends in the section of its only provider.
fn only(provider: &str, pool: &RangeInclusive<Ipv4Addr>) -> String {
    format!(
        "cluster-id = \"story\"\n\
         default-provider = \"{provider}\"\n\
         leader-election.enabled = false\n\
         [providers.{provider}]\n\
         pool = [\"{}-{}\"]\n",
        pool.start(),
        pool.end()
    )
}

/// Where a daemon is. Debian has its daemons where only root looks.
pub fn daemon(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let roots = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut places = folders.chain(roots).map(|folder| folder.join(name));
    places
        .find(|place| place.is_file())
        .unwrap_or_else(|| panic!("{name} is not here: integration/setup/daemons.sh"))
}

impl Controller {
    /// Starts it, and returns once it has read the cluster.
    pub async fn start(kubeconfig: &Path, config: &str, more: &[&str]) -> Self {
        Self::start_in([], kubeconfig, config, more).await
    }

    /// The same, with these variables in its environment.
    pub async fn start_in(
        environment: impl IntoIterator<Item = (&'static str, String)>,
        kubeconfig: &Path,
        config: &str,
        more: &[&str],
    ) -> Self {
        let (folder, args) = Self::args(kubeconfig, config, more);
        let mut command = Process::command(args);
        command.envs(environment);
        let controller = Self { process: Process::spawn(command), folder };
        controller.process.complains(&["synced"]).await;
        controller
    }

    /// The arguments for `seaway`, and the folder in which the config lies. It answers nowhere unless
    /// `more` says where: controllers run side by side.
    pub fn args(kubeconfig: &Path, config: &str, more: &[&str]) -> (TempDir, Vec<PathBuf>) {
        let folder = TempDir::new().unwrap();
        let path = file(&folder);
        std::fs::write(&path, config).unwrap();
        let mut args: Vec<PathBuf> = vec!["run".into(), "--kubeconfig".into(), kubeconfig.into()];
        args.extend(["--config".into(), path]);
        for flag in ["--metrics-address", "--admin-address"] {
            if !more.iter().any(|other| other.starts_with(flag)) {
                args.extend([flag.into(), "off".into()]);
            }
        }
        args.extend(more.iter().map(PathBuf::from));
        (folder, args)
    }

    /// Where it answers: `metrics` or `admin`, as its log tells.
    pub async fn answers(&self, what: &str) -> SocketAddr {
        answers(&self.process, what).await
    }

    /// Its config.
    pub fn config(&self) -> PathBuf {
        file(&self.folder)
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Ends it as a user does.
    pub async fn stop(self) -> Ended {
        self.process.interrupt().await
    }

    /// Ends it without warning.
    pub async fn kill(self) {
        self.process.kill().await;
    }
}

/// The config in its folder.
fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("seaway.toml")
}

/// Where a controller answers: `metrics` or `admin`, as its log tells.
pub async fn answers(process: &Process, what: &str) -> SocketAddr {
    let before = format!("{what} address=");
    let line = process.complains(&[&before]).await;
    let (_, rest) = line.split_once(&before).unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
