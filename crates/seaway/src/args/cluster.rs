use std::path::PathBuf;

use clap::ValueEnum;

use super::Listen;

/// Tell what would change, step by step, and change nothing
///
/// Where load balancers live in a controller's process, that controller is asked; for all others the
/// provider is read. Ends with 1 if a Service would be refused or a step is foreseen to fail, else
/// with 0.
///
/// Example: seaway plan --kubeconfig ~/.kube/config -f manifests.yaml
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// Manifests to plan for, YAML or JSON, `-` for stdin; without a --kubeconfig nothing else is
    /// looked at, with one they stand in for the cluster's objects by the same names
    #[arg(short, long = "filename", value_name = "FILE")]
    pub filenames: Vec<PathBuf>,
    /// The cluster to plan for [default, without -f: as for `run`]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The config file [default: that of the controller that answers, else the provider `embedded`
    /// with a pool of documentation addresses]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub live: Admin,
}

/// Show the load balancers of a cluster, or one Service from spec to load balancer
///
/// Without a name, a table of all Services of type LoadBalancer. With one, a page: conditions, Events,
/// addresses, and the way of a packet to the pods; and the answer to "why is it pending?". Ends with 1
/// if there is no such Service.
///
/// Example: seaway status svc/tomcat-service -n default
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The Service, as `NAME` or `svc/NAME`
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Its namespace; without a name: the namespace to list [default: `default` with a name, else all]
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The cluster [default: as for `run`]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// How to write it
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    #[command(flatten)]
    pub live: Admin,
}

/// List what carries our mark and belongs to no Service, and delete it if asked to
///
/// Nothing is deleted without --delete. What is marked to stay without its Service
/// (`seaway.dev/retain`) is left out.
///
/// Example: seaway sweep --config seaway.toml --delete
#[derive(Debug, clap::Args)]
pub(crate) struct Sweep {
    /// Delete it
    #[arg(long)]
    pub delete: bool,
    /// The cluster [default: as for `run`]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The config file [default: only the controller that answers is asked]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub live: Admin,
}

/// Take everything of ours off a cluster: load balancers, addresses, conditions and finalizers
///
/// Stop the controllers first: as long as one holds the Lease, nothing is done. With --keep the load
/// balancers and the addresses stay, and are nobody's from then on. Ends with 1 if something had to
/// stay.
///
/// Example: seaway uninstall --config seaway.toml --dry-run
#[derive(Debug, clap::Args)]
pub(crate) struct Uninstall {
    /// Leave the load balancers, and the addresses in the statuses; take only finalizers and
    /// conditions away
    #[arg(long)]
    pub keep: bool,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The cluster [default: as for `run`]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The config file; it names the providers and the Lease [default: the providers of this build
    /// that live in the controller's process, and the Lease `seaway`]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Where a running controller is asked.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Admin {
    /// Where a running controller answers (its --admin-address); `off`: ask none
    #[arg(long = "admin", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8384")]
    pub at: Listen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}
