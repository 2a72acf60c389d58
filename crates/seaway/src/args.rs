//! The command line.

pub(crate) mod cluster;
mod listen;
mod local;
mod run;
#[cfg(test)]
mod tests;

use clap::parser::ValueSource;
use clap::{ArgMatches, Parser, Subcommand, ValueEnum};

pub(crate) use self::cluster::{Admin, Output, Plan, Status, Sweep, Uninstall};
pub(crate) use self::listen::Listen;
pub(crate) use self::local::{Completions, Demo, Sandbox, Simulation};
pub(crate) use self::run::Run;
use crate::registry;

/// The load balancer driver for Kubernetes: every Service of `type: LoadBalancer` gets a real load
/// balancer, and its address in `status.loadBalancer`.
#[derive(Debug, Parser)]
#[command(
    name = "seaway",
    version,
    long_version = registry::version(),
    propagate_version = true,
    max_term_width = 100
)]
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
    #[arg(
        long = "log",
        global = true,
        env = "SEAWAY_LOG",
        hide_env_values = true,
        value_name = "FILTER",
        help_heading = "Logging"
    )]
    pub filter: Option<String>,
    /// How to write each line
    #[arg(long = "log-format", global = true, value_enum, default_value_t = LogFormat::Text, help_heading = "Logging")]
    pub format: LogFormat,
    /// Who says what to log, for messages
    #[arg(skip)]
    pub source: Source,
}

/// Where the filter of the log was named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// `--log`
    #[default]
    Flag,
    /// `SEAWAY_LOG`
    Environment,
}

/// Where the filter of the log was named. A global flag may stand before or after the command.
pub(crate) fn source(matches: &ArgMatches) -> Source {
    let mut level = Some(matches);
    while let Some(matches) = level {
        if matches.value_source("filter") == Some(ValueSource::CommandLine) {
            return Source::Flag;
        }
        level = matches.subcommand().map(|(_, inner)| inner);
    }
    Source::Environment
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Status(Status),
    Plan(Plan),
    Sweep(Sweep),
    Uninstall(Uninstall),
    Sandbox(Sandbox),
    Demo(Demo),
    Completions(Completions),
}
