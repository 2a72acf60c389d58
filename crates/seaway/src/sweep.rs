use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use seaway_controller::{Orphan, Sweeper};
use seaway_core::SharedDriver;

use crate::args::{Log, Sweep};
use crate::config::Config;
use crate::live::Live;
use crate::screen::Screen;
use crate::{cluster, telemetry};

/// Lists what is nobody's, and deletes it if asked to. 1 if something could not be deleted.
pub(crate) fn run(args: &Sweep, log: &Log, screen: &Screen) -> Result<ExitCode> {
    telemetry::start(log, "warn", None)?;
    let config = args.config.as_deref().map(Config::read).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let Some(config) = config else {
            // Only a running controller knows what there is to sweep.
            let cluster = match &args.kubeconfig {
                Some(path) => cluster::identity(&cluster::connect(Some(path)).await?).await,
                None => None,
            };
            let live = Live::new(&args.live, cluster);
            return match ask(args, &live, screen, |_| true).await {
                Ok(count) => Ok(sum(args, screen, count, 0)),
                Err(why) => bail!("{why}; for what outlives a controller, name its --config"),
            };
        };
        let client = cluster::connect(args.kubeconfig.as_deref()).await?;
        let connected = config.providers.connect(&config.cluster_id).await?;
        let drivers = connected.iter().map(|provider| provider.driver.clone());
        let (within, outside): (Vec<_>, Vec<_>) =
            drivers.partition(|driver: &SharedDriver| driver.capabilities().in_process);
        let names: Vec<_> = within.iter().map(|driver| driver.name()).collect();
        let (mut count, mut failed) = (0, 0);
        if !names.is_empty() {
            let live = Live::new(&args.live, cluster::identity(&client).await);
            match ask(args, &live, screen, |orphan| names.contains(&orphan.provider.as_str())).await
            {
                Ok(found) => count += found,
                Err(why) => screen.line(&format!(
                    "# {why}: what {} has now is not known; it is gone with its process",
                    names.join(", ")
                )),
            }
        }
        if !outside.is_empty() {
            let sweeper = Sweeper::new(client, outside);
            let (found, bad) = directly(args, &sweeper, screen).await?;
            count += found;
            failed += bad;
        }
        Ok(sum(args, screen, count, failed))
    })
}

/// Has a running controller tell, and sweep.
async fn ask(
    args: &Sweep,
    live: &Live,
    screen: &Screen,
    concerns: impl Fn(&Orphan) -> bool,
) -> Result<usize> {
    let orphans = if args.delete { live.sweep().await? } else { live.inspect(None).await?.orphans };
    let orphans: Vec<_> = orphans.into_iter().filter(concerns).collect();
    for orphan in &orphans {
        let lead = if args.delete { "- " } else { "" };
        screen.line(&format!("{lead}{}", told(orphan)));
    }
    Ok(orphans.len())
}

/// Reads the providers, and sweeps. Returns how many things there were, and how many are there still.
async fn directly(args: &Sweep, sweeper: &Sweeper, screen: &Screen) -> Result<(usize, usize)> {
    let found: BTreeSet<_> = sweeper.look().await?;
    if !args.delete {
        for orphan in &found {
            screen.line(&told(orphan));
        }
        return Ok((found.len(), 0));
    }
    if found.is_empty() {
        return Ok((0, 0));
    }
    let swept = sweeper.sweep(&found).await?;
    let mut failed = 0;
    for it in &swept {
        screen.line(&format!("- {}", told(&it.orphan)));
        for step in &it.steps {
            screen.line(&format!("    {step}"));
        }
        if let Some(error) = &it.error {
            failed += 1;
            screen.line(&format!("  ! {error}"));
        }
    }
    Ok((swept.len(), failed))
}

fn told(orphan: &Orphan) -> String {
    let Orphan { provider, key, service } = orphan;
    format!("{provider} {key}, made for the Service {service} that is no more")
}

fn sum(args: &Sweep, screen: &Screen, count: usize, failed: usize) -> ExitCode {
    screen.line(&match (count, args.delete) {
        (0, _) => "nothing to sweep: everything with our mark belongs to a Service".to_owned(),
        (_, false) => format!("{count} to sweep; nothing was deleted (--delete does it)"),
        (_, true) if failed > 0 => format!("{} of {count} deleted", count - failed),
        (_, true) => format!("{count} deleted"),
    });
    if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
