use std::path::Path;

use tempfile::TempDir;

use crate::controller::Controller;
use crate::process::Process;

use super::host::Host;

/// `seaway run --box` on a box, under the name of the box. It is killed when this is dropped.
#[derive(Debug)]
pub struct Driver {
    process: Process,
    _folder: TempDir,
}

impl Driver {
    /// Starts it, and waits for nothing. The kubeconfig is that of a [`super::Door`].
    pub fn start(host: &Host, kubeconfig: &Path, config: &str) -> Self {
        let (folder, args) = Controller::args(kubeconfig, config, &["--box", host.name()]);
        Self { process: host.seaway(args), _folder: folder }
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Waits until it has read the cluster.
    pub async fn is_synced(&self) {
        self.process.complains(&["synced"]).await;
    }

    /// Ends it without warning; the box lives on.
    pub async fn kill(self) {
        self.process.kill().await;
    }
}
