//! The help texts, as they are: a change of the command line shows here.

use clap::CommandFactory;

use super::*;

fn help(command: &str) -> String {
    let mut args = Args::command().term_width(100);
    args.build();
    let found = match command {
        "" => &mut args,
        name => args.find_subcommand_mut(name).unwrap(),
    };
    found.render_long_help().to_string()
}

#[test]
fn the_command_line_is_whole() {
    Args::command().debug_assert();
}

#[test]
fn the_help_texts_are_as_they_were() {
    for command in
        ["", "run", "status", "plan", "sweep", "uninstall", "sandbox", "demo", "completions"]
    {
        let name = if command.is_empty() { "seaway" } else { command };
        insta::assert_snapshot!(name, help(command));
    }
}

#[test]
fn every_command_has_an_example_and_starts_with_seaway() {
    for command in Args::command().get_subcommands() {
        let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
        let example = format!("Example: seaway {}", command.get_name());
        assert!(about.contains(&example), "{}: {about}", command.get_name());
    }
}
