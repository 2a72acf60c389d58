//! `seaway demo`: a cluster, its nodes and pods, the controller and a load balancer on one machine.

mod check;
mod follower;
mod narrator;
pub(crate) mod stage;
mod steps;
mod table;
mod visitor;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::api::PostParams;
use seaway_controller::{Controller, Options};
use seaway_sandbox::world::example;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::Layer;

use self::follower::Follower;
use self::narrator::Narrator;
use self::stage::Stage;
use self::steps::Steps;
use self::table::Tally;
use crate::args::{Demo, Log};
use crate::config::Config;
use crate::registry::DAEMONS;
use crate::screen::Screen;
use crate::{interrupt, telemetry};

/// How long the address may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long open connections may live on at the end.
const DRAIN: Duration = Duration::from_millis(500);
/// How long the controller may take to end.
const GRACE: Duration = Duration::from_secs(4);

/// Runs the demo until SIGINT or SIGTERM, or once.
pub(crate) fn run(args: &Demo, log: &Log, screen: &Screen) -> Result<()> {
    let narrator = Narrator::new(screen.clone());
    telemetry::start(log, "error", Some(Steps(narrator.clone()).boxed()))?;
    if args.sandbox.nodes == 0 {
        bail!(
            "--nodes: 0 nodes can't serve anybody; allowed are 1 and more (`seaway sandbox` takes 0)"
        );
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let stop = interrupt::token()?;
        let Some(stage) = Stage::raise(&args.sandbox, args.sandbox.nodes, &stop).await? else {
            return Ok(());
        };
        let shown = show(args, screen, &narrator, &stage, &stop).await;
        stage.strike().await;
        if shown.is_ok() && !args.exit_after_check {
            screen.line("everything is gone again");
        }
        shown
    })
}

/// A cluster that one provider serves on this machine.
fn config(provider: &str, stage: &Stage, folder: &Path) -> String {
    let pool = stage.spare();
    let mut config = format!(
        "cluster-id = \"demo\"\n\
         default-provider = \"{provider}\"\n\
         [providers.{provider}]\n\
         pool = [\"{pool}\"]\n"
    );
    if DAEMONS.contains(&provider) {
        let _ = write!(config, "start = true\nfolder = \"{}\"\n", folder.display());
    }
    config
}

/// Runs the controller beside the play, and ends it after the play.
async fn show(
    args: &Demo,
    screen: &Screen,
    narrator: &Narrator,
    stage: &Stage,
    stop: &CancellationToken,
) -> Result<()> {
    // Where a daemon has its config and its sockets; it goes with the demo.
    let folder = tempfile::Builder::new().prefix("seaway-demo-").tempdir()?;
    let config = Config::parse(&config(&args.provider, stage, folder.path()))?;
    let connected = config.providers.connect(&config.cluster_id).await?;
    let drivers = connected.iter().map(|provider| provider.driver.clone()).collect();
    let controller =
        Controller::new(stage.client(), drivers, config.default_provider, Options::default());
    let ended = CancellationToken::new();
    let controller = tokio::spawn(controller.run(ended.clone()));

    let outcome = play(args, screen, narrator, stage, stop).await;

    ended.cancel();
    let _ = tokio::time::timeout(GRACE, controller).await;
    join_all(connected.into_iter().map(|provider| provider.close(DRAIN))).await;
    outcome
}

