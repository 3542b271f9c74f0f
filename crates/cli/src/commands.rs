//! The commands, one module each: its arguments, and its answer for people.

use clap::{Arg, ArgAction, ArgMatches, Command};
use skranke_app::tools::{ToolError, say};

use crate::answer::{Answer, Failure};
use crate::usage;

mod audit;
mod calendar;
mod case;
mod cpr;
mod deadline;
mod doctor;
mod explain;
mod import;
mod lix;
mod operations;
mod receipt;
mod verify_receipt;

/// A command: its name, its arguments, and what it does.
type Area = (
    &'static str,
    fn() -> Command,
    fn(&ArgMatches) -> Result<Answer, Failure>,
);

const AREAS: &[Area] = &[
    ("calendar", calendar::command, calendar::run),
    ("deadline", deadline::command, deadline::run),
    ("cpr", cpr::command, cpr::run),
    ("lix", lix::command, lix::run),
    ("explain", explain::command, explain::run),
    (
        "verify-receipt",
        verify_receipt::command,
        verify_receipt::run,
    ),
    ("case", case::command, case::run),
    ("receipt", receipt::command, receipt::run),
    ("import", import::command, import::run),
    ("sync", operations::sync, operations::run_sync),
    ("audit", audit::command, audit::run),
    ("backup", operations::backup, operations::run_backup),
    ("restore", operations::restore, operations::run_restore),
    ("doctor", doctor::command, doctor::run),
    ("demo", operations::demo, operations::run_demo),
];

/// The whole command line.
pub(crate) fn all() -> Command {
    let json = Arg::new("json")
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help(say("cli.json", &[]))
        .help_heading(say("cli.options", &[]));
    let version = Arg::new("version")
        .long("version")
        .action(ArgAction::Version)
        .help(say("cli.version", &[]))
        .help_heading(say("cli.options", &[]));
    usage::dressed(Command::new("skranke"), "cli")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .subcommand_required(true)
        .arg(json)
        .arg(version)
        .subcommands(AREAS.iter().map(|(_, command, _)| command()))
}

/// Runs the command that was given.
pub(crate) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let Some((name, matches)) = matches.subcommand() else {
        return Err(ToolError::usage("command_missing").into());
    };
    match AREAS.iter().find(|(known, _, _)| *known == name) {
        Some((_, _, run)) => run(matches),
        None => Err(ToolError::usage("usage_wrong").into()),
    }
}

/// The text of an option or argument; empty if it was not given.
fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches
        .get_one::<String>(name)
        .map(String::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_of_every_command_are_sound() {
        super::all().debug_assert();
    }
}
