//! `seaway status`: what load balancers there are, or one Service from spec to load balancer.
//!
//! ```text
//! read    what the cluster tells
//! page    one Service, as data
//! path    the way of a packet: port, node, cluster IP, pod
//! why     the answer to "why is it pending?"
//! render  a page for people
//! table   all of them
//! ```

mod page;
mod path;
mod read;
mod render;
mod table;
mod why;

use std::process::ExitCode;

use anyhow::{Result, bail};
use kube::Client;

use self::page::Page;
use self::read::Around;
use crate::args::{Log, Output, Status};
use crate::live::Live;
use crate::screen::Screen;
use crate::{cluster, telemetry};

/// Prints what there is. 1 if the Service that is asked for does not exist.
pub(crate) fn run(args: &Status, log: &Log, screen: &Screen) -> Result<ExitCode> {
    telemetry::start(log, "warn", None)?;
    let name = args.service.as_deref().map(name).transpose()?;
    let namespace = args.namespace.as_deref().map(label).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = cluster::connect(args.kubeconfig.as_deref()).await?;
        let live = Live::new(&args.live, cluster::identity(&client).await);
        match name {
            Some(name) => one(args, &client, &live, namespace, name, screen).await?,
            None => all(args, &client, &live, namespace, screen).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn one(
    args: &Status,
    client: &Client,
    live: &Live,
    namespace: Option<&str>,
    name: &str,
    screen: &Screen,
) -> Result<()> {
    let namespace = namespace.unwrap_or_else(|| client.default_namespace());
    let Some(around) = Around::read(client, namespace, name).await? else {
        let elsewhere = read::namespaces(client, name).await?;
        if elsewhere.is_empty() {
            bail!("there is no Service {name} in the namespace {namespace}, and in no other");
        }
        bail!(
            "there is no Service {name} in the namespace {namespace}; there is one in {} (use -n)",
            elsewhere.join(", ")
        );
    };
    let seen = live.inspect(Some((namespace, name))).await;
    let page = Page::new(&around, &seen);
    match args.output {
        Output::Json => screen.line(&serde_json::to_string_pretty(&page)?),
        Output::Text => {
            for line in render::page(&page) {
                screen.line(&line);
            }
        }
    }
    Ok(())
}

async fn all(
    args: &Status,
    client: &Client,
    live: &Live,
    namespace: Option<&str>,
    screen: &Screen,
) -> Result<()> {
    let services = read::services(client, namespace).await?;
    let seen = live.inspect(None).await;
    let rows = table::rows(&services, seen.as_ref().ok());
    if args.output == Output::Json {
        screen.line(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    if rows.is_empty() {
        let at = namespace.map(|name| format!(" in the namespace {name}")).unwrap_or_default();
        screen.line(&format!("there is no Service of type LoadBalancer{at}"));
    } else {
        for line in table::lines(&rows) {
            screen.line(&line);
        }
    }
    let found = match seen {
        Ok(found) => found,
        Err(why) => {
            let unknown = "stage, targets and the last error are not known";
            screen.line(&format!("# {why}: {unknown}"));
            return Ok(());
        }
    };
    for (provider, _) in found.providers.iter().filter(|(_, read)| !**read) {
        screen.line(&format!("# the provider {provider} can't be read"));
    }
    if !found.orphans.is_empty() {
        let count = found.orphans.len();
        screen.line(&format!("# {count} load balancers belong to no Service: see `seaway sweep`"));
    }
    Ok(())
}

/// The name in `svc/NAME` or `NAME`.
fn name(text: &str) -> Result<&str> {
    let Some((kind, rest)) = text.split_once('/') else { return label(text) };
    if matches!(kind, "svc" | "service" | "services") {
        return label(rest);
    }
    bail!("{text:?} names no Service; use svc/NAME or NAME, and -n for the namespace");
}

/// A name that Kubernetes can have.
fn label(text: &str) -> Result<&str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=63).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    bail!("{text:?} can't be the name of a Service or namespace: allowed are a-z, 0-9 and -");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_as_kubectl_names_it() {
        for text in ["web", "svc/web", "service/web", "services/web"] {
            assert_eq!(name(text).unwrap(), "web");
        }
        for bad in ["", "svc/", "pod/web", "default/web", "Web", "a?b", "svc/a/b"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
