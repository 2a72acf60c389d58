use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::join_all;
use seaway_controller::{Elector, Metrics, Options};
use seaway_intent::Selection;

use crate::args::{Log, Run};
use crate::config::Config;
use crate::ops::{Ops, Phase, Ports, Standby};
use crate::registry::Connected;
use crate::term::Terms;
use crate::{cluster, interrupt, telemetry};

/// How long open connections may live on after the controller was asked to stop.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs the controller until SIGINT or SIGTERM.
pub(crate) fn run(args: &Run, log: &Log) -> Result<()> {
    telemetry::start(log, "info", None)?;
    let config = Config::read(&args.config)?;
    let ports = Ports::take(args)?;
    // One thread is enough for the controller: what moves packets brings its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    runtime.block_on(async {
        let stop = interrupt::token()?;
        let metrics = Arc::new(Metrics::default());
        let ops = Ops::new(Arc::clone(&metrics));
        let _served = ports.serve(&ops)?;
        let client = tokio::select! {
            client = cluster::connect(args.kubeconfig.as_deref()) => client?,
            () = stop.cancelled() => return Ok(()),
        };
        // It is asked before the Lease is held: nothing may come between that and its renewals.
        let identity = cluster::identity(&client).await;
        let connected = config.providers.connect(&config.cluster_id).await?;
        let drivers = connected.iter().map(|provider| provider.driver.clone()).collect();
        let elects = args.leader_elect.unwrap_or(config.leader_election.enabled);
        let lease = config.leader_election.lease();
        let mut elector = None;
        if elects && !args.dry_run {
            let (namespace, name) = lease.clone();
            let asked = client.clone();
            ops.enter(Phase::Standby(Standby { client: asked, namespace, lease: name }));
            let mut candidate = config.leader_election.candidate(client.clone());
            if stop.run_until_cancelled(candidate.acquire()).await.is_none() {
                // It may just have got the Lease.
                candidate.release().await;
                return Ok(());
            }
            elector = Some(candidate);
        }
        let fence = elector.as_ref().map(|elector| elector.fence() as _);
        let ledger = elector.as_ref().map(Elector::ledger);
        let default = config.default_provider;
        let terms = Terms {
            selection: Selection { served: served(&connected), default: default.clone() },
            drivers,
            default,
            options: Options {
                dry_run: args.dry_run,
                fence,
                ledger,
                inventory: Duration::from_secs(config.inventory_seconds.into()),
                sweep: config.sweep,
                metrics,
                ..Options::default()
            },
            client,
            cluster: identity,
            lease,
            ops: &ops,
        };
        let outcome = terms.serve(elector.as_mut(), &stop).await;
        tracing::info!("stopping");
        terms.options.metrics.leader(false);
        ops.enter(Phase::Stopping);
        join_all(connected.into_iter().map(|provider| provider.close(DRAIN))).await;
        if outcome.is_ok()
            && let Some(elector) = elector
        {
            elector.release().await;
        }
        outcome
    })
}

/// The names of the providers that are served.
fn served(connected: &[Connected]) -> BTreeSet<String> {
    connected.iter().map(|provider| provider.driver.name().to_owned()).collect()
}
