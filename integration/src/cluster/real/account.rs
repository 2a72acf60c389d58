use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::json;

/// The namespace that the manifests give to Seaway.
pub(super) const NAMESPACE: &str = "seaway-system";

/// A kubeconfig of the account of the manifests, on the cluster of the kubeconfig `admin`: what that
/// account may do is all that Seaway may do in the stories. It is made once for a cluster, beside
/// `admin`, and goes with it.
pub(super) async fn kubeconfig(client: &Client, admin: &Path) -> PathBuf {
    let path = admin.with_file_name("seaway.kubeconfig");
    if !path.exists() {
        make(client, admin, &path).await;
    }
    path
}

async fn make(client: &Client, admin: &Path, path: &Path) {
    let object = |name: &str| json!({ "metadata": { "name": name } });
    let namespace: Namespace = serde_json::from_value(object(NAMESPACE)).unwrap();
    let account: ServiceAccount = serde_json::from_value(object("seaway")).unwrap();
    let params = PostParams::default();
    Api::all(client.clone()).create(&params, &namespace).await.unwrap();
    Api::namespaced(client.clone(), NAMESPACE).create(&params, &account).await.unwrap();

    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/base/rbac");
    kubectl(admin, &["apply", "-k", manifests]);
    let token = kubectl(admin, &["create", "token", "seaway", "-n", NAMESPACE, "--duration", "4h"]);
    let token = String::from_utf8(token.stdout).unwrap();
    // The same cluster, with the token of the account in place of the one that may do everything.
    let view = kubectl(admin, &["config", "view", "--raw", "--minify", "--flatten"]);
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, view.stdout).unwrap();
    let user = kubectl(admin, &["config", "view", "--minify", "-o", "jsonpath={.users[0].name}"]);
    let user = String::from_utf8(user.stdout).unwrap();
    kubectl(&unfinished, &["config", "set-credentials", &user, "--token", token.trim()]);
    std::fs::rename(unfinished, path).unwrap();
}

fn kubectl(kubeconfig: &Path, args: &[&str]) -> Output {
    let program = std::env::var_os("SEAWAY_KUBECTL").expect("SEAWAY_KUBECTL: see `make e2e`");
    let output =
        Command::new(program).arg("--kubeconfig").arg(kubeconfig).args(args).output().unwrap();
    assert!(output.status.success(), "kubectl {args:?}: {output:?}");
    output
}
