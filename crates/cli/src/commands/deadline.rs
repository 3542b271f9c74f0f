//! `skranke deadline`: when something is due.

use clap::{ArgAction, ArgMatches, Command};
use skranke_app::tools::deadline::{DeadlineQuestion, deadline_view};
use skranke_app::tools::say;

use super::text;
use crate::answer::{Answer, Failure};
use crate::usage;

/// The arguments.
pub(super) fn command() -> Command {
    usage::command("deadline")
        .arg(usage::option("deadline", "from").required(true))
        .arg(usage::option("deadline", "rule").required(true))
        .arg(usage::option("calendar", "profile").default_value("kl"))
        .arg(usage::option("deadline", "pause").action(ArgAction::Append))
        .arg(usage::option("deadline", "at"))
}

/// The answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let pauses = matches.get_many::<String>("pause").into_iter().flatten();
    let view = deadline_view(&DeadlineQuestion {
        from: text(matches, "from"),
        rule: text(matches, "rule"),
        profile: text(matches, "profile"),
        pauses: pauses.map(String::as_str).collect(),
        at: matches.get_one::<String>("at").map(String::as_str),
    })?;

    let mut lines = Vec::new();
    let mut add = |key: &str, name: &str, value: Option<&str>| {
        lines.extend(value.map(|value| say(key, &[(name, value)])));
    };
    let state = view
        .state
        .map(|state| say(&format!("cli.deadline.state.{state}"), &[]));
    add("cli.deadline.due", "due", view.due.as_deref());
    add("cli.deadline.paused", "since", view.paused_since.as_deref());
    add(
        "cli.deadline.next_working_day",
        "date",
        view.next_working_day.as_deref(),
    );
    add("cli.deadline.act_by", "at", view.act_by.as_deref());
    add("cli.deadline.alarm_at", "at", view.alarm_at.as_deref());
    add("cli.deadline.state.label", "state", state.as_deref());
    lines.extend(view.warnings.iter().map(|warning| warning.text.clone()));
    if view.rule.ends_with("hverdage") {
        lines.push(say("cli.deadline.own_choice", &[]));
    }
    Answer::of(&view, &lines)
}
