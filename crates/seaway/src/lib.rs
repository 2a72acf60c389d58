//! The `seaway` binary: flags, wiring and words for people.
//!
//! ```text
//! args/       the command line
//! config      the config file
//! election    which of several controllers works
//! registry    the providers of this build: the only place that names them
//! cluster     a client of the cluster, with errors that say what to do
//! files       the limit of open files, and of what is read
//! interrupt   Ctrl-C and SIGTERM
//! telemetry   logs
//! screen      what goes to stdout
//! ops/        what a running controller answers: metrics, health, questions
//! live        a running controller, asked from another process
//! run         seaway run: the controller
//! term        the times in which this one leads
//! plan/       seaway plan: what would change
//! status/     seaway status: what there is, and why
//! sweep       seaway sweep: what is nobody's
//! uninstall   seaway uninstall: everything of ours, off
//! sandbox     seaway sandbox: the API and the nodes alone
//! demo/       seaway demo: all of it on one machine
//! completions seaway completions: for shells
//! ```

mod args;
mod cluster;
mod completions;
mod config;
mod demo;
mod election;
mod files;
mod interrupt;
mod live;
mod ops;
mod plan;
mod registry;
mod run;
mod sandbox;
mod screen;
mod status;
mod sweep;
mod telemetry;
mod term;
mod uninstall;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use self::args::{Args, Command};
use self::screen::Screen;

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let matches = Args::command().get_matches();
    let mut args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    args.log.source = args::source(&matches);
    files::raise_limit();
    let screen = Screen::stdout();
    let log = &args.log;
    let done = |()| ExitCode::SUCCESS;
    let outcome = match &args.command {
        Command::Run(command) => run::run(command, log).map(done),
        Command::Status(command) => status::run(command, log, &screen),
        Command::Plan(command) => plan::run(command, log, &screen),
        Command::Sweep(command) => sweep::run(command, log, &screen),
        Command::Uninstall(command) => uninstall::run(command, log, &screen),
        Command::Sandbox(command) => sandbox::run(command, log, &screen).map(done),
        Command::Demo(command) => demo::run(command, log, &screen).map(done),
        Command::Completions(command) => completions::run(command, &screen),
    };
    let outcome = outcome.and_then(|code| match screen.trouble() {
        Some(error) => Err(anyhow::Error::new(error).context("can't write to stdout")),
        None => Ok(code),
    });
    outcome.unwrap_or_else(|error| {
        screen::complain(&error, log.format);
        ExitCode::FAILURE
    })
}
