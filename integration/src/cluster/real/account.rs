use std::path::PathBuf;
use std::process::{Command, Output};

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The namespace that the manifests give to Seaway.
pub(super) const NAMESPACE: &str = "seaway-system";

static ACCOUNT: OnceCell<Account> = OnceCell::const_new();

/// The account of the manifests: what it may do is all that a controller may do in the stories.
struct Account {
    folder: TempDir,
}

/// A kubeconfig of that account, on the cluster of the kubeconfig `admin`.
pub(super) async fn kubeconfig(client: &Client, admin: &PathBuf) -> PathBuf {
    let account = ACCOUNT.get_or_init(|| Account::make(client, admin)).await;
    account.folder.path().join("kubeconfig")
}

impl Account {
    async fn make(client: &Client, admin: &PathBuf) -> Self {
        let object = |name: &str| json!({ "metadata": { "name": name } });
        let namespace: Namespace = serde_json::from_value(object(NAMESPACE)).unwrap();
        let account: ServiceAccount = serde_json::from_value(object("seaway")).unwrap();
        let params = PostParams::default();
        Api::all(client.clone()).create(&params, &namespace).await.unwrap();
        Api::namespaced(client.clone(), NAMESPACE).create(&params, &account).await.unwrap();

        let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/base/rbac");
        kubectl(admin, &["apply", "-k", manifests]);
        let token = kubectl(admin, &["create", "token", "seaway", "-n", NAMESPACE]);
        let token = String::from_utf8(token.stdout).unwrap();
        let view = ["config", "view", "--raw", "--minify", "--flatten", "-o", "json"];
        let mut config: Value = serde_json::from_slice(&kubectl(admin, &view).stdout).unwrap();
        config["users"][0]["user"] = json!({ "token": token.trim() });
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("kubeconfig"), config.to_string()).unwrap();
        Self { folder }
    }
}

fn kubectl(kubeconfig: &PathBuf, args: &[&str]) -> Output {
    let program = std::env::var_os("SEAWAY_KUBECTL").expect("SEAWAY_KUBECTL: see `make e2e`");
    let output =
        Command::new(program).arg("--kubeconfig").arg(kubeconfig).args(args).output().unwrap();
    assert!(output.status.success(), "kubectl {args:?}: {output:?}");
    output
}
