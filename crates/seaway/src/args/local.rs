use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use crate::registry::LOCAL;

/// Run a Kubernetes API in memory with simulated nodes, and no controller
///
/// Example: seaway sandbox --nodes 3 --kubeconfig sandbox.kubeconfig
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    #[command(flatten)]
    pub sandbox: Simulation,
}

/// Show all of it on this machine: no cluster, no root, no cloud account
///
/// Example: seaway demo --nodes 100 --exit-after-check
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub sandbox: Simulation,
    /// What load balances: `haproxy` and `nginx` must be installed here
    #[arg(long, value_name = "NAME", default_value = "embedded", value_parser = PossibleValuesParser::new(LOCAL))]
    pub provider: String,
    /// Go through it once, check that it works, and exit with 0 or 1
    #[arg(long)]
    pub exit_after_check: bool,
}

/// A simulated cluster.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulation {
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

/// Write the completions for a shell to stdout
///
/// Example: seaway completions bash > seaway.bash
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// More nodes than this have no address in the loopback block of a simulation.
const MOST_NODES: usize = 4000;

fn nodes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MOST_NODES => Ok(count),
        _ => Err(format!("allowed are 0 to {MOST_NODES}")),
    }
}
