use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::cluster::Cluster;

use super::rack::Rack;

/// What a kubeconfig of a sandbox says before the port of its API.
const SERVER: &str = "server: https://127.0.0.1:";

/// How boxes reach the API of a sandbox, which listens on the loopback of the cell only. It is shut
/// when this is dropped.
#[derive(Debug)]
pub struct Door {
    folder: TempDir,
    _task: JoinSet<()>,
}

impl Door {
    /// Opens a door to this sandbox.
    pub async fn open(cluster: &Cluster) -> Self {
        let text = fs::read_to_string(cluster.kubeconfig()).unwrap();
        let (before, rest) = text.split_once(SERVER).unwrap();
        let (port, after) = rest.split_once('\n').unwrap();
        let api: u16 = port.parse().unwrap();

        let listener = TcpListener::bind((Rack::own(), 0)).await.unwrap();
        let door = listener.local_addr().unwrap();
        // Its certificate is for the name by which the cell knows it.
        let indent = before.rsplit('\n').next().unwrap();
        let server = format!("server: https://{door}\n{indent}tls-server-name: 127.0.0.1\n");
        let folder = TempDir::new().unwrap();
        fs::write(path(&folder), format!("{before}{server}{after}")).unwrap();

        let mut task = JoinSet::new();
        task.spawn(serve(listener, api));
        Self { folder, _task: task }
    }

    /// The kubeconfig for boxes.
    pub fn kubeconfig(&self) -> PathBuf {
        path(&self.folder)
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("kubeconfig")
}

/// Passes on whatever comes. The connections end with it.
async fn serve(listener: TcpListener, api: u16) {
    let mut connections = JoinSet::new();
    loop {
        let (mut outer, _) = listener.accept().await.unwrap();
        connections.spawn(async move {
            if let Ok(mut api) = TcpStream::connect(("127.0.0.1", api)).await {
                // Either side may break it off at any time.
                let _ = copy_bidirectional(&mut outer, &mut api).await;
            }
        });
    }
}
