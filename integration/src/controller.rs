use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::process::{Ended, Process};

/// `seaway run` on a cluster.
#[derive(Debug)]
pub struct Controller {
    process: Process,
    _folder: TempDir,
}

/// A config with the provider `embedded` as the default, and this pool.
pub fn embedded(pool: &RangeInclusive<Ipv4Addr>) -> String {
    format!(
        "cluster-id = \"story\"\n\
         default-provider = \"embedded\"\n\
         [providers.embedded]\n\
         pool = [\"{}-{}\"]\n\
         drain-seconds = 1\n",
        pool.start(),
        pool.end()
    )
}

impl Controller {
    /// Starts it, and returns once it has read the cluster.
    pub async fn start(kubeconfig: &Path, config: &str, more: &[&str]) -> Self {
        let (folder, args) = Self::args(kubeconfig, config, more);
        let controller = Self { process: Process::start(args), _folder: folder };
        controller.process.complains(&["synced"]).await;
        controller
    }

    /// The arguments for `seaway`, and the folder in which the config lies.
    pub fn args(kubeconfig: &Path, config: &str, more: &[&str]) -> (TempDir, Vec<PathBuf>) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("seaway.toml");
        std::fs::write(&path, config).unwrap();
        let mut args: Vec<PathBuf> = vec!["run".into(), "--kubeconfig".into(), kubeconfig.into()];
        args.extend(["--config".into(), path]);
        args.extend(more.iter().map(PathBuf::from));
        (folder, args)
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
