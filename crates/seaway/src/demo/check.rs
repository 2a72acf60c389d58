use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Service;
use kube::api::DeleteParams;
use kube::{Api, Client};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::SERVICE;
use super::narrator::Narrator;

/// How long the Service may take to go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks what the status says, deletes the Service, and checks that its port closes.
pub(super) async fn check(narrator: &Narrator, client: &Client, at: SocketAddr) -> Result<()> {
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let service = services.get(SERVICE).await?;
    let finalizers = service.metadata.finalizers.unwrap_or_default();
    ensure!(
        finalizers.iter().any(|finalizer| finalizer == seaway_controller::FINALIZER),
        "{SERVICE} lacks the finalizer {}: {finalizers:?}",
        seaway_controller::FINALIZER
    );
    let status = service.status.and_then(|status| status.load_balancer);
    let ingress = status.and_then(|status| status.ingress).unwrap_or_default();
    ensure!(
        ingress.len() == 1 && ingress[0].ip_mode.as_deref() == Some("Proxy"),
        "the status is not one address of ipMode Proxy: {ingress:?}"
    );

    services.delete(SERVICE, &DeleteParams::default()).await?;
    let end = Instant::now() + PATIENCE;
    while services.get_opt(SERVICE).await?.is_some() {
        ensure!(
            Instant::now() < end,
            "{SERVICE} is still there {} s after its deletion",
            PATIENCE.as_secs()
        );
        sleep(Duration::from_millis(10)).await;
    }
    let refused = TcpStream::connect(at).await.err().map(|error| error.kind());
    ensure!(
        refused == Some(ErrorKind::ConnectionRefused),
        "{at} is still open after {SERVICE} is gone"
    );
    narrator.say("check", "passed: address, finalizer, ipMode, every node, deletion, closed port");
    Ok(())
}
