use std::path::PathBuf;

use super::Listen;
use super::listen::loopback;
use crate::election::is_name;

/// Run the controller on a cluster
///
/// Watches Services and Nodes, makes a load balancer for each Service of `type: LoadBalancer` that is
/// ours, and keeps it as asked, until SIGINT or SIGTERM.
///
/// Example: seaway run --kubeconfig ~/.kube/config --config seaway.toml
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
    /// Serve the load balancers of the box that this runs on, whoever leads; NAME tells it from others.
    /// One controller runs on each box, and the Lease decides only which of them chooses addresses and
    /// writes to Kubernetes: the others serve what the statuses show, and tell bad news only
    #[arg(long = "box", value_name = "NAME", value_parser = box_name)]
    pub on_box: Option<String>,
    /// Where /metrics, /healthz and /readyz are answered, for everybody who reaches it; `off`: nowhere
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8383")]
    pub metrics_address: Listen,
    /// Where `seaway status`, `plan` and `sweep` are answered; loopback only; `off`: nowhere
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8384", value_parser = loopback)]
    pub admin_address: Listen,
}

/// With the name of a Service beside it, it fits into the name of an Event.
const LONGEST: usize = 128;

/// The name of a machine, as nodes have it.
fn box_name(text: &str) -> Result<String, String> {
    if text.len() <= LONGEST && text.split('.').all(is_name) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "use up to {LONGEST} of a-z, 0-9, - and ., and begin and end each part with a letter or digit"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_called_as_a_machine_is() {
        for good in ["a", "edge-1", "7", "edge-1.example.com"] {
            assert_eq!(box_name(good).as_deref(), Ok(good));
        }
        let long = ["x"; 65].join(".");
        for bad in ["", "Edge", "edge..1", "edge.", "-edge", "edge-", &"x".repeat(64), &long] {
            assert!(box_name(bad).unwrap_err().contains("a-z"), "{bad}");
        }
    }
}
