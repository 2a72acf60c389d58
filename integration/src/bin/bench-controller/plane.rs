//! etcd and the API server: the programs of `seaway-cluster`, on loopback. There are no controllers
//! and no kubelets, so that nothing happens but what the benchmark does.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use seaway_integration::until_within;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The program that carries those of upstream.
const CLUSTER: &str = "SEAWAY_CLUSTER";

/// How long the control plane may take to be there.
const PATIENCE: Duration = Duration::from_mins(2);

/// A control plane.
pub(crate) struct Plane {
    pub(crate) kubeconfig: PathBuf,
    pub(crate) client: Client,
    // They end before their folder goes.
    _programs: [Child; 2],
    _folder: TempDir,
}

impl Plane {
    pub(crate) async fn start() -> Self {
        let home = TempDir::new().unwrap();
        let folder = home.path();
        let token = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
        let token = token.trim();
        let tokens = folder.join("tokens.csv");
        std::fs::write(&tokens, format!("{token},admin,admin,system:masters\n")).unwrap();
        let (etcd, peers, port) = (free_port(), free_port(), free_port());
        let etcd_url = format!("http://127.0.0.1:{etcd}");
        let peer_url = format!("http://127.0.0.1:{peers}");
        let at = |name: &str| folder.join(name).display().to_string();
        let etcd = start(
            folder,
            "etcd",
            &[
                format!("--data-dir={}", at("etcd")),
                // It forgets everything at the end, so that it need not wait for a disk.
                "--unsafe-no-fsync".to_owned(),
                format!("--listen-client-urls={etcd_url}"),
                format!("--advertise-client-urls={etcd_url}"),
                format!("--listen-peer-urls={peer_url}"),
                format!("--initial-advertise-peer-urls={peer_url}"),
                format!("--initial-cluster=default={peer_url}"),
                "--log-level=error".to_owned(),
            ],
        );
        let certificates = at("certificates");
        // The server makes a key for itself, and signs service accounts with it: there are none.
        let key = format!("{certificates}/apiserver.key");
        let server = start(
            folder,
            "kube-apiserver",
            &[
                format!("--etcd-servers={etcd_url}"),
                "--bind-address=127.0.0.1".to_owned(),
                "--advertise-address=127.0.0.1".to_owned(),
                format!("--secure-port={port}"),
                "--endpoint-reconciler-type=none".to_owned(),
                format!("--cert-dir={certificates}"),
                format!("--token-auth-file={}", tokens.display()),
                "--authorization-mode=RBAC".to_owned(),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--service-account-key-file={key}"),
                format!("--service-account-signing-key-file={key}"),
                "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
                // There are more Services than the usual range has ports.
                "--service-node-port-range=20000-40000".to_owned(),
            ],
        );
        let kubeconfig = folder.join("kubeconfig");
        let text = format!(
            "apiVersion: v1\n\
             kind: Config\n\
             clusters: [{{ name: bench, cluster: {{ server: \"https://127.0.0.1:{port}\", \
               certificate-authority: \"{certificates}/apiserver.crt\" }} }}]\n\
             users: [{{ name: admin, user: {{ token: \"{token}\" }} }}]\n\
             contexts: [{{ name: bench, context: {{ cluster: bench, user: admin }} }}]\n\
             current-context: bench\n"
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let client = until_within(PATIENCE, "the API server is ready", async || {
            let client = connect(&kubeconfig).await?;
            let ready = http::Request::get("/readyz").body(Vec::new()).unwrap();
            client.request_text(ready).await.ok()?;
            let default =
                http::Request::get("/api/v1/namespaces/default").body(Vec::new()).unwrap();
            client.request_text(default).await.ok().map(|_| client)
        })
        .await;
        Self { kubeconfig, client, _programs: [server, etcd], _folder: home }
    }

    /// How often Services (but for their creation) and Events were written to, as the API server
    /// counts.
    pub(crate) async fn writes(&self) -> u64 {
        let request = http::Request::get("/metrics").body(Vec::new()).unwrap();
        let text = self.client.request_text(request).await.unwrap();
        let total = text.lines().filter(|line| line.starts_with("apiserver_request_total{"));
        let writes = total.filter(|line| {
            let is = |label: &str| line.contains(label);
            let changed = is("verb=\"PATCH\"") || is("verb=\"PUT\"") || is("verb=\"APPLY\"");
            (is("resource=\"services\"") && changed)
                || (is("resource=\"events\"") && (changed || is("verb=\"POST\"")))
        });
        writes.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

/// The path of `seaway-cluster`.
pub(crate) fn cluster() -> PathBuf {
    let path = std::env::var_os(CLUSTER).unwrap_or_else(|| "target/cluster/seaway-cluster".into());
    assert!(Path::new(&path).is_file(), "there is no {CLUSTER}: see `make bench-controller`");
    path.into()
}

fn start(folder: &Path, name: &str, args: &[String]) -> Child {
    let log = std::fs::File::create(folder.join(format!("{name}.log"))).unwrap();
    let mut command = Command::new(cluster());
    command.arg(name).args(args).stdin(std::process::Stdio::null());
    command.stdout(log.try_clone().unwrap()).stderr(log).kill_on_drop(true);
    command.spawn().unwrap()
}

async fn connect(kubeconfig: &Path) -> Option<Client> {
    // The certificate comes with the server.
    let file = Kubeconfig::read_from(kubeconfig).ok()?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.ok()?;
    Client::try_from(config).ok()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
