//! `skranke`: the use cases of Skranke without a window.
//!
//! Arguments in, an answer out: JSON with `--json`, Danish text without. No rule lives here.
//! Exit codes: 0 done, 1 refused by a rule, 2 wrong usage, 3 the surroundings (file, disk, network).
//!
//! Basis: design, section 9.

mod answer;
mod commands;
mod desk;
mod input;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use skranke_app::tools::{ToolError, ToolErrorKind};

use crate::answer::{Answer, Failure};

fn main() -> ExitCode {
    if let Some(drawn) = skranke_app::pages::asked(std::env::args_os().nth(1).as_deref()) {
        return drawn;
    }
    // Looked at beside clap, so that wrong usage is answered as JSON too.
    let as_json = std::env::args_os().any(|argument| argument == "--json");
    match answered() {
        Ok(answer) => finish(print(&answer, as_json), ExitCode::SUCCESS),
        Err(failure) => {
            let code = exit_code(failure.error.kind);
            finish(report(&failure, as_json), ExitCode::from(code))
        }
    }
}

fn answered() -> Result<Answer, Failure> {
    match commands::all().try_get_matches() {
        Ok(matches) => commands::run(&matches),
        Err(error) if usage::is_help(&error) => Ok(Answer::text(error.to_string())),
        Err(error) => Err(usage::failure(&error).into()),
    }
}

fn exit_code(kind: ToolErrorKind) -> u8 {
    match kind {
        ToolErrorKind::Refused => 1,
        ToolErrorKind::Usage => 2,
        ToolErrorKind::Environment => 3,
    }
}

fn print(answer: &Answer, as_json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match &answer.json {
        Some(json) if as_json => writeln!(out, "{json:#}")?,
        _ => writeln!(out, "{}", answer.text.trim_end())?,
    }
    out.flush()
}

fn report(failure: &Failure, as_json: bool) -> std::io::Result<()> {
    if as_json {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{:#}", failure.json())?;
        out.flush()
    } else {
        writeln!(std::io::stderr(), "{}", failure.text())
    }
}

/// What could not be written counts as a failure of the surroundings, except where the reader has seen enough.
fn finish(written: std::io::Result<()>, code: ExitCode) -> ExitCode {
    match written {
        Ok(()) => code,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => code,
        Err(_) => {
            let error = ToolError::environment("output_failed");
            // Standard error is all that is left; if that is gone too, the code still tells.
            let _ = writeln!(std::io::stderr(), "{}", error.text());
            ExitCode::from(exit_code(error.kind))
        }
    }
}
