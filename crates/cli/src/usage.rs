//! Help and wrong usage in Danish, in place of clap's English.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, ArgAction, Command};
use skranke_app::tools::{ToolError, say};

/// A number with this many digits could be part of a CPR number and is not repeated.
const DIGITS_NOT_REPEATED: usize = 4;

/// A command whose help is Danish; its texts stand under `cli.<name>`.
pub(crate) fn command(name: &'static str) -> Command {
    dressed(Command::new(name), &format!("cli.{name}"))
}

/// A command inside another; its texts stand under `cli.<outer>.<name>`.
pub(crate) fn nested(outer: &str, name: &'static str) -> Command {
    dressed(Command::new(name), &format!("cli.{outer}.{name}"))
}

/// Puts Danish headings, usage and help flag on a command.
pub(crate) fn dressed(command: Command, key: &str) -> Command {
    let label = say("cli.usage_label", &[]);
    command
        .about(say(&format!("{key}.about"), &[]))
        .override_usage(say(&format!("{key}.usage"), &[]))
        .help_template(format!("{{about}}\n\n{label}: {{usage}}\n\n{{all-args}}"))
        .subcommand_help_heading(say("cli.commands", &[]))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(say("cli.help", &[]))
                .help_heading(say("cli.options", &[])),
        )
}

/// An option `--name VALUE`; its help stands under the command's key.
pub(crate) fn option(command: &str, name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .hide_default_value(true)
        .help(say(&format!("cli.{command}.{name}"), &[]))
        .help_heading(say("cli.options", &[]))
}

/// A flag `--name`; its help stands under the command's key.
pub(crate) fn flag(command: &str, name: &'static str) -> Arg {
    option(command, name)
        .hide_default_value(false)
        .action(ArgAction::SetTrue)
}

/// A positional argument; its help stands under the command's key.
pub(crate) fn argument(command: &str, name: &'static str) -> Arg {
    Arg::new(name)
        .required(true)
        .help(say(&format!("cli.{command}.{name}"), &[]))
        .help_heading(say("cli.arguments", &[]))
}

/// Whether clap's "error" is the help or the version that was asked for.
pub(crate) fn is_help(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    )
}

/// Clap's error in our words. What could be a CPR number is not repeated.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "clap's list of errors is open"
)]
pub(crate) fn failure(error: &Error) -> ToolError {
    let given = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => harmless(text),
        Some(ContextValue::Strings(texts)) => harmless(&texts.join(", ")),
        _ => String::new(),
    };
    let argument = given(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            ToolError::usage("command_unknown").with("given", given(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ToolError::usage("command_missing")
        }
        ErrorKind::UnknownArgument => ToolError::usage("argument_unknown").with("given", argument),
        ErrorKind::MissingRequiredArgument => {
            ToolError::usage("argument_missing").with("missing", argument)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            match given(ContextKind::InvalidValue) {
                value if value.is_empty() => {
                    ToolError::usage("value_missing").with("given", argument)
                }
                value => ToolError::usage("value_invalid")
                    .with("value", value)
                    .with("given", argument),
            }
        }
        _ => ToolError::usage("usage_wrong"),
    }
}

/// A value that none of those an option takes is like.
pub(crate) fn value_invalid(option: &str, value: &str) -> ToolError {
    ToolError::usage("value_invalid")
        .with("value", harmless(value))
        .with("given", format!("--{option}"))
}

fn harmless(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits < DIGITS_NOT_REPEATED {
        return text.to_owned();
    }
    text.chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '•'
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_cpr_number_is_not_repeated() {
        assert_eq!(harmless("9996"), "••••");
        assert_eq!(harmless("251216-9996"), "••••••-••••");
        assert_eq!(harmless("--år 12"), "--år 12");
    }
}
