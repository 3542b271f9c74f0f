//! `skranke cpr`: what the digits of a number say. The number is never printed.

use clap::{ArgAction, ArgMatches, Command};
use skranke_app::tools::cpr::{CprView, cpr_view};
use skranke_app::tools::say;

use crate::answer::{Answer, Failure};
use crate::{input, usage};

/// The arguments. The number may be written with spaces; `-` reads it from standard input.
pub(super) fn command() -> Command {
    let number = usage::argument("cpr", "number")
        .num_args(1..)
        .action(ArgAction::Append);
    usage::command("cpr").arg(number)
}

/// The answer; a refused number still answers with empty fields.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let parts: Vec<_> = matches
        .get_many::<String>("number")
        .into_iter()
        .flatten()
        .collect();
    let number = match parts.as_slice() {
        [part] if *part == "-" => input::text_of("-")?,
        parts => parts.iter().map(|part| part.as_str()).collect(),
    };
    let view = cpr_view(&number).map_err(|error| Failure::with_view(error, &CprView::default()))?;

    let mut lines: Vec<_> = view.masked.iter().cloned().collect();
    let word = |code: &str| say(&format!("cli.cpr.{code}"), &[]);
    let sex = view.sex.map(word);
    let kind = view.kind.map(word);
    for (key, name, value) in [
        ("cli.cpr.kind", "kind", kind),
        ("cli.cpr.birth_date", "date", view.birth_date.clone()),
        ("cli.cpr.sex", "sex", sex),
    ] {
        lines.extend(value.map(|value| say(key, &[(name, &value)])));
    }
    lines.extend(view.remarks.iter().map(|remark| remark.text.clone()));
    lines.push(say("cli.cpr.no_proof", &[]));
    Answer::of(&view, &lines)
}
