//! Firewall rules of a network that is another project's: what its admin is asked to do.

use seaway_core::Protocol;

use crate::api::{Firewall, Open};
use crate::config::Settled;

/// The command that makes a firewall rule, or changes it where it is `there`. Its description makes it
/// ours: it is found, and once we may, kept.
pub(crate) fn command(config: &Settled, wanted: &Firewall, there: bool) -> String {
    let (project, name) = (&config.network_project, &wanted.name);
    let verb = if there { "update" } else { "create" };
    let mut command = format!(
        "project {project} has the network, and its admin must open it: gcloud compute \
         firewall-rules {verb} {name} --project={project}"
    );
    let mut add = |flag: &str, value: &str| {
        command.extend([" --", flag, "=", value]);
    };
    if !there {
        add("network", &config.network);
        add("direction", "INGRESS");
        add("description", &format!("'{}'", wanted.description));
    }
    add(if there { "rules" } else { "allow" }, &listed(wanted.open.iter().map(|open| rule(*open))));
    add("source-ranges", &listed(wanted.sources.iter()));
    if !wanted.destinations.is_empty() {
        add("destination-ranges", &listed(wanted.destinations.iter()));
    }
    if !wanted.target_tags.is_empty() {
        add("target-tags", &listed(wanted.target_tags.iter()));
    }
    command
}

fn rule(open: Open) -> String {
    let protocol = match open.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    };
    if open.from == open.to {
        format!("{protocol}:{}", open.from)
    } else {
        format!("{protocol}:{}-{}", open.from, open.to)
    }
}

fn listed<T: ToString>(all: impl Iterator<Item = T>) -> String {
    all.map(|it| it.to_string()).collect::<Vec<_>>().join(",")
}
