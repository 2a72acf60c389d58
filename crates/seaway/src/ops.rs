//! What a running controller answers.
//!
//! ```text
//! state    what the controller is doing: starting, standing by, working
//! public   /metrics, /healthz and /readyz, for everybody who reaches them
//! admin    /v1/inspect, /v1/sweep and /v1/plan, on loopback
//! answer   JSON, and what stands in its way
//! guard    who may ask at the admin address
//! ```

mod admin;
mod answer;
mod guard;
mod public;
mod state;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::answer::CLUSTER;
pub(crate) use self::state::{Ops, Phase, Standby, Working};
use crate::args::{Listen, Run};

/// The ports that a controller answers on, taken and not served yet.
pub(crate) struct Ports {
    public: Option<TcpListener>,
    admin: Option<TcpListener>,
}

/// Answers for as long as it is kept.
pub(crate) struct Served(
    #[expect(dead_code, reason = "held for its drop")] Vec<AbortOnDropHandle<()>>,
);

impl Ports {
    /// Takes the ports, before anything else is done.
    pub(crate) fn take(args: &Run) -> Result<Self> {
        Ok(Self {
            public: take("--metrics-address", args.metrics_address)?,
            admin: take("--admin-address", args.admin_address)?,
        })
    }

    /// Begins to answer. Must be called in a tokio runtime.
    pub(crate) fn serve(self, ops: &Arc<Ops>) -> Result<Served> {
        let public = self.public.map(|port| serve("metrics", port, public::router(ops)));
        let admin = self.admin.map(|port| serve("admin", port, admin::router(ops)));
        Ok(Served([public, admin].into_iter().flatten().collect::<Result<_>>()?))
    }
}

fn take(flag: &str, listen: Listen) -> Result<Option<TcpListener>> {
    let Listen::At(address) = listen else { return Ok(None) };
    let taken = TcpListener::bind(address).and_then(|port| {
        port.set_nonblocking(true)?;
        Ok(port)
    });
    match taken {
        Ok(port) => Ok(Some(port)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(anyhow!(
            "{flag}: {address} is in use; name another port, or `off` (`ss -lntp` tells who has it)"
        )),
        Err(error) => Err(error).with_context(|| format!("{flag}: can't listen on {address}")),
    }
}

fn serve(what: &str, port: TcpListener, router: Router) -> Result<AbortOnDropHandle<()>> {
    let address: SocketAddr = port.local_addr()?;
    let port = tokio::net::TcpListener::from_std(port)?;
    // With port 0 only the log tells which one it is.
    tracing::info!(%address, "{what}");
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(error) = axum::serve(port, router).await {
            tracing::error!(%address, %error, "nothing is answered here any more");
        }
    })))
}
