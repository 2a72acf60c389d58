use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::join_all;
use seaway_controller::{Elector, Metrics, Options};
use seaway_core::SharedDriver;
use seaway_intent::Selection;

use crate::args::{Log, Run};
use crate::config::Config;
use crate::ops::{Ops, Phase, Ports, Standby};
use crate::registry::Connected;
use crate::term::Terms;
use crate::{cluster, interrupt, telemetry};

/// How long open connections may live on after the controller was asked to stop.
pub(crate) const DRAIN: Duration = Duration::from_secs(1);

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
        let drivers: Vec<_> = connected.iter().map(|provider| provider.driver.clone()).collect();
        if let Some(name) = &args.on_box {
            check_box(name, &drivers)?;
        }
        let elects = args.leader_elect.unwrap_or(config.leader_election.enabled);
        let lease = config.leader_election.lease();
        let mut elector = None;
        if elects && !args.dry_run {
            let mut candidate = config.leader_election.candidate(client.clone());
            // A box is served whoever leads.
            if args.on_box.is_none() {
                let (namespace, name) = lease.clone();
                let asked = client.clone();
                ops.enter(Phase::Standby(Standby { client: asked, namespace, lease: name }));
                if stop.run_until_cancelled(candidate.acquire()).await.is_none() {
                    // It may just have got the Lease.
                    candidate.release().await;
                    return Ok(());
                }
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
            on_box: args.on_box.clone(),
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
        join_all(connected.into_iter().map(|provider| provider.leave(DRAIN))).await;
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

/// Refuses providers whose load balancers are elsewhere: on every box a controller would write them.
fn check_box(name: &str, drivers: &[SharedDriver]) -> Result<()> {
    match drivers.iter().find(|driver| !driver.capabilities().on_box) {
        Some(driver) => bail!(
            "--box {name}: the load balancers of provider {:?} are not on a box; remove it from the \
             config, or run it without --box",
            driver.name()
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::drive;
    use seaway_testkit::cluster_id;
    use seaway_testkit::toys::by_id::ById;
    use seaway_testkit::toys::by_id::cloud::Cloud;
    use seaway_testkit::toys::one_file::OneFile;

    use super::*;

    #[test]
    fn a_provider_that_is_not_on_a_box_is_refused_by_name() {
        let on_box = || drive(OneFile::new(cluster_id(), Arc::default(), Vec::new()));
        assert!(check_box("edge-1", &[on_box()]).is_ok());
        let elsewhere = drive(ById::new(cluster_id(), Arc::new(Cloud::new(Arc::default()))));
        let error = check_box("edge-1", &[on_box(), elsewhere]).unwrap_err().to_string();
        assert!(error.contains("--box edge-1") && error.contains("\"by-id\""), "{error}");
    }
}
