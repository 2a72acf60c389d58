use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// The load balancer driver for Kubernetes: every Service of `type: LoadBalancer` gets a real load
/// balancer, and its address in `status.loadBalancer`.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub log: Log,
    #[command(subcommand)]
    pub command: Command,
}

/// How to log. Logs go to stderr.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Log {
    /// What to log: error, warn, info, debug or trace, also by module as in `info,kube=debug`
    /// [default: info for `run`, else warn]
    #[arg(long = "log", global = true, env = "SEAWAY_LOG", value_name = "FILTER")]
    pub filter: Option<String>,
    /// How to write each line
    #[arg(long = "log-format", global = true, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the controller on a cluster
    Run(Run),
    /// Tell what would change, step by step, and change nothing
    Plan(Plan),
    /// Run a Kubernetes API in memory with simulated nodes, and no controller
    Sandbox(Sandbox),
    /// Show all of it on this machine: no cluster, no root, no cloud account
    Demo(Demo),
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_field_names, reason = "a dry run is what it is called")]
pub(crate) struct Run {
    /// The cluster to serve [default: $KUBECONFIG, ~/.kube/config, or the cluster that this runs in]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The config file, TOML or YAML
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Write nothing anywhere: no finalizer, status, Event or Lease, and nothing to providers; log
    /// what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to wait for the Lease before anything is done, and to stop once it is lost
    /// [default: what the config file says, else true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_elect: Option<bool>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// Manifests to plan for, YAML or JSON, `-` for stdin; without a --kubeconfig nothing else is
    /// looked at, with one they stand in for the cluster's objects by the same names
    #[arg(short, long = "filename", value_name = "FILE")]
    pub filenames: Vec<PathBuf>,
    /// The cluster to plan for [default, without -f: as for `run`]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The config file [default: the provider `embedded` with a pool of documentation addresses]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// How many nodes to simulate
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = nodes)]
    pub nodes: usize,
    /// Where to write the kubeconfig, once the API answers; it is removed at the end
    /// [default: a file in the folder for temporary files]
    #[arg(long, value_name = "PATH")]
    pub kubeconfig: Option<PathBuf>,
    /// Where the API listens; loopback only
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub sandbox: Sandbox,
    /// Go through it once, check that it works, and exit with 0 or 1
    #[arg(long)]
    pub exit_after_check: bool,
}

/// More nodes than this have no address in the loopback block of a simulation.
const MOST_NODES: usize = 4000;

fn nodes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MOST_NODES => Ok(count),
        _ => Err(format!("allowed are 0 to {MOST_NODES}")),
    }
}