async fn play(
    args: &Demo,
    screen: &Screen,
    narrator: &Narrator,
    stage: &Stage,
    stop: &CancellationToken,
) -> Result<()> {
    narrator.say("API", &format!("{} in memory, for this machine only", stage.url()));
    narrator.say("kubeconfig", &stage.kubeconfig().display().to_string());
    narrator.say("nodes", &format!("{} simulated, in {}", args.sandbox.nodes, stage.block()));

    let mut follower = Follower::new(narrator.clone());
    let mut news = std::pin::pin!(Follower::news(&stage.client()));
    let mut acts = std::pin::pin!(acts(args, narrator, stage));
    loop {
        tokio::select! {
            Some(news) = news.next() => follower.tell(news),
            outcome = &mut acts => {
                let at = outcome?;
                if args.exit_after_check {
                    return Ok(());
                }
                screen.line(&format!("\ntry  curl http://{at}/"));
                let kubectl = format!("kubectl --kubeconfig {}", stage.kubeconfig().display());
                screen.line(&format!("     {kubectl} get services -o wide"));
                let (one, other) = (args.sandbox.nodes.min(3), args.sandbox.nodes.min(4));
                screen.line(&format!("     {kubectl} delete node node-{one}"));
                screen.line(&format!("     {kubectl} annotate node node-{other} sandbox.seaway.dev/crash=true"));
                screen.line("Ctrl-C ends it.\n");
                break;
            }
            () = stop.cancelled() => return Ok(()),
        }
    }
    let mut tally = Tally::default();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let services: Api<Service> = Api::default_namespaced(stage.client());
    loop {
        tokio::select! {
            Some(news) = news.next() => follower.tell(news),
            _ = second.tick() => {
                // The example may have been moved, changed or deleted by whoever looks on.
                if let Ok(Some(service)) = services.get_opt(SERVICE).await
                    && let Some(at) = place(&service)
                {
                    match visitor::visit(at).await {
                        Ok(answer) => *tally.answered.entry(answer.via).or_default() += 1,
                        Err(error) => {
                            tally.failed += 1;
                            narrator.say("request", &format!("failed: {error:#}"));
                        }
                    }
                }
            }
            () = stop.cancelled() => return Ok(()),
        }
        if screen.is_terminal() {
            screen.table(&table::draw(&follower.rows(), follower.nodes(), &tally));
        }
    }
}

/// The name of the example's Service.
const SERVICE: &str = "tomcat-service";

/// Creates the example, waits for its address, and sends requests until every node has answered.
async fn acts(args: &Demo, narrator: &Narrator, stage: &Stage) -> Result<SocketAddr> {
    let client = stage.client();
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let wanted = format!("{SERVICE} is created: LoadBalancer, port {}", example::PORT);
    narrator.say("example", &wanted);
    services.create(&PostParams::default(), &example::service()).await?;
    let at = address(&services).await?;

    let nodes = args.sandbox.nodes;
    let answered = tour(narrator, at, nodes).await?;
    narrator.say("requests", &format!("{} of {nodes} nodes answered", answered.len()));
    if answered.len() < nodes {
        bail!("only {} of {nodes} nodes answered: {answered:?}", answered.len());
    }
    if args.exit_after_check {
        check::check(narrator, &client, at).await?;
    }
    Ok(at)
}

/// Sends requests until so many nodes have answered, or time is up. A node may open its port a little
/// later than the load balancer, and is then not used before its next health check.
async fn tour(narrator: &Narrator, at: SocketAddr, nodes: usize) -> Result<BTreeSet<String>> {
    let end = Instant::now() + PATIENCE;
    let mut answered = BTreeSet::new();
    loop {
        let outcome = visitor::visit(at).await;
        let late = Instant::now() >= end;
        match outcome {
            Ok(answer) => {
                if answered.is_empty() {
                    narrator.say("request", &format!("GET http://{at}/ answers {}", answer.line));
                }
                let fresh = answered.insert(answer.via);
                if late || answered.len() == nodes {
                    return Ok(answered);
                }
                if fresh {
                    continue;
                }
            }
            Err(error) if late => return Err(error),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for the address of the example.
async fn address(services: &Api<Service>) -> Result<SocketAddr> {
    let end = Instant::now() + PATIENCE;
    let found = timeout_at(end, async {
        loop {
            if let Some(at) = place(&services.get(SERVICE).await?) {
                return Ok::<_, kube::Error>(at);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    match found.await {
        Ok(found) => found.context("can't read the Service"),
        Err(_) => bail!("{SERVICE} has no address after {} s", PATIENCE.as_secs()),
    }
}

/// Where the status of a Service says that its first port is.
fn place(service: &Service) -> Option<SocketAddr> {
    let ingress = service.status.as_ref()?.load_balancer.as_ref()?.ingress.as_ref()?;
    let ip: IpAddr = ingress.first()?.ip.as_ref()?.parse().ok()?;
    let port = service.spec.as_ref()?.ports.as_ref()?.first()?.port;
    Some(SocketAddr::new(ip, u16::try_from(port).ok()?))
}
