//! `skranke case list|show|export`: the cases on this computer, for one who is signed in.

use clap::{ArgMatches, Command};
use skranke_app::App;
use skranke_app::api::case::{CaseListRequest, CaseRef, CaseRowView, CaseView};
use skranke_app::tools::{ToolError, say};

use super::text;
use crate::answer::{Answer, Failure};
use crate::desk::{self, word};
use crate::usage;

/// The arguments.
pub(super) fn command() -> Command {
    let one = |name: &'static str| {
        desk::with_person(usage::nested("case", name))
            .arg(usage::argument("case", "case"))
            .arg(usage::option("case", "purpose"))
    };
    let list = desk::with_person(usage::nested("case", "list"))
        .arg(usage::option("case", "filter").default_value("open"))
        .arg(usage::option("case", "query"))
        .arg(usage::option("case", "after"))
        .arg(usage::option("case", "purpose"));
    usage::command("case")
        .subcommand_required(true)
        .subcommands([list, one("show"), one("export")])
}

/// The answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    match matches.subcommand() {
        Some(("list", matches)) => list(matches),
        Some(("show", matches)) => {
            let app = desk::sign_in(matches)?;
            let view = app
                .case_show(reference(&app, matches)?)
                .map_err(ToolError::from)?;
            Answer::of(&view, &lines_of(&view))
        }
        Some(("export", matches)) => {
            let app = desk::sign_in(matches)?;
            let view = app
                .case_export(reference(&app, matches)?)
                .map_err(ToolError::from)?;
            let json = serde_json::to_string_pretty(&view);
            let json = json.map_err(|_| ToolError::environment("output_failed"))?;
            Answer::of(&view, &[json])
        }
        _ => Err(ToolError::usage("command_missing").into()),
    }
}

fn list(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::sign_in(matches)?;
    let page = app.case_list(CaseListRequest {
        query: text(matches, "query").to_owned(),
        filter: text(matches, "filter").to_owned(),
        after: matches.get_one::<String>("after").cloned(),
        purpose: purpose(matches),
    });
    let page = page.map_err(ToolError::from)?;
    let mut lines: Vec<_> = page.rows.iter().map(row).collect();
    if lines.is_empty() {
        lines.push(say("cli.case.empty", &[]));
    }
    lines.extend(
        page.next
            .iter()
            .map(|next| say("cli.case.more", &[("next", next)])),
    );
    Answer::of(&page, &lines)
}

/// The case by its id, or by its number.
pub(super) fn reference(app: &App, matches: &ArgMatches) -> Result<CaseRef, ToolError> {
    let given = text(matches, "case");
    let number = CaseListRequest {
        query: given.to_owned(),
        filter: String::new(),
        after: None,
        purpose: purpose(matches),
    };
    let is_number = given.split('-').count() == 3;
    let id = if is_number {
        let page = app.case_list(number)?;
        let found = page.rows.into_iter().find(|row| row.number == given);
        found.ok_or_else(|| ToolError::refused("case_unknown"))?.id
    } else {
        given.to_owned()
    };
    Ok(CaseRef {
        id,
        purpose: purpose(matches),
    })
}

fn purpose(matches: &ArgMatches) -> Option<String> {
    matches.get_one::<String>("purpose").cloned()
}

fn row(row: &CaseRowView) -> String {
    let state = word("state", &row.state);
    format!(
        "{}  {}  {}  {state}",
        row.number, row.cpr_masked, row.received_on
    )
}

fn lines_of(view: &CaseView) -> Vec<String> {
    let mut lines = vec![row(&view.row)];
    lines.extend(
        view.facts
            .iter()
            .map(|fact| format!("  {}: {}", fact.label, fact.value)),
    );
    lines.push(say("cli.case.timeline", &[]));
    let entries = view.timeline.iter();
    lines.extend(entries.map(|entry| {
        let kind = word("event", &entry.kind);
        format!(
            "  {}  {}  {kind}  {}",
            entry.at, entry.initials, entry.detail
        )
        .trim_end()
        .to_owned()
    }));
    lines
}
