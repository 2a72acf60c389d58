use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use seaway_controller::{Fetched, Outline, SystemClock, fetch, outline};
use seaway_core::{Key, ProviderError};
use seaway_intent::Selection;
use serde_json::Value;

use crate::args::{Log, Plan};
use crate::config::Config;
use crate::screen::Screen;
use crate::{cluster, telemetry};

/// What is planned with when no config is named: addresses that nobody has (RFC 5737, RFC 3849).
const ASSUMED: &str = "cluster-id = \"plan\"\n\
                       default-provider = \"embedded\"\n\
                       [providers.embedded]\n\
                       pool = [\"192.0.2.0/24\", \"2001:db8::/120\"]\n";

/// Prints what would change, and changes nothing.
pub(crate) fn run(args: &Plan, log: &Log, screen: &Screen) -> Result<()> {
    telemetry::start(log, "warn,kube_client::client::builder=off", None)?;
    let config = if let Some(path) = &args.config {
        Config::read(path)?
    } else {
        screen.line(
            "# no --config: assuming provider embedded with the pool 192.0.2.0/24, 2001:db8::/120",
        );
        Config::parse(ASSUMED)?
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut fetched = if args.filenames.is_empty() || args.kubeconfig.is_some() {
            let client = cluster::connect(args.kubeconfig.as_deref()).await?;
            fetch(&client).await.context("can't list Services, Nodes and EndpointSlices")?
        } else {
            Fetched::default()
        };
        for path in &args.filenames {
            overlay(&mut fetched, path)?;
        }
        if !args.filenames.is_empty() {
            let assumed = fetched.assume_node_ports();
            if assumed > 0 {
                screen.line(&format!(
                    "# the manifests name no nodePort for {assumed} of the ports: 30000 and up are assumed; \
                     the API server will choose others"
                ));
            }
        }
        screen.line(&format!("# {} Services, {} Nodes", fetched.services(), fetched.nodes()));

        let connected = config.providers.connect()?;
        let drivers: BTreeMap<_, _> = connected
            .iter()
            .map(|provider| (provider.driver.name(), provider.driver.clone()))
            .collect();
        let served = drivers.keys().map(|name| (*name).to_owned()).collect();
        let selection = Selection { served, default: config.default_provider };
        let (outlines, refused) =
            outline(drivers, selection, fetched, Arc::new(SystemClock)).await?;
        print(screen, &outlines, &refused);
        Ok(())
    })
}

/// Reads every document of a manifest.
fn overlay(fetched: &mut Fetched, path: &Path) -> Result<()> {
    let name = path.display();
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("can't read stdin")?;
        text
    } else {
        std::fs::read_to_string(path).with_context(|| format!("can't read the manifest {name}"))?
    };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).with_context(|| format!("in the manifest {name}"))?;
    for document in documents {
        let objects = match document["kind"].as_str() {
            Some("List") => document["items"].as_array().cloned().unwrap_or_default(),
            Some(_) => vec![document],
            None if document.is_null() => continue,
            None => bail!("in the manifest {name}: a document has no `kind`"),
        };
        for object in objects {
            let what = format!("{} {}", object["kind"], object["metadata"]["name"]);
            fetched
                .overlay(object)
                .with_context(|| format!("in the manifest {name}: {}", what.replace('"', "")))?;
        }
    }
    Ok(())
}

fn print(screen: &Screen, outlines: &[Outline], refused: &[(String, ProviderError)]) {
    let mut steps = 0;
    for outline in outlines {
        let report = &outline.report;
        if report.steps.is_empty() && report.error.is_none() {
            continue;
        }
        let names: Vec<_> = outline.services.values().map(String::as_str).collect();
        let of = match outline.key {
            Key::Ground => "what its load balancers share".to_owned(),
            Key::Balancer(_) => names.join(", "),
        };
        screen.line(&format!("{}: {of}", outline.provider));
        for step in &report.steps {
            steps += 1;
            screen.line(&format!("  + {}", step.step));
        }
        if let Some(error) = &report.error {
            screen.line(&format!("  ! {error}"));
        }
    }
    for outline in outlines {
        for (uid, member) in &outline.report.members {
            if let Some(error) = &member.error {
                screen.line(&format!("! {}: {error}", outline.services[uid]));
            }
        }
    }
    for (name, error) in refused {
        screen.line(&format!("! {name}: {error}"));
    }
    screen.line(&match steps {
        0 => "nothing to do".to_owned(),
        1 => "1 step; nothing was changed".to_owned(),
        _ => format!("{steps} steps; nothing was changed"),
    });
}
