//! `skranke calendar`: closed and half days of a year.

use clap::{ArgMatches, Command, value_parser};
use skranke_app::tools::calendar::{NamedDay, calendar_view};
use skranke_app::tools::say;

use super::text;
use crate::answer::{Answer, Failure};
use crate::usage;

/// The arguments.
pub(super) fn command() -> Command {
    usage::command("calendar")
        .arg(
            usage::option("calendar", "year")
                .required(true)
                .value_parser(value_parser!(i32)),
        )
        .arg(usage::option("calendar", "profile").default_value("kl"))
}

/// The answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let year = matches.get_one("year").copied().unwrap_or_default();
    let view = calendar_view(year, text(matches, "profile"))?;

    let year = view.year.to_string();
    let mut lines = vec![say(
        "cli.calendar.title",
        &[("year", &year), ("profile", &view.profile)],
    )];
    let half = view.half.iter().map(|day| {
        let from = say("cli.calendar.half_from", &[("from", &day.from)]);
        format!("  {}  {} {from}", day.date, day.name)
    });
    section(
        &mut lines,
        "cli.calendar.closed",
        view.closed.iter().map(line),
    );
    section(&mut lines, "cli.calendar.half", half);
    section(
        &mut lines,
        "cli.calendar.on_weekends",
        view.on_weekends.iter().map(line),
    );
    lines.push(String::new());
    lines.push(say("cli.deadline.own_choice", &[]));
    Answer::of(&view, &lines)
}

fn line(day: &NamedDay) -> String {
    format!("  {}  {}", day.date, day.name)
}

fn section(lines: &mut Vec<String>, title: &str, days: impl Iterator<Item = String>) {
    lines.push(String::new());
    lines.push(say(title, &[]));
    let before = lines.len();
    lines.extend(days);
    if lines.len() == before {
        lines.push(format!("  {}", say("cli.none", &[])));
    }
}
