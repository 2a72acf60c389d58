use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::api::core::v1::Service;
use kube::api::ListParams;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};

/// How long the API server may take for its first answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for what can be done without.
const GLANCE: Duration = Duration::from_secs(2);

/// A client of the cluster that `kubeconfig` names, or of the one that kubectl would use, or of the
/// one that this runs in. It has answered once.
pub(crate) async fn connect(kubeconfig: Option<&Path>) -> Result<Client> {
    let config = match kubeconfig {
        Some(path) => {
            let name = path.display();
            if path.metadata().is_ok_and(|there| there.file_type().is_char_device()) {
                bail!("can't read the kubeconfig {name}: it is a device");
            }
            let file = Kubeconfig::read_from(path)
                .with_context(|| format!("can't read the kubeconfig {name}"))?;
            Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                .await
                .with_context(|| format!("in the kubeconfig {name}"))?
        }
        None => Config::infer().await.context(
            "found no cluster: name its kubeconfig with --kubeconfig or $KUBECONFIG, or run in a \
             pod with a service account",
        )?,
    };
    let url = config.cluster_url.to_string();
    let client = Client::try_from(config)
        .with_context(|| format!("can't make a client for the Kubernetes API at {url}"))?;
    let remedy = "is the cluster up, and the server in the kubeconfig right?";
    match tokio::time::timeout(PATIENCE, client.apiserver_version()).await {
        Ok(Ok(version)) => {
            tracing::info!(url, version = version.git_version, "connected");
            // The version is told to everybody: only another question shows whether we may ask.
            let services = Api::<Service>::all(client.clone());
            let answer = services.list_metadata(&ListParams::default().limit(1)).await;
            answer.map(|_| client).map_err(refusal).with_context(|| {
                format!(
                    "can't list the Services at {url}; is the user in the kubeconfig right, and is \
                     it allowed to?"
                )
            })
        }
        Ok(Err(error)) => Err(anyhow::Error::new(error))
            .with_context(|| format!("can't reach the Kubernetes API at {url}; {remedy}")),
        Err(_) => Err(anyhow!(
            "the Kubernetes API at {url} gave no answer within {} s; {remedy}",
            PATIENCE.as_secs()
        )),
    }
}

/// What tells this cluster from every other, if we may ask: the identity of the Service that each one
/// has.
pub(crate) async fn identity(client: &Client) -> Option<String> {
    let services = Api::<Service>::namespaced(client.clone(), "default");
    let answer = tokio::time::timeout(GLANCE, services.get_metadata("kubernetes")).await;
    answer.ok()?.ok()?.metadata.uid
}

/// What the API server says, in its own words.
pub(crate) fn refusal(error: kube::Error) -> anyhow::Error {
    if let kube::Error::Api(status) = &error {
        return anyhow!("{} ({})", status.message, status.code);
    }
    error.into()
}
