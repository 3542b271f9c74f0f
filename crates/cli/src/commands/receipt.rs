//! `skranke receipt`: a paper of a case as a PDF file.

use std::io::Write;
use std::path::Path;

use clap::{ArgMatches, Command};
use serde_json::json;
use skranke_app::api::paper::PaperRequest;
use skranke_app::may_be_printed;
use skranke_app::tools::{ToolError, say};

use super::{case, text};
use crate::answer::{Answer, Failure};
use crate::{desk, usage};

/// The arguments.
pub(super) fn command() -> Command {
    desk::with_person(usage::command("receipt"))
        .arg(usage::argument("case", "case"))
        .arg(usage::option("receipt", "out").required(true))
        .arg(usage::option("receipt", "kind").default_value("exemption_receipt"))
        .arg(usage::flag("receipt", "large-print"))
        .arg(usage::option("case", "purpose"))
}

/// Writes the paper, and only then records that it left the house.
pub(super) fn run(matches: &ArgMatches) -> Result<Answer, Failure> {
    let app = desk::sign_in(matches)?;
    let case = case::reference(&app, matches)?;
    let request = PaperRequest {
        case_id: Some(case.id),
        draft_id: None,
        kind: text(matches, "kind").to_owned(),
        large_print: matches.get_flag("large-print"),
        enclosure: false,
    };
    let prepared = app.paper_prepare(&request).map_err(ToolError::from)?;
    may_be_printed(&prepared).map_err(ToolError::from)?;
    let out = text(matches, "out");
    write_new(Path::new(out), &prepared.pdf)?;
    app.paper_record(&prepared).map_err(ToolError::from)?;

    let view = json!({
        "file": out,
        "number": prepared.view.number,
        "pages": prepared.view.pages,
        "copy": prepared.view.copy,
    });
    let values = [("number", prepared.view.number.as_str()), ("file", out)];
    Answer::of(&view, &[say("cli.receipt.done", &values)])
}

/// A file that is there is not written over.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), ToolError> {
    let file = std::fs::File::create_new(path);
    let mut file = file.map_err(|_| ToolError::environment("file_not_new"))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|_| ToolError::environment("output_failed"))
}
