//! A cluster that can't be reached.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use seaway_integration::{Cluster, Controller, embedded};
use tempfile::TempDir;

use crate::refused;

async fn run(kubeconfig: &str, parts: &[&str]) {
    let config = embedded(&("198.18.0.200".parse().unwrap()..="198.18.0.203".parse().unwrap()));
    let (_folder, args) = Controller::args(kubeconfig.as_ref(), &config, &[]);
    let args: Vec<_> = args.iter().map(|arg| arg.to_str().unwrap()).collect();
    refused(&args, parts).await;
    refused(&["plan", "--kubeconfig", kubeconfig], parts).await;
}

fn kubeconfig(folder: &TempDir, server: SocketAddr) -> PathBuf {
    let path = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters: [{{ name: c, cluster: {{ server: \"http://{server}\" }} }}]\n\
         users: [{{ name: c, user: {{}} }}]\n\
         contexts: [{{ name: c, context: {{ cluster: c, user: c }} }}]\n\
         current-context: c\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_kubeconfig_that_is_not_there_is_named() {
    run("/no/such/kubeconfig", &["kubeconfig", "/no/such/kubeconfig", "No such file"]).await;
}

#[tokio::test]
async fn a_kubeconfig_that_is_none_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, "current-context: nowhere\n").unwrap();
    run(path.to_str().unwrap(), &["kubeconfig", path.to_str().unwrap(), "nowhere"]).await;
}

#[tokio::test]
async fn an_api_that_nobody_serves_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = TempDir::new().unwrap();
    let path = kubeconfig(&folder, free);
    let url = format!("http://{free}");
    run(path.to_str().unwrap(), &["can't reach", &url, "is the cluster up"]).await;
}

#[tokio::test]
async fn an_api_that_says_nothing_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = TempDir::new().unwrap();
    let at = silent.local_addr().unwrap();
    let path = kubeconfig(&folder, at);
    let url = format!("http://{at}");
    let path = path.to_str().unwrap();
    refused(&["plan", "--kubeconfig", path], &[&url, "no answer", "is the cluster up"]).await;
}

#[tokio::test]
async fn an_api_that_does_not_know_us_is_named() {
    let cluster = Cluster::sandbox(0).await;
    let text = std::fs::read_to_string(cluster.kubeconfig()).unwrap();
    let (before, rest) = text.split_once("token: ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, format!("{before}token: wrong\n{after}")).unwrap();
    run(path.to_str().unwrap(), &["https://127.0.0.1:", "Unauthorized"]).await;
}
