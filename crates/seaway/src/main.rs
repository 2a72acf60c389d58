//! The `seaway` binary: flags, wiring and words for people.
//!
//! ```text
//! args       the command line
//! config     the config file
//! election   which of several controllers works
//! registry   the providers of this build: the only place that names them
//! cluster    a client of the cluster, with errors that say what to do
//! files      the limit of open files
//! interrupt  Ctrl-C and SIGTERM
//! telemetry  logs
//! screen     what goes to stdout
//! run        seaway run: the controller
//! plan       seaway plan: what would change
//! sandbox    seaway sandbox: the API and the nodes alone
//! demo/      seaway demo: all of it on one machine
//! ```

mod args;
mod cluster;
mod config;
mod demo;
mod election;
mod files;
mod interrupt;
mod plan;
mod registry;
mod run;
mod sandbox;
mod screen;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Args, Command};
use self::screen::Screen;

fn main() -> ExitCode {
    let args = Args::parse();
    files::raise_limit();
    let screen = Screen::stdout();
    let outcome = match args.command {
        Command::Run(command) => run::run(&command, &args.log),
        Command::Plan(command) => plan::run(&command, &args.log, &screen),
        Command::Sandbox(command) => sandbox::run(&command, &args.log, &screen),
        Command::Demo(command) => demo::run(&command, &args.log, &screen),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen::complain(&error);
            ExitCode::FAILURE
        }
    }
}
