use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use ipnet::Ipv4Net;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use seaway_sandbox::world::{Options as WorldOptions, World};
use seaway_sandbox::{Options, Server};
use tokio_util::sync::CancellationToken;

use crate::args::Simulation;

/// How long a sandbox may take to take a connection.
const PATIENCE: Duration = Duration::from_millis(500);

/// A sandbox with its simulated nodes, and the kubeconfig on disk that leads to it.
pub(crate) struct Stage {
    server: Server,
    world: World,
    client: Client,
    kubeconfig: KubeconfigFile,
}

impl Stage {
    /// Starts the API, writes the kubeconfig, and brings the nodes and `pods` example pods to life.
    /// None if `stop` came first.
    pub(crate) async fn raise(
        args: &Simulation,
        pods: usize,
        stop: &CancellationToken,
    ) -> Result<Option<Self>> {
        let path = KubeconfigFile::choose(args.kubeconfig.as_deref())?;
        let server = Server::start(Options { listen: args.listen, ..Options::default() })?;
        server.write_kubeconfig(&path).map_err(written)?;
        let kubeconfig = KubeconfigFile(path);
        let client = client(&server).await?;
        let options = WorldOptions { nodes: args.nodes, pods, ..WorldOptions::default() };
        let world = tokio::select! {
            world = World::start(client.clone(), options) => world?,
            () = stop.cancelled() => {
                server.stop().await;
                return Ok(None);
            }
        };
        Ok(Some(Self { server, world, client, kubeconfig }))
    }

    /// A client of the API.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Where the API listens.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.server.addr())
    }

    /// The kubeconfig.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig.0
    }

    /// The loopback addresses of the simulation.
    pub(crate) fn block(&self) -> Ipv4Net {
        self.world.block()
    }

    /// The part of them that load balancers may have, as a range for a pool.
    pub(crate) fn spare(&self) -> String {
        let spare = self.world.spare();
        let (first, last) = (u32::from(spare.network()) + 1, u32::from(spare.broadcast()) - 1);
        format!("{}-{}", Ipv4Addr::from(first), Ipv4Addr::from(last))
    }

    /// Ends all of it.
    pub(crate) async fn strike(self) {
        self.world.stop().await;
        self.server.stop().await;
    }
}

/// A disk that is full is no question of permission.
fn written(error: seaway_sandbox::Error) -> anyhow::Error {
    if let seaway_sandbox::Error::Kubeconfig { path, source } = &error
        && matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
    {
        let name = path.display();
        return anyhow!(
            "can't write the kubeconfig {name}, because the disk is full: free some space, or name \
             a path elsewhere with --kubeconfig"
        );
    }
    error.into()
}

async fn client(server: &Server) -> Result<Client> {
    let file = Kubeconfig::from_yaml(&server.kubeconfig())?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// The kubeconfig on disk; it goes when the sandbox goes, since it leads nowhere then.
struct KubeconfigFile(PathBuf);

impl KubeconfigFile {
    /// Where to write it. A file that is there already is only replaced if a sandbox wrote it.
    fn choose(wanted: Option<&Path>) -> Result<PathBuf> {
        let Some(path) = wanted else {
            let name = format!("seaway-{}.kubeconfig", std::process::id());
            return Ok(std::env::temp_dir().join(name));
        };
        let name = path.display();
        let there = match std::fs::metadata(path) {
            Ok(there) => there,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(path.to_owned());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("--kubeconfig: can't use {name}"));
            }
        };
        if !there.is_file() {
            bail!("--kubeconfig: {name} is no file; name one, or none");
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("--kubeconfig: can't read {name}, which is there already"))?;
        if !text.contains("seaway-sandbox") {
            bail!(
                "--kubeconfig: {name} is there already, and no sandbox wrote it; name another file"
            );
        }
        if answers(&text) {
            bail!("--kubeconfig: {name} is that of a sandbox which still runs; name another file");
        }
        Ok(path.to_owned())
    }
}

/// Whether somebody listens at the server of a kubeconfig.
fn answers(kubeconfig: &str) -> bool {
    let server = kubeconfig.lines().find_map(|line| line.trim().strip_prefix("server: https://"));
    let address = server.and_then(|server| server.trim_matches(['"', '/']).parse().ok());
    address.is_some_and(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

impl Drop for KubeconfigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: ErrorKind) -> String {
        let path = PathBuf::from("/full/kubeconfig");
        written(seaway_sandbox::Error::Kubeconfig { path, source: kind.into() }).to_string()
    }

    #[test]
    fn a_full_disk_is_called_a_full_disk() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let text = told(kind);
            assert!(text.contains("/full/kubeconfig") && text.contains("full:"), "{text}");
            assert!(!text.contains("may write"), "{text}");
        }
        assert!(told(ErrorKind::PermissionDenied).contains("may write"));
    }
}
