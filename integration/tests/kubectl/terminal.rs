//! A terminal with kubectl on a cluster.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use seaway_integration::Cluster;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

/// No command of the transcript takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder to be in, and a kubeconfig with a namespace of its own.
pub(crate) struct Terminal {
    home: TempDir,
}

impl Terminal {
    /// Opens one in a new namespace.
    pub(crate) async fn open(cluster: &Cluster, namespace: &str) -> Self {
        let home = TempDir::new().unwrap();
        let admin = if Cluster::is_real() {
            PathBuf::from(std::env::var_os("KUBECONFIG").unwrap())
        } else {
            cluster.kubeconfig().to_owned()
        };
        std::fs::copy(admin, home.path().join("config")).unwrap();
        let kubectl = std::env::var_os("SEAWAY_KUBECTL").map(PathBuf::from);
        let kubectl = kubectl.filter(|path| path.is_file());
        let kubectl = kubectl.unwrap_or_else(|| panic!("SEAWAY_KUBECTL: see `make test`"));
        std::os::unix::fs::symlink(kubectl, home.path().join("kubectl")).unwrap();
        let terminal = Self { home };
        let mut setup = format!(
            "kubectl create namespace {namespace} && \
             kubectl config set-context --current --namespace={namespace}"
        );
        if Cluster::is_real() {
            setup += " && kubectl wait --for=create serviceaccount/default";
        }
        let said = terminal.run(&setup).await;
        assert!(!said.ends_with("]\n"), "{said}");
        terminal
    }

    /// Keeps a real server from Events that come by chance.
    pub(crate) async fn quieten(&self) {
        let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubectl/quiet.yaml");
        let said = self.run(&format!("kubectl apply -f {policy}")).await;
        assert!(!said.ends_with("]\n"), "{said}");
    }

    /// What a command line of the shell says, on both of its outputs, and its exit code if that is
    /// not 0.
    pub(crate) async fn run(&self, line: &str) -> String {
        let home = self.home.path();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("exec 2>&1\n{line}\n")])
            .env("PATH", format!("{}:{path}", home.display()))
            .env("HOME", home)
            .env("KUBECONFIG", home.join("config"))
            .env_remove("KUBECTL_EXTERNAL_DIFF")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir(home)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = timeout(PATIENCE, command.output()).await;
        let Ok(output) = output else { return "[no answer]\n".to_owned() };
        let output = output.unwrap();
        let mut said = String::from_utf8(output.stdout).unwrap();
        if !said.is_empty() && !said.ends_with('\n') {
            said.push('\n');
        }
        match output.status.code() {
            Some(0) => {}
            code => said = format!("{said}[{}]\n", code.unwrap_or(-1)),
        }
        said
    }
}
