//! `skranke audit verify|export|central`: is the log as it was written, and its rows, or those of every computer as the
//! central store has them, for an auditor.

use clap::{ArgMatches, Command, value_parser};
use skranke_app::AppError;
use skranke_app::api::device_log::{LogEntry, LogRequest};
use skranke_app::api::error::ErrorCode;
use skranke_app::tools::{ToolError, say};

use crate::answer::{Answer, Failure};
use crate::{desk, usage};

/// The arguments. Verifying tells nothing about anybody and needs the key only; an export needs an auditor.
pub(super) fn command() -> Command {
    let after = usage::option("audit", "after")
        .default_value("0")
        .value_parser(value_parser!(i64));
    let verify =
        desk::with_store(usage::nested("audit", "verify")).arg(usage::option("audit", "noted"));
    let export = desk::with_person(usage::nested("audit", "export")).arg(after);
    let day = |name| usage::option("audit", name).required(true);
    let central = desk::with_person(usage::nested("audit", "central"))
        .arg(day("from"))
        .arg(day("to"))
        .arg(day("purpose"));
    usage::command("audit")
        .subcommand_required(true)
        .subcommands([verify, export, central])
}

/// The answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    match matches.subcommand() {
        Some(("verify", matches)) => verify(matches),
        Some(("export", matches)) => export(matches),
        Some(("central", matches)) => central(matches),
        _ => Err(ToolError::usage("command_missing").into()),
    }
}

/// Walks along the log. A row that does not fit is the surroundings' fault, as a damaged file is.
fn verify(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::open(matches, false)?;
    let noted = matches.get_one::<String>("noted");
    let view = app.audit_verify(noted.map(String::as_str))?;
    if let Some(number) = view.first_bad {
        let how = desk::word("cli.audit.problem", view.problem.unwrap_or_default());
        let error = ToolError::environment("audit_broken")
            .with("number", number.to_string())
            .with("how", how);
        return Err(Failure::with_view(error, &view));
    }
    let rows = view.rows.to_string();
    let mut lines = vec![say("cli.audit.whole", &[("rows", &rows)])];
    if view.unlinked > 0 {
        let unlinked = view.unlinked.to_string();
        lines.push(say("cli.audit.unlinked", &[("rows", &unlinked)]));
    }
    let head = view.head.iter();
    lines.extend(head.map(|head| say("cli.audit.head", &[("head", head)])));
    Answer::of(&view, &lines)
}

/// Rows of the log.
fn export(matches: &ArgMatches) -> Result<Answer, Failure> {
    let after = matches.get_one("after").copied().unwrap_or_default();
    let rows = desk::sign_in(matches)?
        .audit_export(after)
        .map_err(ToolError::from)?;
    let lines = rows.iter().map(|row| {
        let beside = row
            .case
            .as_ref()
            .or(row.subject.as_ref())
            .map_or("", String::as_str);
        format!(
            "{}  {}  {}  {}  {beside}",
            row.number, row.at, row.staff, row.action
        )
    });
    let lines: Vec<_> = lines.collect();
    Answer::of(&rows, &lines)
}

/// Rows of every computer's log, the newest first.
fn central(matches: &ArgMatches) -> Result<Answer, Failure> {
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let mut request = LogRequest {
        purpose: text("purpose"),
        computer: None,
        from_on: text("from"),
        to_on: text("to"),
        next: None,
    };
    let app = desk::sign_in(matches)?;
    let mut rows: Vec<LogEntry> = Vec::new();
    loop {
        let page = app.log_read(request.clone());
        let page = page.map_err(|error| refused(error, matches))?;
        rows.extend(page.rows);
        request.next = page.next;
        if request.next.is_none() {
            break;
        }
    }
    let line = |row: &LogEntry| {
        let LogEntry {
            at, computer, by, ..
        } = row;
        format!(
            "{at}  {computer}  {by}  {}  {}  {}",
            row.action, row.purpose, row.case_number
        )
    };
    let lines: Vec<_> = rows.iter().map(line).collect();
    Answer::of(&rows, &lines)
}

/// Why nothing is shown. A field that cannot be meant is an option that was given wrongly.
fn refused(error: AppError, matches: &ArgMatches) -> ToolError {
    if error.code != ErrorCode::InvalidFields {
        return error.into();
    }
    let option = match error.params.get("field").map(String::as_str) {
        Some("from_on") => "from",
        Some("to_on") => "to",
        _ => "purpose",
    };
    let value = matches.get_one::<String>(option);
    usage::value_invalid(option, value.map_or("", String::as_str))
}
