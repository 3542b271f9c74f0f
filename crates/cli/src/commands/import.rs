//! `skranke import`: a list of handed-in forms. First a dry run; `--save` makes the cases, all of them or none.

use clap::{ArgMatches, Command};
use skranke_app::tools::import::{ImportRemark, ImportView};
use skranke_app::tools::{ToolError, say};

use super::text;
use crate::answer::{Answer, Failure};
use crate::{desk, input, usage};

/// The arguments. `-` reads standard input.
pub(super) fn command() -> Command {
    desk::with_person(usage::command("import"))
        .arg(usage::argument("import", "list"))
        .arg(usage::flag("import", "save"))
}

/// The answer. A list with a problem is refused whole.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let list = input::text_of(text(matches, "list"))?;
    let app = desk::sign_in(matches)?;
    let view = app.import_handed_in(&list, matches.get_flag("save"))?;
    if view.problems.is_empty() {
        return Answer::of(&view, &lines(&view));
    }
    let problems: Vec<_> = view.problems.iter().map(line).collect();
    let error = ToolError::refused("import_refused")
        .with("count", problems.len().to_string())
        .with("problems", problems.join("\n"));
    Err(Failure::with_view(error, &view))
}

fn lines(view: &ImportView) -> Vec<String> {
    let rows = view.rows.to_string();
    let key = if view.saved { "saved" } else { "ready" };
    let mut lines = vec![say(&format!("cli.import.{key}"), &[("rows", &rows)])];
    for case in &view.cases {
        let (at, number) = (case.line.to_string(), case.number.iter());
        lines.extend(
            number.map(|number| say("cli.import.case", &[("line", &at), ("number", number)])),
        );
    }
    if !view.warnings.is_empty() {
        lines.push(say("cli.import.warnings", &[]));
        lines.extend(view.warnings.iter().map(line));
    }
    if !view.saved {
        lines.push(say("cli.import.then_save", &[]));
    }
    lines
}

fn line(remark: &ImportRemark) -> String {
    let at = remark.line.to_string();
    say("cli.import.line", &[("line", &at), ("text", &remark.text)])
}
