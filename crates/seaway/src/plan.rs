//! `seaway plan`: what would change, and nothing changes.
//!
//! ```text
//! manifest  the objects of manifests
//! print     a plan for people
//! ```

mod manifest;
mod print;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use kube::Client;
use seaway_controller::{Fetched, Rehearsal, SystemClock, fetch, outline};
use seaway_core::SharedDriver;
use seaway_intent::Selection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::{Log, Plan};
use crate::config::Config;
use crate::live::Live;
use crate::screen::Screen;
use crate::{cluster, telemetry};

/// What is planned with when no config is named: addresses that nobody has (RFC 5737, RFC 3849).
const ASSUMED: &str = "cluster-id = \"plan\"\n\
                       default-provider = \"embedded\"\n\
                       [providers.embedded]\n\
                       pool = [\"192.0.2.0/24\", \"2001:db8::/120\"]\n";

/// A plan, and what it was made from.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Planned {
    /// How many Services there are.
    pub services: usize,
    /// How many nodes.
    pub nodes: usize,
    /// How many NodePorts were given, for want of an API server that would.
    pub assumed: usize,
    /// The plan.
    #[serde(flatten)]
    pub rehearsal: Rehearsal,
}

/// Prints what would change, and changes nothing. 1 if something in it can't be.
pub(crate) fn run(args: &Plan, log: &Log, screen: &Screen) -> Result<ExitCode> {
    telemetry::start(log, "warn", None)?;
    let config = args.config.as_deref().map(Config::read).transpose()?;
    let objects = manifest::read(&args.filenames)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let planned = runtime.block_on(async {
        let client = if args.filenames.is_empty() || args.kubeconfig.is_some() {
            Some(cluster::connect(args.kubeconfig.as_deref()).await?)
        } else {
            None
        };
        make(args, config, objects, client, screen).await
    })?;
    if planned.assumed > 0 {
        screen.line(&format!(
            "# the manifests name no nodePort for {} of the ports: 30000 and up are assumed; the API \
             server will choose others",
            planned.assumed
        ));
    }
    screen.line(&format!("# {} Services, {} Nodes", planned.services, planned.nodes));
    let trouble = print::print(screen, &planned.rehearsal);
    Ok(if trouble { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Takes objects of manifests in place of those by the same names, and returns how many NodePorts had
/// to be assumed.
pub(crate) fn overlay(fetched: &mut Fetched, objects: Vec<Value>) -> Result<usize> {
    if objects.is_empty() {
        return Ok(0);
    }
    for object in objects {
        let what = format!("{} {}", object["kind"], object["metadata"]["name"]).replace('"', "");
        fetched.overlay(object).with_context(|| format!("in the manifest of {what}"))?;
    }
    Ok(fetched.assume_node_ports())
}

/// Plans with the config's providers. What lives in a controller's process only that controller knows:
/// where a cluster is planned for, it is asked.
async fn make(
    args: &Plan,
    config: Option<Config>,
    objects: Vec<Value>,
    client: Option<Client>,
    screen: &Screen,
) -> Result<Planned> {
    let named = config.is_some();
    let config = config.map_or_else(|| Config::parse(ASSUMED), Ok)?;
    let default = config.default_provider.clone();
    let connected = config.providers.connect(&config.cluster_id).await?;
    let drivers: Vec<SharedDriver> = connected.iter().map(|it| it.driver.clone()).collect();
    let within: Vec<_> = drivers
        .iter()
        .filter(|driver| driver.capabilities().in_process)
        .map(|driver| driver.name())
        .collect();

    let mut theirs = None;
    if let Some(client) = &client
        && !within.is_empty()
    {
        let live = Live::new(&args.live, cluster::identity(client).await);
        match live.plan(&objects).await {
            // Without a config of its own, the command has nothing to add.
            Ok(planned) if !named => return Ok(planned),
            Ok(planned) => theirs = Some(planned),
            Err(why) => {
                screen.line(&format!("# {why}: what {} has now is not known", quoted(&within)));
            }
        }
    }
    if !named {
        screen.line(
            "# no --config: assuming provider embedded with the pool 192.0.2.0/24, 2001:db8::/120",
        );
    }
    let mut fetched = match &client {
        Some(client) => {
            fetch(client).await.context("can't list Services, Nodes and EndpointSlices")?
        }
        None => Fetched::default(),
    };
    let assumed = overlay(&mut fetched, objects)?;
    let (services, nodes) = (fetched.services(), fetched.nodes());
    let served = drivers.iter().map(|driver| driver.name().to_owned()).collect();
    let drivers = drivers.into_iter().map(|driver| (driver.name(), driver)).collect();
    let selection = Selection { served, default };
    let mut rehearsal = outline(drivers, selection, fetched, Arc::new(SystemClock)).await?;
    if let Some(theirs) = theirs {
        let inside = |name: &str| within.contains(&name);
        rehearsal.outlines.retain(|outline| !inside(&outline.provider));
        let known = theirs.rehearsal.outlines.into_iter().filter(|it| inside(&it.provider));
        rehearsal.outlines.splice(0..0, known);
    }
    Ok(Planned { services, nodes, assumed, rehearsal })
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
