use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{Args, Completions};
use crate::screen::Screen;

/// Writes the completions for a shell.
pub(crate) fn run(args: &Completions, screen: &Screen) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "seaway", &mut script);
    screen.line(String::from_utf8(script)?.trim_end());
    Ok(ExitCode::SUCCESS)
}
