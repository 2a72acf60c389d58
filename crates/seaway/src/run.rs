use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::join_all;
use seaway_controller::{Controller, Elector, Lost, Options};

use crate::args::{Log, Run};
use crate::config::Config;
use crate::{cluster, interrupt, telemetry};

/// How long open connections may live on after the controller was asked to stop.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs the controller until SIGINT or SIGTERM.
pub(crate) fn run(args: &Run, log: &Log) -> Result<()> {
    telemetry::start(log, "info,kube_client::client::builder=off", None)?;
    let config = Config::read(&args.config)?;
    // One thread is enough for the controller: what moves packets brings its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    runtime.block_on(async {
        let stop = interrupt::token()?;
        let client = tokio::select! {
            client = cluster::connect(args.kubeconfig.as_deref()) => client?,
            () = stop.cancelled() => return Ok(()),
        };
        let connected = config.providers.connect()?;
        let drivers = connected.iter().map(|provider| provider.driver.clone()).collect();
        let elects = args.leader_elect.unwrap_or(config.leader_election.enabled);
        let mut elector = None;
        if elects && !args.dry_run {
            let mut candidate = config.leader_election.candidate(client.clone());
            if stop.run_until_cancelled(candidate.acquire()).await.is_none() {
                // It may just have got the Lease.
                candidate.release().await;
                return Ok(());
            }
            elector = Some(candidate);
        }
        let fence = elector.as_ref().map(|elector| elector.fence() as _);
        let options = Options { dry_run: args.dry_run, fence, ..Options::default() };
        let controller = Controller::new(client, drivers, config.default_provider, options);
        let outcome = tokio::select! {
            outcome = controller.run(stop) => outcome.map_err(anyhow::Error::from),
            lost = hold(elector.as_mut()) => Err(lost.into()),
        };
        tracing::info!("stopping");
        join_all(connected.into_iter().map(|provider| provider.close(DRAIN))).await;
        if outcome.is_ok()
            && let Some(elector) = elector
        {
            elector.release().await;
        }
        outcome
    })
}

/// Keeps the Lease; who needs none never loses it.
async fn hold(elector: Option<&mut Elector>) -> Lost {
    match elector {
        Some(elector) => elector.hold().await,
        None => std::future::pending().await,
    }
}
