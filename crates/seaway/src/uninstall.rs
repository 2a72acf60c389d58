use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::join_all;
use kube::Client;
use seaway_controller::{Fate, Goodbye, Leader, leaders};
use seaway_core::SharedDriver;

use crate::args::{Log, Uninstall};
use crate::cluster::refusal;
use crate::config::Config;
use crate::election::Election;
use crate::registry::IN_PROCESS;
use crate::run::DRAIN;
use crate::screen::Screen;
use crate::{cluster, telemetry};

/// How long a controller that nobody told of gets to show itself, by putting on again what was taken
/// off.
const PROBATION: Duration = Duration::from_secs(1);

/// Takes everything of ours off a cluster. 1 if something had to stay.
pub(crate) fn run(args: &Uninstall, log: &Log, screen: &Screen) -> Result<ExitCode> {
    telemetry::start(log, "warn", None)?;
    let config = args.config.as_deref().map(Config::read).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = cluster::connect(args.kubeconfig.as_deref()).await?;
        let election = config.as_ref().map(|config| config.leader_election.clone());
        is_free(&client, &election.unwrap_or_default(), screen).await?;
        let connected = match config {
            Some(config) => config.providers.connect(&config.cluster_id).await?,
            None => Vec::new(),
        };
        let drivers = connected.iter().map(|provider| provider.driver.clone());
        let outlives = |driver: &SharedDriver| !driver.capabilities().in_process;
        let uninstall = seaway_controller::Uninstall {
            client,
            drivers: drivers.filter(outlives).collect(),
            in_process: IN_PROCESS.iter().map(|name| (*name).to_owned()).collect(),
            keep: args.keep,
        };
        if args.dry_run {
            let (steps, goodbyes) = uninstall.rehearse().await?;
            for step in &steps {
                screen.line(&format!("  + {step}"));
            }
            tell(screen, &goodbyes);
            screen.line(&match goodbyes.len() {
                0 => sum(&goodbyes),
                count => format!("{count} Services have something of ours; nothing was changed"),
            });
            return Ok(code(&goodbyes));
        }
        let goodbyes = uninstall.run(|step| screen.line(&format!("  + {step}"))).await?;
        tell(screen, &goodbyes);
        let freed = goodbyes.iter().any(|goodbye| !matches!(goodbye.fate, Fate::Stays(_)));
        if freed {
            tokio::time::sleep(PROBATION).await;
            let back = uninstall.returned(&goodbyes).await?;
            if !back.is_empty() {
                bail!(
                    "a controller that holds no Lease still works here, and has taken {} again: stop \
                     it, and run this again",
                    back.join(", ")
                );
            }
        }
        if !args.keep && goodbyes.iter().all(|goodbye| !matches!(goodbye.fate, Fate::Stays(_))) {
            // A daemon that a Seaway of before started serves nobody any more.
            join_all(connected.into_iter().map(|provider| provider.close(DRAIN))).await;
        }
        screen.line(&sum(&goodbyes));
        Ok(code(&goodbyes))
    })
}

/// Refuses as long as a controller works.
async fn is_free(client: &Client, election: &Election, screen: &Screen) -> Result<()> {
    let (namespace, name) = election.wanted();
    for leader in held(client, namespace, name, election).await? {
        if !leader.fresh {
            let seconds = leader.lasts.as_secs();
            screen.line(&format!(
                "# {} held the Lease {}/{} last; waiting {seconds} s for a sign of life",
                leader.holder, leader.namespace, leader.name
            ));
        }
        if leader.lives(client).await.map_err(refusal)? {
            let Leader { namespace, name, holder, .. } = leader;
            bail!(
                "the controller {holder} works here: it holds the Lease {namespace}/{name}; stop it \
                 first: SIGTERM ends a process, and `kubectl -n {namespace} scale \
                 deployment/seaway --replicas=0` a Deployment"
            );
        }
    }
    Ok(())
}

/// The Leases that are held. Without a namespace in the config all are looked at, if we may.
async fn held(
    client: &Client,
    namespace: Option<&str>,
    name: &str,
    election: &Election,
) -> Result<Vec<Leader>> {
    let mut answer = leaders(client, namespace, name).await;
    if namespace.is_none()
        && let Err(kube::Error::Api(status)) = &answer
        && status.code == 403
    {
        let (namespace, _) = election.lease();
        answer = leaders(client, Some(&namespace), name).await;
    }
    answer
        .map_err(refusal)
        .context("can't tell whether a controller works here: can't read its Lease")
}

fn tell(screen: &Screen, goodbyes: &[Goodbye]) {
    for Goodbye { service, fate, .. } in goodbyes {
        screen.line(&match fate {
            Fate::Freed => format!("- {service}: load balancer, addresses, conditions, finalizer"),
            Fate::Kept => format!("- {service}: conditions, finalizer; the load balancer stays"),
            Fate::Stays(why) => format!("! {service} stays as it is: {why}"),
        });
    }
}

fn sum(goodbyes: &[Goodbye]) -> String {
    let stays = goodbyes.iter().filter(|it| matches!(it.fate, Fate::Stays(_))).count();
    match (goodbyes.len(), stays) {
        (0, _) => "nothing to uninstall: no Service has anything of ours".to_owned(),
        (all, 0) => format!("{all} Services have nothing of ours any more"),
        (all, stays) => format!("{} of {all} Services have nothing of ours any more", all - stays),
    }
}

fn code(goodbyes: &[Goodbye]) -> ExitCode {
    let stays = goodbyes.iter().any(|it| matches!(it.fate, Fate::Stays(_)));
    if stays { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
